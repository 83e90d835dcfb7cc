"""A person draws a box or chooses otherwise: the footage is covered again, and nothing changes until that is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as fixed

from marketplace import storage
from marketplace.models import Clip, Event, Footage
from marketplace.states import ClipState, FootageState, JobState, MoveRefused, advance
from pipeline import covering, engine, jobs, tasks
from pipeline.covering import Box, Options
from pipeline.models import Job, ManualBox
from tests import people
from tests.media import frames_of, make_video
from tests.pipeline.stage import scratch_left, stored, uploaded, work

pytestmark = pytest.mark.django_db
BOX = Box(x=0.25, y=0.25, w=0.25, h=0.25, start_ms=0, end_ms=900)


@pytest.fixture
def footage(s3: Any, tmp_path: Path) -> Footage:
    """A short ride that waits for Alice's look."""
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=1.2, size=(320, 180), still=True, audio=True)
    footage = work(uploaded(path))
    assert footage.state == FootageState.REVIEW
    return footage


def ask(footage: Footage, **fields: Any) -> Job:
    job = covering.ask(footage=footage, person=footage.owner, **fields)
    assert job is not None
    return job


def picture(clip: Clip, tmp_path: Path) -> Any:
    """Decode the middle frame of a clip as it lies in the store."""
    path = tmp_path / f"{clip.media_sha256}.mp4"
    storage.get_file(bucket=fixed.S3_BUCKET_DERIVED, key=clip.media_key, path=path, sha256=clip.media_sha256)
    frames = frames_of(path)
    return frames[len(frames) // 4].astype(np.float64)


def report_of(footage: Footage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        storage.get_bytes(bucket=fixed.S3_BUCKET_DERIVED, key=footage.report_key)
    )
    return found


def test_a_drawn_box_is_covered_under_the_same_clip_and_the_old_files_are_gone(
    footage: Footage, s3: Any, tmp_path: Path
) -> None:
    before = footage.clips.get()
    seen = picture(before, tmp_path)
    old = stored(fixed.S3_BUCKET_DERIVED, s3, footage)
    job = ask(footage, add=[BOX])
    assert footage.clips.get().media_key == before.media_key, "what is there stays until the new is whole"
    footage = work(job)
    assert (job.state, footage.state) == (JobState.DONE, FootageState.REVIEW), job.reason
    after = footage.clips.get()
    assert (after.pk, after.state, after.start_ms) == (before.pk, ClipState.REVIEW, before.start_ms)
    assert after.media_sha256 != before.media_sha256
    inside = (slice(60, 75), slice(95, 145))
    assert picture(after, tmp_path)[inside].std(axis=(0, 1)).max() < seen[inside].std(axis=(0, 1)).max() / 3
    assert footage.certificate["tracks"]["manual"]["found"] == 1
    assert footage.certificate["reused_detections"] is True
    now = stored(fixed.S3_BUCKET_DERIVED, s3, footage)
    assert before.media_key not in now
    assert len(now) == len(old)
    box = ManualBox.objects.get()
    assert box.applied_at is not None
    asked = Event.objects.get(verb="footage.cover_asked")
    assert asked.actor == footage.owner
    assert asked.data["added"][0]["w"] == 0.25
    assert scratch_left() == []


def test_taking_a_box_away_uncovers_it(footage: Footage) -> None:
    work(ask(footage, add=[BOX]))
    box = ManualBox.objects.get()
    footage = work(ask(footage, remove=[box.pk]))
    assert not ManualBox.objects.exists()
    assert "manual" not in footage.certificate["tracks"]


def test_other_options_are_made_and_recorded(footage: Footage) -> None:
    footage = work(ask(footage, options=Options(screens=True, sound="mute-speech")))
    assert (footage.cover_screens, footage.sound) == (True, "mute-speech")
    made = report_of(footage)["options"]
    assert (made["screens"], made["audio"]) == (True, "mute-speech")
    assert footage.certificate["reused_detections"] is False, "other things were looked for"
    options = Options(screens=True, sound="drop")
    footage = work(ask(footage, options=options))
    assert Options.of(footage) == options
    assert footage.certificate["reused_detections"] is True


def test_a_stopped_or_failed_try_leaves_everything_as_it_was(
    footage: Footage, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(ask(footage, add=[BOX]))
    footage.refresh_from_db()
    old, first = stored(fixed.S3_BUCKET_DERIVED, s3, footage), ManualBox.objects.get()
    job = ask(footage, remove=[first.pk], options=Options(sound="mute-speech"))
    assert covering.active(footage) == []
    with monkeypatch.context() as broken:
        broken.setattr(engine, "whole", lambda *_, **__: 1 / 0)
        Job.objects.update(max_attempts=1)
        footage = work(job)
    assert job.state == JobState.FAILED
    assert footage.state == FootageState.REVIEW
    assert footage.sound == "drop"
    assert [box.pk for box in covering.active(footage)] == [first.pk]
    assert "The clips that you see are kept" in covering.last_trouble(footage)
    assert stored(fixed.S3_BUCKET_DERIVED, s3, footage) == old


def test_a_clip_that_was_decided_waits_again_when_its_picture_changes(footage: Footage) -> None:
    clip = footage.clips.get()
    advance(footage, FootageState.IN_MODERATION)
    for state in (ClipState.IN_MODERATION, ClipState.APPROVED):
        advance(clip, state)
    job = covering.ask(footage=footage, person=people.mo(), add=[BOX], desk=True)
    assert job is not None
    footage = work(job)
    assert footage.state == FootageState.IN_MODERATION
    assert footage.clips.get().state == ClipState.IN_MODERATION


@pytest.mark.parametrize(
    ("box", "sentence"),
    [
        (Box(0.5, 0.5, 0.001, 0.2, 0, 900), "too small"),
        (Box(0.9, 0.5, 0.2, 0.2, 0, 900), "beyond the picture"),
        (Box(0.5, 0.5, 0.2, 0.2, 900, 900), "comes after its start"),
        (Box(0.5, 0.5, 0.2, 0.2, 99_000, 99_900), "after the footage ends"),
    ],
)
def test_a_box_that_hides_nothing_is_refused(box: Box, sentence: str) -> None:
    footage = people.make_footage(people.alice(), original_key="originals/x")
    with pytest.raises(MoveRefused, match=sentence):
        covering.ask(footage=footage, person=footage.owner, add=[box])
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "line", ["", "1,2,3", "a,b,c,d,e,f", "nan,0,1,1,0,1", "0,0,1,1,0,inf", "0,0,1,1,1e400,2"]
)
def test_nonsense_instead_of_a_box_is_a_sentence(line: str) -> None:
    with pytest.raises(MoveRefused, match="did not arrive whole"):
        covering.read_boxes([line])


def test_who_may_ask_and_when() -> None:
    footage = people.make_footage(people.alice(), original_key="originals/x")
    mo = people.mo()
    with pytest.raises(MoveRefused, match="not with the moderators"):
        covering.ask(footage=footage, person=mo, add=[BOX], desk=True)
    job = ask(footage, add=[BOX])
    with pytest.raises(MoveRefused, match="at this moment"):
        ask(footage, add=[BOX])
    jobs.cancel_for(footage=footage)
    tasks.covering.release(job)
    advance(footage, FootageState.IN_MODERATION)
    with pytest.raises(MoveRefused, match="only while the footage waits for you"):
        ask(footage, add=[BOX])
    Footage.objects.filter(pk=footage.pk).update(original_key="")
    with pytest.raises(MoveRefused, match="original is deleted"):
        covering.ask(footage=footage, person=mo, add=[BOX], desk=True)


def test_the_owner_takes_away_only_what_she_drew() -> None:
    footage = people.make_footage(people.alice(), original_key="originals/x")
    box = ManualBox.objects.create(
        footage=footage, x=0.1, y=0.1, w=0.1, h=0.1, start_ms=0, end_ms=100, drawn_by=people.mo()
    )
    covering.ask(footage=footage, person=footage.owner, add=[BOX], remove=[box.pk])
    assert box in covering.active(footage)


def test_a_box_that_was_never_covered_is_taken_away_without_work() -> None:
    footage = people.make_footage(people.alice(), original_key="originals/x")
    ask(footage, add=[BOX])
    jobs.cancel_for(footage=footage)
    box = ManualBox.objects.get()
    assert covering.ask(footage=footage, person=footage.owner, remove=[box.pk]) is None
    assert not ManualBox.objects.exists()
    with pytest.raises(MoveRefused, match="Nothing is different"):
        covering.ask(footage=footage, person=footage.owner)
