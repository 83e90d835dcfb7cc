"""Jobs and their leases: the row is the truth, a broker message only wakes a worker up."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from marketplace.celery import app
from marketplace.models import Footage, PackageVersion
from marketplace.models.event import record
from marketplace.states import JobState, VersionState, advance
from pipeline.models import Job, JobKind

LEASE = timedelta(minutes=2)  # progress renews it; a worker that was killed is replaced after this long
WAKE_AGAIN = timedelta(seconds=20)  # a message that was lost with the broker is sent again after this long
BACK_OFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))


TASKS = {
    JobKind.PROCESS.value: "pipeline.tasks.process_footage",
    JobKind.COVER.value: "pipeline.tasks.process_footage",
    JobKind.PUBLISH.value: "pipeline.tasks.publish_version",
}


class LeaseLost(Exception):
    """Another worker has this job now, or it was cancelled: stop and write nothing."""


def enqueue_process(*, footage: Footage) -> Job:
    """Queue the work on one footage, in the caller's transaction."""
    return _enqueue(Job(kind=JobKind.PROCESS, footage=footage))


def enqueue_cover(*, footage: Footage, ask: dict[str, Any], actor: Any) -> Job:
    """Queue covering a footage again, in the caller's transaction; ``ask`` is what pipeline.covering reads."""
    return _enqueue(Job(kind=JobKind.COVER, footage=footage, ask=ask), actor=actor)


def enqueue_publish(*, version: PackageVersion, actor: Any = None) -> Job:
    """Close a draft version and queue its publication, in the caller's transaction."""
    with transaction.atomic():
        advance(version, VersionState.PUBLISHING, actor=actor, reason="")
        return _enqueue(Job(kind=JobKind.PUBLISH, version=version))


def _enqueue(job: Job, actor: Any = None) -> Job:
    job.save(force_insert=True)
    record("job.queued", subject=job, actor=actor, data={"kind": job.kind})
    transaction.on_commit(lambda: wake(job))
    return job


def wake(job: Job) -> None:
    """Tell a worker that this job waits; with the broker down the sweeper tells it later."""
    try:
        app.send_task(TASKS[job.kind], args=[str(job.pk)], retry=False)
    except OperationalError:
        return


def lease(job_id: uuid.UUID | str) -> Job | None:
    """Take a job that waits or whose holder went silent; None when somebody else has it or it is over."""
    now = timezone.now()
    token = uuid.uuid4()
    free = Q(state=JobState.QUEUED, not_before__lte=now) | Q(state=JobState.RUNNING, lease_until__lt=now)
    taken = Job.objects.filter(free, pk=job_id, attempts__lt=F("max_attempts")).update(
        state=JobState.RUNNING,
        state_changed_at=now,
        attempts=F("attempts") + 1,
        lease_token=token,
        lease_until=now + LEASE,
        worker=worker_name(os.getppid()),
        started_at=now,
        step="",
        progress=0,
        left_s=None,
        timing={},
        reason="",
    )
    if not taken:
        return None
    job = Job.objects.get(pk=job_id)
    record("job.running", subject=job, data={"attempt": job.attempts})
    return job


def worker_name(pid: int) -> str:
    """Name a worker by its machine and its main process, whose children do the work."""
    return f"{socket.gethostname()[:100]}:{pid}"


def hand_back(worker: str) -> int:
    """Put back what a worker that is told to end has in hand; it costs no attempt, and others are woken."""
    count = 0
    for job in Job.objects.filter(worker=worker, state=JobState.RUNNING).exclude(lease_token=None):
        held = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, lease_token=job.lease_token)
        now = timezone.now()
        if held.update(
            state=JobState.QUEUED,
            state_changed_at=now,
            attempts=F("attempts") - 1,
            not_before=now,
            lease_token=None,
            lease_until=None,
        ):
            record("job.handed_back", subject=job, data={"worker": worker})
            wake(job)
            count += 1
    return count


def renew(
    job: Job,
    *,
    step: str,
    progress: float,
    left_s: float | None = None,
    timing: dict[str, float] | None = None,
) -> None:
    """Keep the lease and say how far the work is; raises LeaseLost when it is not ours any more."""
    fields: dict[str, Any] = {
        "step": step,
        "progress": progress,
        "left_s": left_s,
        "lease_until": timezone.now() + LEASE,
    }
    if timing is not None:
        fields["timing"] = timing
    _write(job, fields)


