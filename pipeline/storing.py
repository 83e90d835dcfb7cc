"""What the engine made becomes rows: clips of a new footage, or new files under the clips that are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import transaction

from marketplace import taxonomy
from marketplace.models import Clip, Footage, Tag
from marketplace.models.event import record
from marketplace.states import ClipState, FootageState, advance
from pipeline import covering, duplicates, jobs
from pipeline.artefacts import keep
from pipeline.clip_facts import clip_facts, clip_tags
from pipeline.models import Job, JobKind, ManualBox
from pipeline.telling import Telling
from pipeline.video.errors import BadInput
from pipeline.video.fingerprint import Print

FILES = {
    "redacted_key": "redacted.mp4",
    "preview_key": "preview.mp4",
    "poster_key": "poster.jpg",
    "report_key": "report.json",
    "cache_key": "detections.npz",
}
CUT_ANEW = "The footage was cut in another way when it was covered again; this clip is replaced."
AWAY = 1_000_000  # positions of clips that are replaced: behind every real one


def store(
    job: Job,
    report: dict[str, Any],
    out: Path,
    *,
    tell: Telling,
    options: covering.Options,
    boxes: list[ManualBox],
) -> None:
    """Put every output under its hash, then write the rows and close the job in one transaction."""
    footage = job.footage
    if footage is None:
        raise ValueError("a job that stores has a footage")
    prints = duplicates.read(out / clip["file"] for clip in report["clips"])
    if job.kind == JobKind.PROCESS and (sentence := duplicates.stopped(footage=footage, prints=prints)):
        raise BadInput(sentence)
    keys = _keep_all(footage, report, out, tell)
    with transaction.atomic():
        # The job's row first, then clips, then the footage: the order of everyone who locks them.
        jobs.renew(job, step="store", progress=1, left_s=0, timing={**report["timing"], **tell.seconds})
        if job.kind == JobKind.PROCESS:
            duplicates.alone()
            if sentence := duplicates.stopped(footage=footage, prints=prints):
                raise BadInput(sentence)
        if job.kind == JobKind.COVER:
            _replace(footage, report, keys, tags=bool(job.ask.get("tags")))
        else:
            for position, clip in enumerate(report["clips"]):
                _write_clip(footage, position, clip, report, keys, ClipState.REVIEW)
        _keep_prints(footage, report, prints)
        fields = {name: keys[file] for name, file in FILES.items()} | {
            "facts": report["source"],
            "certificate": report["certificate"],
            "duration_ms": round(report["output"]["duration_s"] * 1000),
            **covering.applied(job, options, boxes),
        }
        jobs.finish(job)
        if job.kind == JobKind.COVER:
            Footage.objects.filter(pk=footage.pk).update(**fields)
            record("footage.covered_again", subject=footage, data={"job": job.pk, "boxes": len(boxes)})
        else:
            advance(footage, FootageState.REVIEW, data={"clips": len(report["clips"])}, **fields)


def _keep_all(footage: Footage, report: dict[str, Any], out: Path, tell: Telling) -> dict[str, str]:
    for clip in report["clips"]:
        path = out / f"{clip['id']}.json"
        path.write_text(json.dumps(clip_facts(report, clip), separators=(",", ":")), encoding="utf-8")
    names = list(FILES.values())
    names += [clip[part] for clip in report["clips"] for part in ("file", "preview", "poster")]
    names += [f"{clip['id']}.json" for clip in report["clips"]]
    keys = {}
    for index, name in enumerate(names):
        tell("store", index / len(names))
        keys[name] = keep(footage=footage, path=out / name).key
    return keys


def _files_of(clip: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    return {
        "media_key": keys[clip["file"]],
        "media_sha256": clip["sha256"],
        "media_bytes": clip["bytes"],
        "preview_key": keys[clip["preview"]],
        "poster_key": keys[clip["poster"]],
        "poses_key": keys[f"{clip['id']}.json"],
    }


def _span(clip: dict[str, Any]) -> tuple[int, int]:
    return round(clip["start_s"] * 1000), round(clip["end_s"] * 1000)


def _keep_prints(footage: Footage, report: dict[str, Any], prints: list[list[Print]]) -> None:
    rows = {(clip.start_ms, clip.end_ms): clip for clip in footage.clips.filter(position__lt=AWAY)}
    for clip, made in zip(report["clips"], prints, strict=True):
        if row := rows.get(_span(clip)):
            duplicates.keep(row, made)


def _replace(footage: Footage, report: dict[str, Any], keys: dict[str, str], *, tags: bool) -> None:
    """Give each clip its new files; one that a moderator had decided waits again when its picture changed.

    `tags`: give it the engine's new tags too, because what they rest on has changed; those of people stay.
    """
    there = {
        (clip.start_ms, clip.end_ms): clip
        for clip in footage.clips.select_for_update(no_key=True).order_by("pk")
        if clip.position < AWAY
    }
    fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
    spans = {_span(clip) for clip in report["clips"]}
    for span, old in there.items():
        if span not in spans:
            Clip.objects.filter(pk=old.pk).update(position=AWAY + old.position)
            if old.state != ClipState.WITHDRAWN:
                advance(old, ClipState.WITHDRAWN, reason=CUT_ANEW)
    begin = ClipState.REVIEW if fresh.state == FootageState.REVIEW else ClipState.IN_MODERATION
    for position, clip in enumerate(report["clips"]):
        same = there.get(_span(clip))
        if same is None:
            _write_clip(footage, position, clip, report, keys, begin)
            continue
        changed = same.media_sha256 != clip["sha256"]
        if same.state == ClipState.WITHDRAWN:
            continue
        Clip.objects.filter(pk=same.pk).update(**_files_of(clip, keys))
        if tags:
            _write_tags(same, report, clip)
        if changed and same.state in (ClipState.APPROVED, ClipState.REJECTED):
            advance(same, ClipState.IN_MODERATION, reason="", data={"why": "covered again"})


def _write_clip(
    footage: Footage,
    position: int,
    clip: dict[str, Any],
    report: dict[str, Any],
    keys: dict[str, str],
    state: ClipState,
) -> None:
    start_ms, end_ms = _span(clip)
    row = Clip.objects.create(
        footage=footage,
        position=position,
        state=state,
        start_ms=start_ms,
        end_ms=end_ms,
        frames=clip["frames"],
        fps=report["output"]["fps"],
        width=report["output"]["width"],
        height=report["output"]["height"],
        quality=round(clip["quality"], 3),
        quality_parts=clip.get("quality_parts", {}),
        **_files_of(clip, keys),
    )
    _write_tags(row, report, clip)


def _write_tags(row: Clip, report: dict[str, Any], clip: dict[str, Any]) -> None:
    tags = [tag for tag in clip_tags(report, clip) if tag["id"] in taxonomy.known_tags()]
    row.tags.exclude(source__startswith="human:").delete()
    Tag.objects.bulk_create(
        Tag(
            clip=row,
            tag_id=tag["id"],
            taxonomy_version=taxonomy.version(),
            start_ms=round(tag["start_s"] * 1000),
            end_ms=round(tag["end_s"] * 1000),
            event_ms=None if tag["event_s"] is None else round(tag["event_s"] * 1000),
            count=tag.get("count"),
            source=tag["source"],
            confidence=tag["confidence"],
        )
        for tag in tags
    )
    Clip.objects.filter(pk=row.pk).update(tag_ids=sorted(set(row.tags.values_list("tag_id", flat=True))))
