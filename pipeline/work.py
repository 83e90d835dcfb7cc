"""One footage through the engine: fetch, check, process or split, store under SHA-256, write the rows."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from marketplace import storage
from marketplace.models import Footage
from marketplace.states import FootageState, JobState, advance
from pipeline import artefacts, covering, engine, jobs, originals, private, scratch, segments, storing
from pipeline.forecast import Usual
from pipeline.models import Job, JobKind, ManualBox, Segment
from pipeline.telling import Telling
from pipeline.video.errors import BadInput, Cancelled, NeedsOwner


def process(job: Job) -> None:
    """Do the whole job, or split it and leave it to its segments; leaves no scratch file.

    Raises BadInput, Cancelled or jobs.LeaseLost.
    """
    footage = _footage(job)
    if job.kind == JobKind.PROCESS and footage.state == FootageState.QUEUED:
        advance(footage, FootageState.PROCESSING)
    made = engine.read_plan(job.plan) if job.plan else None
    if made is not None and job.segments.exists():
        if not segments.go_on(job):
            join(job)
        return
    segments.clear(job)
    options, boxes = covering.order_of(job)
    wanted = engine.choices(footage, options, boxes)
    tell = telling(job)
    with scratch.folder(str(job.pk)) as place:
        source, out = place / "in.bin", place / "out"
        originals.bring(job, footage, source, tell)
        motion = private.request_of(footage, folder=place)
        reuse = _detections(footage, options, place)
        if reuse is None:
            tell("check", 0)
            made = engine.plan(source, wanted, motion=motion)
            if len(made.segments) > 1:
                segments.begin(job, made)
                return
        report = engine.whole(
            source, out, wanted, motion=motion, reuse=reuse, tell=tell, stop=lambda: lost(tell)
        )
        _store(job, report, out, tell, options, boxes)


def process_segment(segment: Segment) -> Job | None:
    """Do one segment and store its files; gives the job when this was the last one and it is ours to join."""
    job = segment.job
    made = engine.read_plan(job.plan)
    if made is None:
        raise ValueError("another version of the engine planned this job")
    tell = Telling(lambda _step, progress, _left: segments.renew(segment, progress=progress))
    with scratch.folder(f"{job.pk}-{segment.position}") as place:
        source = place / "in.bin"
        fetching = Telling(lambda _step, _progress, _left: segments.renew(segment, progress=0))
        originals.bring(job, _footage(job), source, fetching)
        index = segment.position
        folder = engine.segment(source, place, made, index, tell=tell, stop=lambda: lost(tell))
        archive = place / "segment.tar"
        with tarfile.open(archive, "w") as packed:
            for name in sorted(path.name for path in folder.iterdir()):
                packed.add(folder / name, arcname=name)
        segments.renew(segment, progress=0.99)
        key = f"{job.footage_id}/segments/{job.pk}/{index:06d}-{segment.lease_token}.tar"
        bucket = settings.S3_BUCKET_DERIVED
        stored = storage.put_file(bucket=bucket, key=key, path=archive, media_type="application/x-tar")
        try:
            return segments.finish(segment, key=key, sha256=stored.sha256)
        except jobs.LeaseLost:
            storage.delete(bucket=bucket, key=key)
            raise


def join(job: Job) -> None:
    """Make the footage of its finished segments."""
    made = engine.read_plan(job.plan)
    if made is None:
        raise ValueError("another version of the engine planned this job")
    options, boxes = covering.order_of(job)
    tell = telling(job)
    with scratch.folder(str(job.pk)) as place:
        tell("redact", 1)
        originals.bring(job, _footage(job), place / "in.bin", tell)
        for segment in job.segments.order_by("position"):
            tell.beat()
            folder = place / f"segment_{segment.position:06d}"
            archive = folder.with_suffix(".tar")
            storage.get_file(
                bucket=settings.S3_BUCKET_DERIVED, key=segment.key, path=archive, sha256=segment.sha256
            )
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
            archive.unlink()
        source, out = place / "in.bin", place / "out"
        motion = private.request_of(_footage(job), folder=place)
        report = engine.join(source, place, out, made, motion=motion, tell=tell, stop=lambda: lost(tell))
        report["timing"]["total"] = sum(tell.seconds.values()) + report["timing"].get("wall", 0.0)
        _store(job, report, out, tell, options, boxes)
    segments.clear(job)


def _store(
    job: Job,
    report: dict[str, Any],
    out: Path,
    tell: Telling,
    options: covering.Options,
    boxes: list[ManualBox],
) -> None:
    if lost(tell):
        raise Cancelled("The work was cancelled; nothing was kept.")
    storing.store(job, report, out, tell=tell, options=options, boxes=boxes)
    artefacts.drop_unused(_footage(job))


def _footage(job: Job) -> Footage:
    if job.footage is None:
        raise ValueError("a job of this kind has a footage")
    return job.footage


def _detections(footage: Footage, options: covering.Options, place: Path) -> Path | None:
    """Fetch what the last run found; nothing when there is none or it looked for other things."""
    before = covering.Options.of(footage)
    if not footage.cache_key or (before.jerseys, before.screens) != (options.jerseys, options.screens):
        return None
    path = place / "detections.npz"
    path.write_bytes(storage.get_bytes(bucket=settings.S3_BUCKET_DERIVED, key=footage.cache_key))
    return path


def telling(job: Job) -> Telling:
    """Make what keeps this job's lease and says how far it is."""

    def write(step: str, progress: float, left_s: float | None) -> None:
        jobs.renew(job, step=step, progress=progress, left_s=left_s)

    return Telling(write, later_s=Usual(job.kind).later_s)


def lost(tell: Telling) -> bool:
    """Keep the lease, or say that the work was taken away."""
    try:
        tell.beat()
    except jobs.LeaseLost:
        return True
    return False


def refuse(job: Job, error: BadInput) -> None:
    """Close the job with a sentence for the contributor, and the footage too when it has no result yet.

    Where only its owner can say how to go on, the footage stops with its original kept.
    """
    reason = str(error)
    ends = FootageState.STOPPED if isinstance(error, NeedsOwner) else FootageState.REFUSED
    with transaction.atomic():
        jobs.refuse(job, reason=reason)
        covering.release(job)
        footage = Footage.objects.get(jobs=job)
        if job.kind == JobKind.PROCESS and footage.state in (FootageState.QUEUED, FootageState.PROCESSING):
            advance(footage, ends, reason=reason)
    if job.kind == JobKind.PROCESS:  # a copy is found out as late as when its files are stored
        artefacts.drop_unused(footage)


def taken_away(job: Job) -> None:
    """Throw away what a cancelled job had stored; another worker's work on the same job is left alone."""
    job.refresh_from_db()
    if job.state == JobState.CANCELLED and job.footage is not None:
        segments.clear(job)
        artefacts.drop_unused(job.footage)
