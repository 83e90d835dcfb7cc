"""The files of a package version: media, keypoints, one JSON a clip, card, licence, manifest, checksums."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from marketplace import storage, taxonomy
from marketplace.models import Clip, PackageObject, PackageVersion
from pipeline.formats import card, clip_json, coco, manifest


def write(*, version: PackageVersion, scratch: Path, told: Callable[[float], None]) -> list[PackageObject]:
    """Put every file into the packages bucket and give the unsaved rows.

    Media are content-addressed (``objects/<sha256>.mp4``), so versions share them; the rest lies under the version's
    prefix. Each file is checked by its SHA-256 on the way. ``told`` hears the progress, 0 to 1.
    """
    clips = [member.clip for member in version.members.select_related("clip__footage").order_by("position")]
    rows: list[PackageObject] = []
    facts: list[tuple[str, dict[str, Any]]] = []
    for position, clip in enumerate(clips):
        told(position / (len(clips) + 1))
        name = f"media/clip_{position:06d}.mp4"
        rows.append(_media(version, clip, name, scratch / "media.mp4"))
        known = json.loads(storage.get_bytes(bucket=settings.S3_BUCKET_DERIVED, key=clip.poses_key))
        known["certificate"] = clip.footage.certificate
        facts.append((name, known))
        body = clip_json.document(
            clip_id=str(clip.pk), media=name, sha256=clip.media_sha256, facts=known, scene=_scene(clip)
        )
        rows.append(
            _put(version, f"annotations/clips/clip_{position:06d}.json", body, "application/json", clip)
        )
    title = f"{version.package.title} v{version.number}"
    keypoints = coco.document(facts, description=title, version=str(version.number))
    rows.append(
        _put(version, "annotations/coco_keypoints.json", json.dumps(keypoints).encode(), "application/json")
    )
    licence = version.package.licence
    rows.append(_put(version, "LICENSE.txt", licence.text.encode(), "text/plain; charset=utf-8"))
    rows.append(
        _put(
            version,
            "README.md",
            card.document(describe(version, clips, facts)),
            "text/markdown; charset=utf-8",
        )
    )
    rows.append(_put(version, "manifest.jsonl", manifest.jsonl(map(_entry, rows)), "application/jsonl"))
    rows.append(
        _put(version, "SHA256SUMS", manifest.sha256sums(map(_entry, rows)), "text/plain; charset=utf-8")
    )
    return rows


def _media(version: PackageVersion, clip: Clip, name: str, path: Path) -> PackageObject:
    """Bring one clip's redacted media over, checking the bytes against the row."""
    bucket = settings.S3_BUCKET_PACKAGES
    key = f"objects/{clip.media_sha256}.mp4"
    found = storage.head(bucket=bucket, key=key)
    if found is None or found.bytes != clip.media_bytes:
        storage.get_file(
            bucket=settings.S3_BUCKET_DERIVED, key=clip.media_key, path=path, sha256=clip.media_sha256
        )
        storage.put_file(bucket=bucket, key=key, path=path, media_type="video/mp4")
        path.unlink()
    return PackageObject(
        version=version,
        clip=clip,
        path=name,
        key=key,
        sha256=clip.media_sha256,
        bytes=clip.media_bytes,
        media_type="video/mp4",
    )


def _put(
    version: PackageVersion, path: str, body: bytes, media_type: str, clip: Clip | None = None
) -> PackageObject:
    stored = storage.put_bytes(
        bucket=settings.S3_BUCKET_PACKAGES, key=f"{version.prefix}/{path}", data=body, media_type=media_type
    )
    return PackageObject(
        version=version,
        clip=clip,
        path=path,
        key=stored.key,
        sha256=stored.sha256,
        bytes=stored.bytes,
        media_type=media_type,
    )


def _entry(row: PackageObject) -> manifest.Entry:
    return manifest.Entry(
        path=row.path,
        bytes=row.bytes,
        sha256=row.sha256,
        media_type=row.media_type,
        clip_id=str(row.clip_id or ""),
    )


def _scene(clip: Clip) -> dict[str, Any]:
    """Say what the contributor told us, coarse enough to point at nobody's home."""
    footage = clip.footage
    return {
        "vertical": footage.vertical,
        "discipline": footage.discipline,
        "country": footage.country,
        "place": footage.place,
        "month": footage.recorded_on.strftime("%Y-%m") if footage.recorded_on else None,
    }


def describe(
    version: PackageVersion, clips: list[Clip], facts: list[tuple[str, dict[str, Any]]]
) -> dict[str, Any]:
    """Collect the figures of the dataset card."""
    package = version.package
    footage = {clip.footage_id: clip.footage for clip in clips}
    certificates = [item.certificate for item in footage.values()]
    models = {(m["name"], m["role"], m["sha256"]) for _, known in facts for m in known["models"]}
    seconds = sum(clip.duration_ms for clip in clips) / 1000
    return {
        "title": package.title,
        "version": version.number,
        "summary": package.summary,
        "vertical": package.vertical,
        "licence_title": package.licence.title,
        "licence_version": package.licence.version,
        "licence_sha256": package.licence.sha256,
        "clips": len(clips),
        "hours": seconds / 3600,
        "contributors": len({item.owner_id for item in footage.values()}),
        "countries": sorted({item.country for item in footage.values()}),
        "taxonomy_version": taxonomy.version(),
        "coverage": coverage(clips),
        "models": sorted(models),
        "redaction": {
            "tracks": sum(len(known["masked"]) for _, known in facts),
            "masked_share": _mean([c.get("masked_share", 0.0) for c in certificates]),
            "doubtful": sum(len(c.get("doubtful", [])) for c in certificates),
        },
    }


def coverage(clips: list[Clip]) -> list[tuple[str, list[tuple[str, int, float]]]]:
    """Count, for each axis and value, the clips that carry it and their seconds."""
    found: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        for tag in clip.tag_ids:
            found[tag].append(clip)
    table = []
    for axis in taxonomy.axes():
        values = [
            (taxonomy.label(tag), len(found[tag]), sum(c.duration_ms for c in found[tag]) / 1000)
            for tag in axis.tag_ids()
            if tag in found
        ]
        if values:
            table.append((axis.title, values))
    return table


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
