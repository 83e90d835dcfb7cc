"""A job is done by one worker, survives a dead one, and ends with a sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.states import FootageState, JobState
from pipeline import jobs
from pipeline.models import Job
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    return jobs.enqueue_process(footage=people.make_footage(people.alice(), state=FootageState.QUEUED))


def test_two_deliveries_of_one_message_give_one_lease(job: Job) -> None:
    assert jobs.lease(job.pk) is not None
    assert jobs.lease(job.pk) is None


def test_a_footage_has_one_live_job(job: Job) -> None:
    assert job.footage is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        jobs.enqueue_process(footage=job.footage)


def test_a_worker_that_went_silent_loses_the_job_to_the_next(job: Job) -> None:
    first = jobs.lease(job.pk)
    assert first is not None
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = jobs.lease(job.pk)
    assert second is not None
    assert second.attempts == 2
    with pytest.raises(jobs.LeaseLost):
        jobs.renew(first, step="redact", progress=0.5)
    with pytest.raises(jobs.LeaseLost):
        jobs.finish(first)
    jobs.finish(second)
    assert second.state == JobState.DONE


def test_progress_renews_the_lease(job: Job) -> None:
    held = jobs.lease(job.pk)
    assert held is not None
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(seconds=1))
    jobs.renew(held, step="redact", progress=0.25)
    job.refresh_from_db()
    assert (job.step, job.progress) == ("redact", 0.25)
    assert job.lease_until is not None
    assert job.lease_until > timezone.now() + jobs.LEASE / 2


def test_a_failure_is_tried_again_later_and_then_ends(job: Job) -> None:
    for attempt in range(1, job.max_attempts + 1):
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        held = jobs.lease(job.pk)
        assert held is not None
        over = jobs.fail(held, reason="The disk was full.")
        assert over == (attempt == job.max_attempts)
        if not over:
            assert held.not_before > timezone.now()
            assert jobs.lease(job.pk) is None, "the back-off has not passed"
    job.refresh_from_db()
    assert (job.state, job.reason) == (JobState.FAILED, "The disk was full.")


def test_the_sweeper_frees_what_a_dead_worker_held_and_gives_up_after_the_last_attempt(job: Job) -> None:
    given_up: list[Job] = []
    for _ in range(job.max_attempts):
        assert jobs.lease(job.pk) is not None
        later = timezone.now() + jobs.LEASE + timedelta(seconds=1)
        jobs.sweep(now=later, give_up=given_up.append)
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    assert [item.pk for item in given_up] == [job.pk]
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_the_sweeper_wakes_what_the_broker_lost(job: Job) -> None:
    nobody = lambda _: None  # noqa: E731
    assert jobs.sweep(give_up=nobody) == {"freed": 0, "woken": 0}
    later = timezone.now() + jobs.WAKE_AGAIN + timedelta(seconds=1)
    assert jobs.sweep(now=later, give_up=nobody) == {"freed": 0, "woken": 1}


def test_withdrawing_cancels_and_the_worker_notices(job: Job) -> None:
    held = jobs.lease(job.pk)
    assert held is not None
    assert job.footage is not None
    assert jobs.cancel_for(footage=job.footage) == 1
    with pytest.raises(jobs.LeaseLost):
        jobs.renew(held, step="redact", progress=0.9)


def test_a_worker_that_is_told_to_end_hands_its_work_back_at_no_cost(job: Job) -> None:
    held = jobs.lease(job.pk)
    assert held is not None
    assert jobs.hand_back("another:1") == 0
    assert jobs.hand_back(held.worker) == 1
    with pytest.raises(jobs.LeaseLost):
        jobs.renew(held, step="redact", progress=0.5)
    again = jobs.lease(job.pk)
    assert again is not None
    assert again.attempts == 1
