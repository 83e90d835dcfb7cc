"""One footage through the engine: fetch, check, process, store under SHA-256, write the rows."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings
from django.db import transaction

from marketplace import storage
from marketplace.models import Footage
from marketplace.states import FootageState, JobState, advance
from pipeline import artefacts, covering, engine, jobs, storing
from pipeline.forecast import Usual
from pipeline.models import Artefact, Job, JobKind
from pipeline.telling import Telling
from pipeline.video.errors import BadInput

CHANGED = (
    "The file that arrived is not the file your browser read: its checksum differs. Nothing of it was used. "
    "Please upload it again."
)


def process(job: Job) -> None:
    """Do the whole job; raises BadInput, Cancelled or jobs.LeaseLost, and leaves no scratch file."""
    footage = job.footage
    if footage is None:
        raise ValueError("a job of this kind has a footage")
    if job.kind == JobKind.PROCESS and footage.state == FootageState.QUEUED:
        advance(footage, FootageState.PROCESSING)
    options, boxes = covering.order_of(job)
    tell = telling(job)
    scratch = settings.FAIRFRAME_WORK / str(job.pk)
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed attempt left
    scratch.mkdir(parents=True)
    try:
        source = scratch / "in.bin"
        fetch(footage, source, tell)
        report = engine.run(
            source,
            scratch / "out",
            engine.order(footage, options, boxes),
            on_progress=tell,
            cancelled=lambda: lost(tell),
        )
        source.unlink()
        storing.store(job, report, scratch / "out", tell=tell, options=options, boxes=boxes)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    artefacts.drop_unused(footage)


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


def refuse(job: Job, *, reason: str) -> None:
    """Close the job with a sentence for the contributor, and the footage too when it has no result yet."""
    with transaction.atomic():
        jobs.refuse(job, reason=reason)
        covering.release(job)
        footage = Footage.objects.get(jobs=job)
        if job.kind == JobKind.PROCESS and footage.state in (FootageState.QUEUED, FootageState.PROCESSING):
            advance(footage, FootageState.REFUSED, reason=reason)


def taken_away(job: Job) -> None:
    """Throw away what a cancelled job had stored; another worker's work on the same job is left alone."""
    job.refresh_from_db()
    if job.state == JobState.CANCELLED and job.footage is not None:
        artefacts.drop_unused(job.footage)


def fetch(footage: Footage, path: Path, tell: Telling) -> None:
    """Bring the original here and compare its checksum while it arrives."""
    tell("fetch", 0)
    try:
        stored = storage.get_file(
            bucket=settings.S3_BUCKET_ORIGINALS,
            key=footage.original_key,
            path=path,
            sha256=footage.sha256,
            on_chunk=lambda done: tell("fetch", done / footage.size_bytes),
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
