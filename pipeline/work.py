"""One footage through the engine: fetch, check, process, store under SHA-256, write the rows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from marketplace import storage, taxonomy
from marketplace.models import Clip, Footage, Tag
from marketplace.states import FootageState, advance
from pipeline import jobs
from pipeline.artefacts import keep
from pipeline.models import Artefact, Job
from pipeline.private import request_of
from pipeline.telemetry.clip import of_clip
from pipeline.video import process as engine
from pipeline.video.errors import BadInput

CHANGED = (
    "The file that arrived is not the file your browser read: its checksum differs. Nothing of it was used. "
    "Please upload it again."
)


def process(job: Job) -> None:
    """Do the whole job; raises BadInput, Cancelled or jobs.LeaseLost, and leaves no scratch file."""
    footage = job.footage
    if footage is None:
        raise ValueError("a process job has a footage")
    if footage.state == FootageState.QUEUED:
        advance(footage, FootageState.PROCESSING)
    scratch = settings.FAIRFRAME_WORK / str(job.pk)
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed attempt left
    scratch.mkdir(parents=True)
    try:
        source = scratch / "in.bin"
        _fetch(job, footage, source)
        report = _run(job, footage, source, scratch / "out")
        source.unlink()
        _store(job, footage, report, scratch / "out")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def refuse(job: Job, *, reason: str) -> None:
    """Close the job and the footage with a sentence for the contributor."""
    with transaction.atomic():
        jobs.refuse(job, reason=reason)
        footage = Footage.objects.get(jobs=job)
        if footage.state in (FootageState.QUEUED, FootageState.PROCESSING):
            advance(footage, FootageState.REFUSED, reason=reason)


def _fetch(job: Job, footage: Footage, path: Path) -> None:
    jobs.renew(job, step="fetch", progress=0)
    try:
        stored = storage.get_file(
            bucket=settings.S3_BUCKET_ORIGINALS,
            key=footage.original_key,
            path=path,
            sha256=footage.sha256,
            on_chunk=lambda done: jobs.renew(job, step="fetch", progress=done / footage.size_bytes),
        )
    except storage.ChecksumMismatch as error:
        raise BadInput(CHANGED) from error
    # An original stays under its footage's id, not under its hash: when two people upload the same file, deleting
    # one person's must not touch the other's.
    Artefact.objects.get_or_create(
        bucket=stored.bucket,
        key=stored.key,
        defaults={
            "sha256": stored.sha256,
            "bytes": stored.bytes,
            "media_type": footage.content_type,
            "kind": "original",
            "footage": footage,
        },
    )


def _run(job: Job, footage: Footage, source: Path, out: Path) -> dict[str, Any]:
    def told(step: str, progress: float, _left_s: float | None) -> None:
        jobs.renew(job, step=step, progress=progress)

    return engine.process(
        source,
        out,
        vertical=footage.vertical,
        discipline=footage.discipline or None,
        motion=request_of(footage, folder=source.parent),
        on_progress=told,
        cancelled=lambda: Footage.objects.filter(pk=footage.pk, state=FootageState.WITHDRAWN).exists(),
    )


def _store(job: Job, footage: Footage, report: dict[str, Any], out: Path) -> None:
    """Put every output under its hash, then write the rows in one transaction."""
    keys: dict[str, str] = {}
    names = ["redacted.mp4", "preview.mp4", "poster.jpg", "sprite.jpg", "report.json"]
    names += [clip[part] for clip in report["clips"] for part in ("file", "preview", "poster")]
    for index, name in enumerate(names):
        jobs.renew(job, step="store", progress=index / len(names))
        keys[name] = keep(footage=footage, path=out / name).key
    poses = {}
    for clip in report["clips"]:
        path = out / f"{clip['id']}.json"
        path.write_text(json.dumps(clip_facts(report, clip), separators=(",", ":")), encoding="utf-8")
        poses[clip["id"]] = keep(footage=footage, path=path).key
    with transaction.atomic():
        for position, clip in enumerate(report["clips"]):
            _write_clip(footage, position, clip, report, keys, poses[clip["id"]])
        jobs.renew(job, step="store", progress=1, timing=report["timing"])
        jobs.finish(job)
        advance(
            footage,
            FootageState.REVIEW,
            data={"clips": len(report["clips"])},
            facts=report["source"],
            certificate=report["certificate"],
            duration_ms=round(report["output"]["duration_s"] * 1000),
            report_key=keys["report.json"],
            redacted_key=keys["redacted.mp4"],
            preview_key=keys["preview.mp4"],
            poster_key=keys["poster.jpg"],
        )


def _write_clip(
    footage: Footage,
    position: int,
    clip: dict[str, Any],
    report: dict[str, Any],
    keys: dict[str, str],
    poses: str,
) -> None:
    tags = [tag for tag in clip_tags(report, clip) if tag["id"] in taxonomy.known_tags()]
    row = Clip.objects.create(
        footage=footage,
        position=position,
        start_ms=round(clip["start_s"] * 1000),
        end_ms=round(clip["end_s"] * 1000),
        frames=clip["frames"],
        fps=report["output"]["fps"],
        width=report["output"]["width"],
        height=report["output"]["height"],
        quality=round(clip["quality"], 3),
        quality_parts=clip.get("quality_parts", {}),
        tag_ids=sorted({tag["id"] for tag in tags}),
        media_key=keys[clip["file"]],
        media_sha256=clip["sha256"],
        media_bytes=clip["bytes"],
        preview_key=keys[clip["preview"]],
        poster_key=keys[clip["poster"]],
        poses_key=poses,
    )
    Tag.objects.bulk_create(
        Tag(
            clip=row,
            tag_id=tag["id"],
            taxonomy_version=taxonomy.version(),
            start_ms=round(tag["start_s"] * 1000),
            end_ms=round(tag["end_s"] * 1000),
            event_ms=None if tag["event_s"] is None else round(tag["event_s"] * 1000),
            source=tag["source"],
            confidence=tag["confidence"],
        )
        for tag in tags
    )


def clip_tags(report: dict[str, Any], clip: dict[str, Any]) -> list[dict[str, Any]]:
    """Cut the footage's tags to a clip; times count from the clip's start, in seconds."""
    start, end = clip["start_s"], clip["end_s"]
    cut = []
    for tag in report["tags"]:
        first, last = max(tag["start_s"], start), min(tag["end_s"], end)
        event = tag.get("event_s")
        if last <= first or (event is not None and not start <= event < end):
            continue
        moved = {
            "start_s": first - start,
            "end_s": last - start,
            "event_s": None if event is None else event - start,
        }
        cut.append({**tag, **moved})
    return cut


def clip_facts(report: dict[str, Any], clip: dict[str, Any]) -> dict[str, Any]:
    """Collect one clip's poses, tags and masked regions; frames count from the clip's start."""
    first, last = clip["start_frame"], clip["end_frame"]
    return {
        "schema": 1,
        "output": {
            **report["output"],
            "frames": clip["frames"],
            "duration_s": clip["end_s"] - clip["start_s"],
        },
        "models": report["models"],
        "tags": clip_tags(report, clip),
        "telemetry": of_clip(
            report.get("telemetry"), start_s=clip["start_s"], end_s=clip["end_s"], start_frame=first
        ),
        "quality": clip["quality"],
        "quality_parts": clip.get("quality_parts", {}),
        "poses": [
            {**pose, "frame": pose["frame"] - first}
            for pose in report["poses"]
            if first <= pose["frame"] < last
        ],
        "masked": [
            {
                "kind": track["kind"],
                "boxes": [[box[0] - first, *box[1:]] for box in track["boxes"] if first <= box[0] < last],
            }
            for track in report["tracks"]
            if any(first <= box[0] < last for box in track["boxes"])
        ],
    }
