"""Celery's side of the work: lease the row, call the function, close the row. Arguments are ids."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.signals import worker_ready

from marketplace.states import FootageState, VersionState, advance
from pipeline import covering, jobs, packages, work
from pipeline.models import Job, JobKind
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


@shared_task(name="pipeline.tasks.process_footage")
def process_footage(job_id: str) -> None:
    """Redact, pose, tag and cut one footage, for the first time or again."""
    job = jobs.lease(job_id)
    if job is None:
        return
    try:
        work.process(job)
    except (jobs.LeaseLost, Cancelled):
        log.info("job %s was taken away; nothing written", job.pk)
        work.taken_away(job)
    except BadInput as error:
        work.refuse(job, reason=str(error))
    except Exception:
        log.exception("job %s failed at attempt %s", job.pk, job.attempts)
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
    except Exception:
        log.exception("job %s failed at attempt %s", job.pk, job.attempts)
        _fail(job, "Object storage did not take the files. Nothing is visible; publish again in a while.")


def _fail(job: Job, reason: str) -> None:
    try:
        if jobs.fail(job, reason=reason):
            _close(job, job.reason)
    except jobs.LeaseLost:
        log.info("job %s was taken away while it failed", job.pk)


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
    return jobs.sweep(give_up=lambda job: _close(job, job.reason))
