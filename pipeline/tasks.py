"""Celery's side of the work: lease the row, call the function, close the row. Arguments are ids."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.db import DatabaseError
from django.utils import timezone

from marketplace.states import FootageState, VersionState, advance
from pipeline import covering, jobs, originals, orphans, packages, segments, withdrawals, work
from pipeline.helpers import HelperGone
from pipeline.models import Job, JobKind, Segment
from pipeline.video import sandbox
from pipeline.video.errors import BadInput, Cancelled

log = logging.getLogger(__name__)

FAULTS = {
    JobKind.PROCESS.value: (
        "Processing failed {attempts} times, which is our fault. The upload is safe and we have been told."
    ),
    JobKind.COVER.value: (
        "Covering this footage again failed {attempts} times, which is our fault. The clips that you see are kept, and "
        "so are your boxes. We have been told; try again later."
    ),
}


@worker_ready.connect
def say_how_isolated(**_: object) -> None:
    """Write into the worker's log what stands between untrusted bytes and this machine."""
    log.info(sandbox.describe())


@worker_shutting_down.connect
def hand_back(**_: object) -> None:
    """Put back what this worker has in hand when it is told to end: its children stop within a second or two."""
    me = jobs.worker_name(os.getpid())
    try:
        count = segments.hand_back(me) + jobs.hand_back(me)
    except DatabaseError:
        log.exception("what was in hand comes free when its leases lapse")
    else:
        log.info("%s handed back", count)


@shared_task(name="pipeline.tasks.process_footage")
def process_footage(job_id: str) -> None:
    """Redact, pose, tag and cut one footage, for the first time or again."""
    job = jobs.lease(job_id)
    if job is not None:
        with _watched(job):
            work.process(job)
        originals.forget_old()


@shared_task(name="pipeline.tasks.process_segment")
def process_segment(segment_id: str) -> None:
    """Do one segment of a long footage, and join them all when it was the last."""
    segment = segments.lease(segment_id)
    if segment is None:
        return
    job = segment.job
    try:
        ours = work.process_segment(segment)
    except (jobs.LeaseLost, Cancelled):
        log.info("segment %s was taken away; nothing written", segment.pk)
        work.taken_away(job)
    except BadInput as error:
        if taken := jobs.take_up(job.pk):
            work.refuse(taken, error)
    except Exception:
        log.exception("segment %s failed at attempt %s", segment.pk, segment.attempts)
        _fail_segment(segment)
    else:
        if ours is not None:
            with _watched(ours):
                work.join(ours)
    originals.forget_old()


@contextmanager
def _watched(job: Job) -> Iterator[None]:
    """Close the job, whatever its work ends with."""
    try:
        yield
    except (jobs.LeaseLost, Cancelled):
        log.info("job %s was taken away; nothing written", job.pk)
        work.taken_away(job)
    except BadInput as error:
        work.refuse(job, error)
    except Exception:
        log.exception("job %s failed at attempt %s", job.pk, job.attempts)
        _fail(job, FAULTS[job.kind].format(attempts=job.max_attempts))


def _fail_segment(segment: Segment) -> None:
    try:
        job = segments.fail(segment, reason="Working on it failed.")
    except jobs.LeaseLost:
        log.info("segment %s was taken away while it failed", segment.pk)
        work.taken_away(segment.job)
    else:
        if job is not None:
            _fail(job, FAULTS[job.kind].format(attempts=job.max_attempts))


@shared_task(name="pipeline.tasks.publish_version")
def publish_version(job_id: str) -> None:
    """Write one package version to object storage."""
    job = jobs.lease(job_id)
    if job is None:
        return
    try:
        packages.publish(job)
    except jobs.LeaseLost:
        log.info("job %s was taken away; nothing published", job.pk)
    except packages.PackageError as error:
        jobs.refuse(job, reason=str(error))
        _close(job, str(error))
    except HelperGone:
        log.exception("job %s lost a helper at attempt %s", job.pk, job.attempts)
        _fail(
            job,
            "A process that wrote the files ended too early. Nothing is visible; publish again in a while.",
        )
    except Exception:
        log.exception("job %s failed at attempt %s", job.pk, job.attempts)
        _fail(job, "Object storage did not take the files. Nothing is visible; publish again in a while.")


def _fail(job: Job, reason: str) -> None:
    try:
        if jobs.fail(job, reason=reason):
            _close(job, job.reason)
    except jobs.LeaseLost:
        log.info("job %s was taken away while it failed", job.pk)
        work.taken_away(job)


def _close(job: Job, reason: str) -> None:
    """Tell what the job was about that it will not happen."""
    if job.kind == JobKind.PROCESS and job.footage is not None:
        if job.footage.state in (FootageState.QUEUED, FootageState.PROCESSING):
            advance(job.footage, FootageState.FAILED, reason=reason)
    elif job.kind == JobKind.COVER:  # the footage keeps its state and its earlier result
        covering.release(job)
    elif job.version is not None and job.version.state == VersionState.PUBLISHING:
        advance(job.version, VersionState.FAILED, reason=reason)


@shared_task(name="pipeline.tasks.sweep")
def sweep() -> dict[str, int]:
    """Free what dead workers held and wake what waits; beat runs it every 30 seconds."""
    now = timezone.now()
    woken = segments.sweep(
        now=now, give_up=lambda job: _fail(job, FAULTS[job.kind].format(attempts=job.max_attempts))
    )
    return {"segments": woken, **jobs.sweep(now=now, give_up=lambda job: _close(job, job.reason))}


@shared_task(name="pipeline.tasks.follow_withdrawals")
def follow_withdrawals() -> dict[str, int]:
    """Make versions without what was withdrawn, and keep the catalogue true; beat runs it every 30 seconds."""
    return withdrawals.follow()


@shared_task(name="pipeline.tasks.sweep_objects")
def sweep_objects() -> dict[str, int]:
    """Delete objects that no version has; beat runs it every night."""
    return orphans.sweep(now=timezone.now())
