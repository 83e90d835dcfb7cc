"""What is in a package, in figures: clips and seconds by tag, and what redaction did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from marketplace import taxonomy
from marketplace.models import Clip

COVERED = {"face": "Faces", "plate": "Number plates", "jersey": "Jersey numbers", "screen": "Screens"}


@dataclass(frozen=True)
class Bar:
    """One value of an axis: how many clips carry it, for how long, and its share of all seconds in per cent."""

    title: str
    clips: int
    milliseconds: int
    percent: int


@dataclass(frozen=True)
class Model:
    """One model that redaction or tagging used."""

    name: str
    role: str
    sha256: str


@dataclass(frozen=True)
class Redaction:
    """What the certificates of the recordings say together."""

    recordings: int
    tracks: list[tuple[str, int]]
    masked_share: float | None
    doubtful: int
    method: str
    models: list[Model]


def by_axis(clips: Collection[Clip]) -> list[tuple[str, list[Bar]]]:
    """Count clips and time of every tag, grouped by axis; values that do not occur are left out."""
    whole = sum(clip.duration_ms for clip in clips) or 1
    having: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        for tag in clip.tag_ids:
            having[tag].append(clip)
    table = []
    for axis in taxonomy.axes():
        bars = []
        for tag in axis.tag_ids():
            if tag in having:
                length = sum(clip.duration_ms for clip in having[tag])
                bars.append(Bar(taxonomy.label(tag), len(having[tag]), length, round(100 * length / whole)))
        if bars:
            table.append((axis.title, bars))
    return table


def redaction(certificates: Iterable[dict[str, Any]]) -> Redaction:
    """Add up the redaction certificates of recordings; the covered share is weighted by their frames."""
    known = [certificate for certificate in certificates if certificate]
    tracks: dict[str, int] = defaultdict(int)
    for certificate in known:
        for kind, figures in certificate.get("tracks", {}).items():
            tracks[COVERED.get(kind, kind.capitalize())] += int(figures.get("found", 0))
    shares = [(c["masked_share"], c.get("frames") or 1) for c in known if "masked_share" in c]
    frames = sum(weight for _, weight in shares)
    models = {(m["name"], m["role"], m["sha256"]) for c in known for m in c.get("models", [])}
    return Redaction(
        recordings=len(known),
        tracks=sorted(tracks.items(), key=lambda pair: -pair[1]),
        masked_share=sum(share * weight for share, weight in shares) / frames if frames else None,
        doubtful=sum(len(certificate.get("doubtful", [])) for certificate in known),
        method=next((certificate["method"] for certificate in known if certificate.get("method")), ""),
        models=[Model(*model) for model in sorted(models)],
    )