def let_go(job: Job) -> None:
    """Leave a running job to its segments: whoever ends the last one takes it up again."""
    _write(job, {"lease_token": None, "lease_until": timezone.now() + LEASE, "step": "redact"})


def take_up(job_id: uuid.UUID) -> Job | None:
    """Take a running job that was left to its segments; None when somebody else was faster or it is over."""
    token = uuid.uuid4()
    free = Job.objects.filter(pk=job_id, state=JobState.RUNNING, lease_token=None)
    if not free.update(lease_token=token, lease_until=timezone.now() + LEASE):
        return None
    return Job.objects.get(pk=job_id)


def _write(job: Job, fields: dict[str, Any]) -> None:
    held = Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=JobState.RUNNING)
    if not held.update(**fields):
        raise LeaseLost(f"job {job.pk} is not ours any more")


def _end(job: Job, state: JobState, **fields: Any) -> None:
    now = timezone.now()
    with transaction.atomic():
        _write(
            job, {"state": state, "state_changed_at": now, "lease_until": None, "lease_token": None, **fields}
        )
        record(f"job.{state.value}", subject=job, data={"reason": fields.get("reason", "")})
    job.refresh_from_db()


def finish(job: Job) -> None:
    """Close a job whose result is in the database; call it in the transaction that writes the result."""
    _end(job, JobState.DONE, finished_at=timezone.now(), progress=1)


def refuse(job: Job, *, reason: str) -> None:
    """Close a job whose input cannot be used; trying again would not help."""
    _end(job, JobState.REFUSED, finished_at=timezone.now(), reason=reason)


def fail(job: Job, *, reason: str) -> bool:
    """Put a job back for a later attempt, or end it after the last one. True when it is over."""
    over = job.attempts >= job.max_attempts
    if over:
        _end(job, JobState.FAILED, finished_at=timezone.now(), reason=reason)
    else:
        wait = BACK_OFF[min(job.attempts, len(BACK_OFF)) - 1]
        _end(job, JobState.QUEUED, not_before=timezone.now() + wait, reason=reason)
    return over


def cancel_for(*, footage: Footage, actor: Any = None) -> int:
    """Cancel what waits or runs for this footage; a running worker notices within a second or two."""
    now = timezone.now()
    live = Job.objects.filter(footage=footage, state__in=[JobState.QUEUED, JobState.RUNNING])
    ids = list(live.values_list("pk", flat=True))
    count = live.update(
        state=JobState.CANCELLED, state_changed_at=now, finished_at=now, lease_token=None, lease_until=None
    )
    for job in Job.objects.filter(pk__in=ids, state=JobState.CANCELLED):
        record("job.cancelled", subject=job, actor=actor)
    return count


def sweep(*, now: datetime | None = None, give_up: Callable[[Job], None]) -> dict[str, int]:
    """Wake what has waited too long and free what a dead worker held; ``give_up`` ends the hopeless."""
    now = now or timezone.now()
    dead = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=now)
    freed = 0
    for job in dead:
        over = job.attempts >= job.max_attempts
        moved = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, lease_token=job.lease_token).update(
            state=JobState.FAILED if over else JobState.QUEUED,
            state_changed_at=now,
            lease_token=None,
            lease_until=None,
            not_before=now,
            reason="The worker stopped without a word, every time."
            if over
            else "The worker stopped without a word.",
        )
        if moved:
            freed += 1
            job.refresh_from_db()
            record(f"job.{job.state}", subject=job, data={"reason": job.reason})
            if over:
                give_up(job)
    waiting = Job.objects.filter(
        Q(state_changed_at__lte=now - WAKE_AGAIN) | Q(not_before__lte=now - WAKE_AGAIN),
        state=JobState.QUEUED,
        not_before__lte=now,
    ).order_by("created_at")
    woken = 0
    for job in waiting[:500]:
        wake(job)
        woken += 1
    return {"freed": freed, "woken": woken}


def live(footage: Footage) -> Job | None:
    """Find the job that waits or runs for a footage."""
    return footage.jobs.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).first()


def place_in_queue(job: Job) -> int:
    """Count the jobs on footage that wait before this one, plus one."""
    waiting = Job.objects.filter(footage__isnull=False, state=JobState.QUEUED)
    return waiting.filter(created_at__lt=job.created_at).count() + 1
