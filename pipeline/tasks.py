"""Celery's side of the work: lease the row, call the function, close the row. Arguments are ids."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.signals import worker_ready

from marketplace.states import FootageState, VersionState, advance
from pipeline import jobs, packages, withdrawals, work
from pipeline.models import Job, JobKind
from pipeline.video import sandbox
from pipeline.video.errors import BadInput, Cancelled

log = logging.getLogger(__name__)

OUR_FAULT = (
    "Processing failed {attempts} times, which is our fault. The upload is safe and we have been told."
)


@worker_ready.connect
def say_how_isolated(**_: object) -> None:
    """Write into the worker's log what stands between untrusted bytes and this machine."""
    log.info(sandbox.describe())


@shared_task(name="pipeline.tasks.process_footage")
def process_footage(job_id: str) -> None:
    """Redact, pose, tag and cut one footage."""
    job = jobs.lease(job_id)
    if job is None:
        return
    try:
        work.process(job)
    except (jobs.LeaseLost, Cancelled):
        log.info("job %s was taken away; nothing written", job.pk)
    except BadInput as error:
        work.refuse(job, reason=str(error))
    except Exception:
        log.exception("job %s failed at attempt %s", job.pk, job.attempts)
        _fail(job, OUR_FAULT.format(attempts=job.max_attempts))


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
            _close(job, reason)
    except jobs.LeaseLost:
        log.info("job %s was taken away while it failed", job.pk)


def _close(job: Job, reason: str) -> None:
    """Tell what the job was about that it will not happen."""
    if job.kind == JobKind.PROCESS and job.footage is not None:
        if job.footage.state in (FootageState.QUEUED, FootageState.PROCESSING):
            advance(job.footage, FootageState.FAILED, reason=reason)
    elif job.version is not None and job.version.state == VersionState.PUBLISHING:
        advance(job.version, VersionState.FAILED, reason=reason)


@shared_task(name="pipeline.tasks.sweep")
def sweep() -> dict[str, int]:
    """Free what dead workers held and wake what waits; beat runs it every 30 seconds."""
    return jobs.sweep(give_up=lambda job: _close(job, job.reason))


@shared_task(name="pipeline.tasks.follow_withdrawals")
def follow_withdrawals() -> dict[str, int]:
    """Make versions without what was withdrawn, and keep the catalogue true; beat runs it every 30 seconds."""
    return withdrawals.follow()
