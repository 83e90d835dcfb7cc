"""One stored original becomes redacted clips with tags, or a sentence; nothing is left on the worker's disk."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from marketplace import storage, taxonomy
from marketplace.models import Clip, Event, Footage, Tag
from marketplace.states import ClipState, FootageState, JobState, advance
from pipeline import jobs, tasks
from pipeline.models import Artefact, Job
from tests.media import make_video
from tests.pipeline.stage import uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def ride(tmp_path: Path) -> Path:
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=1.2, plate="B FF 2607", extra=["-metadata", "location=+52.5+013.4/"])
    return path


def ended(job: Job) -> tuple[Job, Footage]:
    tasks.process_footage(str(job.pk))
    job.refresh_from_db()
    assert job.footage is not None
    job.footage.refresh_from_db()
    assert not list(settings.FAIRFRAME_WORK.glob("*/*")), "the worker cleans up behind itself"
    return job, job.footage


def test_a_ride_becomes_clips_to_look_at(s3: object, ride: Path, tmp_path: Path) -> None:
    job, footage = ended(uploaded(ride))
    assert (job.state, footage.state) == (JobState.DONE, FootageState.REVIEW), footage.reason
    clip = Clip.objects.get()
    assert clip.state == ClipState.REVIEW
    assert clip.duration_ms == pytest.approx(1200, abs=80)
    assert set(clip.tag_ids) <= taxonomy.known_tags()
    assert {tag.tag_id for tag in Tag.objects.all()} == set(clip.tag_ids)
    assert any(tag.startswith("odd.illumination.") for tag in clip.tag_ids)
    assert footage.certificate["models"]
    assert job.timing["total"] > 0
    media = tmp_path / "clip.mp4"
    storage.get_file(
        bucket=settings.S3_BUCKET_DERIVED, key=clip.media_key, path=media, sha256=clip.media_sha256
    )
    assert b"+52.5" not in media.read_bytes()
    facts = json.loads(storage.get_bytes(bucket=settings.S3_BUCKET_DERIVED, key=clip.poses_key))
    assert {track["kind"] for track in facts["masked"]} >= {"plate"}
    for artefact in Artefact.objects.all():
        found = storage.head(bucket=artefact.bucket, key=artefact.key)
        assert found is not None
        assert found.bytes == artefact.bytes
    assert Event.objects.filter(verb="footage.contributor_review", data__clips=1).exists()


def test_other_bytes_than_the_browser_read_are_refused_with_a_sentence(s3: object, ride: Path) -> None:
    job, footage = ended(uploaded(ride, sha256="0" * 64))
    assert (job.state, footage.state) == (JobState.REFUSED, FootageState.REFUSED)
    assert "upload it again" in footage.reason
    assert not Clip.objects.exists()


@pytest.mark.parametrize("content", [b"not a video at all" * 100, b"#EXTM3U\nfile:///etc/passwd\n"])
def test_what_is_no_video_is_refused_with_a_sentence(s3: object, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "fake.mp4"
    path.write_bytes(content)
    job, footage = ended(uploaded(path))
    assert (job.state, footage.state) == (JobState.REFUSED, FootageState.REFUSED)
    assert footage.reason.endswith(".")
    assert "Traceback" not in footage.reason
    assert job.attempts == 1


def test_a_lost_original_is_tried_three_times_and_then_our_fault(s3: object, ride: Path) -> None:
    job = uploaded(ride, original_key="originals/gone")
    for attempt in range(1, 4):
        Job.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        job, footage = ended(job)
        assert job.attempts == attempt
    assert (job.state, footage.state) == (JobState.FAILED, FootageState.FAILED)
    assert "The upload is safe" in footage.reason


def test_a_withdrawal_while_it_runs_leaves_nothing(s3: object, ride: Path) -> None:
    job = uploaded(ride)
    assert job.footage is not None
    advance(job.footage, FootageState.WITHDRAWN)
    jobs.cancel_for(footage=job.footage)
    job, footage = ended(job)
    assert (job.state, footage.state) == (JobState.CANCELLED, FootageState.WITHDRAWN)
    assert not Clip.objects.exists()
    assert not Artefact.objects.exists()


def test_the_same_message_twice_does_the_work_once(s3: object, ride: Path) -> None:
    job = uploaded(ride)
    tasks.process_footage(str(job.pk))
    tasks.process_footage(str(job.pk))
    assert Clip.objects.count() == 1
    assert Event.objects.filter(verb="job.running").count() == 1
