"""Long footage is shared by workers: one may die, fail or be stopped, and the others' work is not lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as fixed
from django.utils import timezone

from contributors import running
from marketplace.models import Clip, Event, Footage
from marketplace.states import FootageState, JobState
from pipeline import engine, jobs, segments, tasks
from pipeline.models import Job, Segment
from tests.media import make_video
from tests.pipeline.stage import scratch_left, stored, uploaded, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def split(s3: Any, tmp_path: Path, settings: Any) -> Job:
    """A ride of three segments whose first worker has planned it and gone."""
    settings.SEGMENT_SECONDS = 1.0
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=3, size=(320, 180), plate="B FF 2607", extra=["-g", "25"])
    job = uploaded(path)
    work(job)
    assert job.state == JobState.RUNNING
    assert job.segments.count() == 3
    assert not scratch_left() or all("originals" in str(left) for left in scratch_left())
    return job


def run(job: Job, position: int) -> Segment | None:
    """Have a worker take one segment."""
    segment = job.segments.get(position=position)
    tasks.process_segment(str(segment.pk))
    job.refresh_from_db()
    return Segment.objects.filter(pk=segment.pk).first()


def footage_of(job: Job) -> Footage:
    assert job.footage is not None
    job.footage.refresh_from_db()
    return job.footage


def test_segments_in_any_order_become_one_footage(split: Job, s3: Any) -> None:
    for position in (2, 0):
        done = run(split, position)
        assert done is not None
        assert done.state == JobState.DONE
    assert 0.6 < split.progress < 0.7
    assert split.state == JobState.RUNNING
    assert footage_of(split).state == FootageState.PROCESSING
    run(split, 1)
    footage = footage_of(split)
    assert (split.state, footage.state) == (JobState.DONE, FootageState.REVIEW), footage.reason
    assert footage.certificate["segments"] == 3
    assert footage.duration_ms == pytest.approx(3000, abs=50)
    assert sum(clip.frames for clip in Clip.objects.all()) <= 75
    assert not Segment.objects.exists()
    assert not [key for key in stored(fixed.S3_BUCKET_DERIVED, s3, footage) if "/segments/" in key]
    assert scratch_left() == []


def test_a_dead_workers_segment_is_done_by_another_and_finished_ones_are_not_repeated(split: Job) -> None:
    run(split, 0)
    dead = segments.lease(split.segments.get(position=1).pk)
    assert dead is not None
    later = timezone.now() + jobs.LEASE + timedelta(seconds=1)
    segments.sweep(now=later, give_up=lambda _: None)
    assert jobs.sweep(now=later, give_up=lambda _: None)["freed"] == 0, "the job lives on with its segments"
    with pytest.raises(jobs.LeaseLost):
        segments.renew(dead, progress=0.5)
    Segment.objects.update(not_before=timezone.now())
    assert [s.attempts for s in split.segments.order_by("position")] == [1, 1, 0]
    run(split, 2)
    run(split, 1)
    assert footage_of(split).state == FootageState.REVIEW
    assert split.attempts == 1
    assert Event.objects.filter(verb="job.segment_failed", data__segment=1).count() == 1


def test_a_failed_segment_is_tried_again_alone(split: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    real = engine.segment
    failures: list[str] = []

    def once(*args: Any, **kwargs: Any) -> Any:
        if not failures:
            failures.append("the disk was full")
            raise OSError(failures[0])
        return real(*args, **kwargs)

    monkeypatch.setattr(engine, "segment", once)
    failed = run(split, 1)
    assert failed is not None
    assert (failed.state, failed.attempts) == (JobState.QUEUED, 1)
    assert segments.lease(failed.pk) is None, "the back-off has not passed"
    run(split, 0)
    run(split, 2)
    Segment.objects.update(not_before=timezone.now())
    run(split, 1)
    assert footage_of(split).state == FootageState.REVIEW
    assert split.attempts == 1


def test_a_segment_that_never_works_fails_the_job_which_then_goes_on_from_what_is_done(
    split: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(split, 0)
    with monkeypatch.context() as broken:
        broken.setattr(engine, "segment", lambda *_, **__: 1 / 0)
        for _ in range(3):
            Segment.objects.update(not_before=timezone.now())
            run(split, 1)
    assert split.state == JobState.QUEUED
    Job.objects.update(not_before=timezone.now())
    work(split)
    assert split.state == JobState.RUNNING
    assert [s.state for s in split.segments.order_by("position")] == ["done", "queued", "queued"]
    run(split, 1)
    run(split, 2)
    assert footage_of(split).state == FootageState.REVIEW


def test_a_worker_that_dies_while_joining_is_replaced(split: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    run(split, 0)
    run(split, 1)
    with monkeypatch.context() as dying:
        dying.setattr(tasks.work, "join", lambda job: None)  # kill -9: nothing is closed
        run(split, 2)
    later = timezone.now() + jobs.LEASE + timedelta(seconds=1)
    tasks.segments.sweep(now=later, give_up=lambda _: None)
    assert jobs.sweep(now=later, give_up=lambda _: None)["freed"] == 1
    Job.objects.update(not_before=timezone.now())
    work(split)
    assert footage_of(split).state == FootageState.REVIEW
    assert split.attempts == 2


def test_stopping_reaches_every_segment_and_leaves_nothing(split: Job, s3: Any) -> None:
    run(split, 0)
    held = segments.lease(split.segments.get(position=1).pk)
    assert held is not None
    footage = footage_of(split)
    running.stop(footage=footage, person=footage.owner)
    with pytest.raises(jobs.LeaseLost):
        segments.renew(held, progress=0.5)
    assert (
        segments.lease(Segment.objects.filter(position=2).values_list("pk", flat=True).first() or split.pk)
        is None
    )
    segments.sweep(now=timezone.now(), give_up=lambda _: None)
    assert not Segment.objects.exists()
    assert stored(fixed.S3_BUCKET_DERIVED, s3, footage) == set()
    running.again(footage=footage, person=footage.owner)
    footage.refresh_from_db()
    assert footage.state == FootageState.QUEUED


def test_only_one_of_two_workers_that_end_at_once_joins(split: Job) -> None:
    held = [segments.lease(segment.pk) for segment in split.segments.all()]
    ours = [segments.finish(segment, key="", sha256="") for segment in held if segment is not None]
    assert [job.pk for job in ours if job is not None] == [split.pk]
    assert jobs.take_up(split.pk) is None
