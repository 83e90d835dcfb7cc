"""Segments of long footage: rows with leases of their own, so that several workers share one job.

While its segments are at work the job is RUNNING and nobody's: its lease is kept by whoever works on a segment, and
whoever ends the last one takes the job up again and joins them.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Q, Sum
from django.utils import timezone
from kombu.exceptions import OperationalError

from marketplace import storage
from marketplace.celery import app
from marketplace.models.event import record
from marketplace.states import JobState
from pipeline import engine, jobs
from pipeline.models import Job, Segment

TASK = "pipeline.tasks.process_segment"
LIVE = (JobState.QUEUED, JobState.RUNNING)
SILENT = "The worker stopped without a word."


def begin(job: Job, made: engine.Plan) -> None:
    """Write a row for each segment, leave the job to them and wake workers; a second call changes nothing."""
    with transaction.atomic():
        jobs.renew(job, step="redact", progress=0)
        Job.objects.filter(pk=job.pk).update(plan=made.to_json())
        Segment.objects.bulk_create(
            Segment(job=job, position=index, seconds=engine.seconds(made, index))
            for index in range(len(made.segments))
        )
        record("job.split", subject=job, data={"segments": len(made.segments)})
        jobs.let_go(job)
    wake(job)


def go_on(job: Job) -> bool:
    """Go on with the segments of an earlier attempt: those that failed are tried again. False when all are done."""
    with transaction.atomic():
        job.segments.filter(state=JobState.FAILED).update(
            state=JobState.QUEUED, attempts=0, not_before=timezone.now()
        )
        if not job.segments.exclude(state=JobState.DONE).exists():
            return False
        jobs.renew(job, step="redact", progress=_share(job)[0])
        jobs.let_go(job)
    wake(job)
    return True


def wake(job: Job) -> None:
    """Tell workers of every segment that waits; the sweeper tells them later when the broker is down."""
    for pk in job.segments.filter(state=JobState.QUEUED).values_list("pk", flat=True):
        _send(pk)


def _send(pk: uuid.UUID) -> None:
    try:
        app.send_task(TASK, args=[str(pk)], retry=False)
    except OperationalError:
        return


def lease(segment_id: uuid.UUID | str) -> Segment | None:
    """Take a segment that waits or whose holder went silent; None when it is not to be had."""
    now, token = timezone.now(), uuid.uuid4()
    free = Q(state=JobState.QUEUED, not_before__lte=now) | Q(state=JobState.RUNNING, lease_until__lt=now)
    taken = Segment.objects.filter(
        free, pk=segment_id, attempts__lt=F("max_attempts"), job__state=JobState.RUNNING
    ).update(
        state=JobState.RUNNING,
        attempts=F("attempts") + 1,
        lease_token=token,
        lease_until=now + jobs.LEASE,
        worker=jobs.worker_name(os.getppid()),
        started_at=now,
        progress=0,
        reason="",
    )
    return Segment.objects.select_related("job__footage").get(pk=segment_id) if taken else None


def renew(segment: Segment, *, progress: float) -> None:
    """Keep the leases of segment and job, and say how far both are; raises LeaseLost when they are not ours."""
    now = timezone.now()
    _write(segment, {"progress": progress, "lease_until": now + jobs.LEASE})
    share, began = _share(segment.job)
    gone = (now - began).total_seconds() if began else 0.0
    left = gone / share * (1 - share) if share > 0.01 and gone > 3 else None
    Job.objects.filter(pk=segment.job_id, state=JobState.RUNNING, lease_token=None).update(
        step="redact", progress=share, left_s=left, lease_until=now + jobs.LEASE
    )


def _share(job: Job) -> tuple[float, datetime | None]:
    found = job.segments.aggregate(
        all=Sum("seconds"), done=Sum(F("seconds") * F("progress")), began=Min("started_at")
    )
    return (found["done"] or 0.0) / (found["all"] or 1.0), found["began"]


def _write(segment: Segment, fields: dict[str, Any]) -> None:
    held = Segment.objects.filter(
        pk=segment.pk, lease_token=segment.lease_token, state=JobState.RUNNING, job__state=JobState.RUNNING
    )
    if not held.update(**fields):
        raise jobs.LeaseLost(f"segment {segment.pk} is not ours any more")


def finish(segment: Segment, *, key: str, sha256: str) -> Job | None:
    """Close a segment whose files are stored; gives the job when this was the last one and it is ours to join."""
    over = {"lease_token": None, "lease_until": None, "finished_at": timezone.now(), "progress": 1.0}
    _write(segment, {"state": JobState.DONE, "key": key, "sha256": sha256, **over})
    if segment.job.segments.exclude(state=JobState.DONE).exists():
        return None
    return jobs.take_up(segment.job_id)


def fail(segment: Segment, *, reason: str) -> Job | None:
    """Put a segment back for a later attempt; after the last one gives the job, ours to fail."""
    over = segment.attempts >= segment.max_attempts
    wait = jobs.BACK_OFF[min(segment.attempts, len(jobs.BACK_OFF)) - 1]
    _write(
        segment,
        {
            "state": JobState.FAILED if over else JobState.QUEUED,
            "not_before": timezone.now() + wait,
            "lease_token": None,
            "lease_until": None,
            "progress": 0.0,
            "reason": reason,
        },
    )
    record("job.segment_failed", subject=segment.job, data={"segment": segment.position, "reason": reason})
    return jobs.take_up(segment.job_id) if over else None


def hand_back(worker: str) -> int:
    """Put back the segments that a worker which is told to end has in hand; it costs no attempt."""
    count = 0
    for segment in Segment.objects.filter(worker=worker, state=JobState.RUNNING):
        held = Segment.objects.filter(pk=segment.pk, state=JobState.RUNNING, lease_token=segment.lease_token)
        if held.update(
            state=JobState.QUEUED,
            attempts=F("attempts") - 1,
            progress=0,
            not_before=timezone.now(),
            lease_token=None,
            lease_until=None,
        ):
            _send(segment.pk)
            count += 1
    return count


def clear(job: Job) -> None:
    """Delete the stored files of segments, then their rows."""
    for segment in job.segments.all():
        if segment.key:
            storage.delete(bucket=settings.S3_BUCKET_DERIVED, key=segment.key)
        segment.delete()


def sweep(*, now: datetime, give_up: Callable[[Job], None]) -> int:
    """Free what dead workers held, wake what waits, keep the jobs alive, clear what is over; counts the woken."""
    for segment in Segment.objects.filter(state=JobState.RUNNING, lease_until__lt=now).select_related("job"):
        over = segment.attempts >= segment.max_attempts
        freed = Segment.objects.filter(pk=segment.pk, lease_token=segment.lease_token, state=JobState.RUNNING)
        to = JobState.FAILED if over else JobState.QUEUED
        if freed.update(
            state=to, lease_token=None, lease_until=None, not_before=now, progress=0, reason=SILENT
        ):
            record(
                "job.segment_failed",
                subject=segment.job,
                data={"segment": segment.position, "reason": SILENT},
            )
            if over and (job := jobs.take_up(segment.job_id)):
                give_up(job)
    Job.objects.filter(
        state=JobState.RUNNING, lease_token=None, segments__state__in=LIVE, lease_until__isnull=False
    ).update(lease_until=now + jobs.LEASE)
    waiting = Segment.objects.filter(
        state=JobState.QUEUED, job__state=JobState.RUNNING, not_before__lte=now - jobs.WAKE_AGAIN
    )
    woken = 0
    for pk in waiting.order_by("not_before").values_list("pk", flat=True)[:500]:
        _send(pk)
        woken += 1
    for job in Job.objects.filter(segments__isnull=False).exclude(state__in=LIVE).distinct()[:50]:
        clear(job)
    return woken
