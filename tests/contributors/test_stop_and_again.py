"""Alice sees how far the work is and how long it takes, stops it, and starts it again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as fixed
from django.test import Client
from django.utils import timezone

from contributors import progress, running
from marketplace.models import Event, Footage, User
from marketplace.states import FootageState, JobState, MoveRefused
from pipeline import engine, jobs, storing, tasks
from pipeline.models import Artefact, Job
from tests import people
from tests.media import make_video
from tests.pipeline.stage import scratch_left, stored, uploaded, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def running_job(alice: User) -> Job:
    """A footage that a worker has at hand."""
    footage = people.make_footage(alice, state=FootageState.QUEUED, original_key="originals/x")
    job = jobs.lease(jobs.enqueue_process(footage=footage).pk)
    assert job is not None
    Footage.objects.filter(pk=footage.pk).update(state=FootageState.PROCESSING)
    return job


def footage_of(job: Job) -> Footage:
    assert job.footage is not None
    job.footage.refresh_from_db()
    return job.footage


def test_the_page_says_how_far_it_is_and_how_long_it_takes(films: Client, running_job: Job) -> None:
    jobs.renew(running_job, step="redact", progress=0.42, left_s=190)
    url = f"/film/footage/{footage_of(running_job).pk}/progress/"
    part = films.get(url).content.decode()
    assert "42%" in part
    assert "About 4 minutes of this step left" in part
    assert "Stop the work" in part
    for _ in range(3):  # now it is known what comes after the long step
        Job.objects.create(kind="process", state=JobState.DONE, timing={"redact": 10, "cut": 1})
    assert "About 4 minutes left" in films.get(url).content.decode()


def test_no_time_is_named_while_it_is_not_known(running_job: Job) -> None:
    jobs.renew(running_job, step="check", progress=0.5)
    assert progress.of(footage_of(running_job)).estimate == ""


def test_stopping_keeps_the_upload_and_the_worker_may_write_nothing_more(
    films: Client, running_job: Job, alice: User
) -> None:
    footage = footage_of(running_job)
    answer = films.post(f"/film/footage/{footage.pk}/stop/", follow=True)
    page = answer.content.decode()
    assert "Your upload is kept" in page
    assert "Start the work again" in page
    running_job.refresh_from_db()
    assert (running_job.state, footage_of(running_job).state) == (JobState.CANCELLED, FootageState.STOPPED)
    with pytest.raises(jobs.LeaseLost):
        jobs.renew(Job(pk=running_job.pk, lease_token=None), step="redact", progress=0.5)
    assert Event.objects.filter(verb="footage.stopped", actor=alice).count() == 1
    assert Event.objects.filter(verb="job.cancelled", actor=alice).count() == 1


def test_starting_again_queues_one_new_job(films: Client, running_job: Job) -> None:
    footage = footage_of(running_job)
    films.post(f"/film/footage/{footage.pk}/stop/")
    for _ in range(2):
        page = films.post(f"/film/footage/{footage.pk}/again/", follow=True).content.decode()
    assert "was nothing to start" in page
    assert footage_of(running_job).state == FootageState.QUEUED
    assert Job.objects.filter(footage=footage, state=JobState.QUEUED).count() == 1


def test_stopping_what_is_over_is_a_sentence(films: Client, alice: User) -> None:
    footage = people.make_footage(alice)
    page = films.post(f"/film/footage/{footage.pk}/stop/", follow=True).content.decode()
    assert "over already" in page
    with pytest.raises(MoveRefused):
        running.again(footage=footage, person=alice)


def test_a_worker_at_full_speed_stops_within_seconds_and_leaves_nothing(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=3, size=(640, 360))
    job = uploaded(path)
    footage = footage_of(job)
    real = engine.whole
    stopped: list[Any] = []

    def stop_in_the_middle(*args: Any, tell: Any, **kwargs: Any) -> Any:
        def told(step: str, share: float, left_s: float | None = None) -> None:
            if step == "redact" and share > 0.2 and not stopped:
                stopped.append(timezone.now())
                running.stop(footage=footage, person=footage.owner)
            tell(step, share, left_s)

        return real(*args, tell=told, **kwargs)

    monkeypatch.setattr(engine, "whole", stop_in_the_middle)
    work(job)
    assert timezone.now() - stopped[0] < timedelta(seconds=5)
    assert (job.state, footage_of(job).state) == (JobState.CANCELLED, FootageState.STOPPED)
    assert not footage.clips.exists()
    assert list(Artefact.objects.values_list("kind", flat=True)) == ["original"]
    assert stored(fixed.S3_BUCKET_DERIVED, s3, footage) == set()
    assert scratch_left() == []
    monkeypatch.undo()
    running.again(footage=footage, person=footage.owner)
    again = Job.objects.get(footage=footage, state=JobState.QUEUED)
    tasks.process_footage(str(again.pk))
    assert footage_of(again).state == FootageState.REVIEW


def test_stopping_while_clips_are_stored_leaves_none_of_them(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=0.8, size=(320, 180))
    job = uploaded(path)
    footage = footage_of(job)
    real, kinds = storing.keep, list[str]()

    def late(**fields: Any) -> Any:
        kept = real(**fields)
        kinds.append(kept.kind)
        if len(kinds) == 3:
            running.stop(footage=footage, person=footage.owner)
        return kept

    monkeypatch.setattr(storing, "keep", late)
    work(job)
    assert footage_of(job).state == FootageState.STOPPED
    assert not footage.clips.exists()
    assert stored(fixed.S3_BUCKET_DERIVED, s3, footage) == set()
