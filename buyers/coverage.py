"""What is in a package, in figures: clips and seconds by tag, and what redaction did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from marketplace import taxonomy
from marketplace.models import Clip, Package, PackageClip
from marketplace.states import ClipState


@dataclass(frozen=True)
class Bar:
    """One value of an axis: how many clips carry it, for how long, and its share of all seconds in per cent."""

    title: str
    clips: int
    milliseconds: int
    percent: int


def by_axis(clips: Iterable[Clip]) -> list[tuple[str, list[Bar]]]:
    """Count clips and time of every tag, grouped by axis; values that do not occur are left out."""
    chosen = list(clips)
    whole = sum(clip.duration_ms for clip in chosen) or 1
    found: dict[str, list[Clip]] = defaultdict(list)
    for clip in chosen:
        for tag in clip.tag_ids:
            found[tag].append(clip)
    table = []
    for axis in taxonomy.axes():
        bars = []
        for tag in axis.tag_ids():
            if tag in found:
                length = sum(clip.duration_ms for clip in found[tag])
                bars.append(Bar(taxonomy.label(tag), len(found[tag]), length, round(100 * length / whole)))
        if bars:
            table.append((axis.title, bars))
    return table


def redaction(clips: Iterable[Clip]) -> dict[str, Any]:
    """Add up the certificates of the footage that the clips were cut from."""
    certificates = {clip.footage_id: clip.footage.certificate for clip in clips}.values()
    known = [certificate for certificate in certificates if certificate]
    shares = [certificate.get("masked_share", 0) for certificate in known]
    tracks: dict[str, int] = defaultdict(int)
    for certificate in known:
        for kind, figures in certificate.get("tracks", {}).items():
            tracks[kind] += figures.get("found", 0) if isinstance(figures, dict) else 0
    models = {(m["name"], m["role"], m["sha256"]) for c in known for m in c.get("models", [])}
    return {
        "footage": len(known),
        "tracks": sorted(tracks.items()),
        "masked_share": sum(shares) / len(shares) if shares else None,
        "doubtful": sum(len(certificate.get("doubtful", [])) for certificate in known),
        "method": next((certificate.get("method", "") for certificate in known), ""),
        "models": sorted(models),
    }


def first_clips(packages: Iterable[Package]) -> dict[Any, Clip]:
    """Find the clip that stands for each package on its card: package id → the first that may still be seen."""
    versions = {package.current_id: package.pk for package in packages}
    members = (
        PackageClip.objects.filter(version__in=versions, clip__state=ClipState.APPROVED)
        .select_related("clip")
        .order_by("version_id", "position")
        .distinct("version_id")
    )
    return {versions[member.version_id]: member.clip for member in members}
