"""A telemetry file that does not fit stops the work with a sentence; the video is kept and the file can be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contributors import letters, sidecars
from contributors.models import PrivateZone, TelemetryFile
from marketplace import storage
from marketplace.models import Clip, Footage, Tag, User
from marketplace.states import ClipState, FootageState
from pipeline.models import Artefact, Job
from tests.media import make_video
from tests.pipeline.stage import uploaded, work
from tests.telemetry import files
from tests.telemetry.files import Trip

pytestmark = pytest.mark.django_db
SECONDS = 6


def csv(drive: Trip) -> bytes:
    return files.csv(drive, began=None)


def sent(data: bytes, name: str = "ride.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="text/csv")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "ride.mp4"
    make_video(path, SECONDS, (320, 240), 10, seed=4)
    return path


@pytest.fixture
def stopped(s3: object, alice: User, video: Path) -> Footage:
    """Alice's ride whose telemetry file is of another trip."""
    alice.contributor_profile.trip_trim_m = 0
    alice.contributor_profile.save()
    job = uploaded(video, owner=alice)
    assert job.footage is not None
    other = sidecars.Sidecar(name="other.csv", data=csv(files.trip(600)), fixes=601)
    sidecars.keep(footage=job.footage, sidecar=other, clock_offset_s=0)
    return work(job)


def page(films: Client, footage: Footage) -> str:
    return films.get(f"/film/footage/{footage.pk}/").content.decode()


def change(films: Client, footage: Footage, **fields: object) -> str:
    return films.post(f"/film/footage/{footage.pk}/telemetry/", fields, follow=True).content.decode()


def next_run(footage: Footage) -> Footage:
    return work(Job.objects.filter(footage=footage).latest("created_at"))


def test_another_trips_file_stops_the_work_and_loses_nothing(films: Client, stopped: Footage) -> None:
    assert stopped.state == FootageState.STOPPED
    assert "does not fit: it lasts 10 min 0 s, the recording 6 s" in stopped.reason
    assert storage.head(bucket=settings.S3_BUCKET_ORIGINALS, key=stopped.original_key)
    shown = page(films, stopped)
    assert "does not fit" in shown
    assert "other.csv" in shown
    assert "Start the work with it" in shown
    assert letters.send_due() == 1
    assert "Your upload is kept" in mail.outbox[0].body


def test_the_right_file_starts_the_work_again(films: Client, stopped: Footage) -> None:
    answer = change(films, stopped, telemetry=sent(csv(files.trip(SECONDS))), clock_offset_s="0")
    assert "your video did not have to be sent again" in answer
    footage = next_run(stopped)
    assert footage.state == FootageState.REVIEW, footage.reason
    assert footage.certificate["telemetry"]["top_mps"] == pytest.approx(15, abs=0.5)
    shown = page(films, footage)
    assert "the CSV file" in shown
    assert "The telemetry file or its clock was changed." in shown
    assert "54 km/h" in shown
    assert "Austria" in shown
    kept = Artefact.objects.get(footage=footage, kind="telemetry")
    assert kept.key == TelemetryFile.objects.get().key, "the file of the other trip is deleted"


def test_going_on_without_a_file(films: Client, stopped: Footage) -> None:
    change(films, stopped, without="on")
    assert not TelemetryFile.objects.exists()
    assert next_run(stopped).state == FootageState.REVIEW
    assert "Neither the video nor a file beside it" in page(films, stopped)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose a file, another offset, or to go on without a file."),
        ({"clock_offset_s": "soon"}, "Write seconds as a number"),
        ({"telemetry": sent(b"hello", "notes.txt")}, "“notes.txt” is none of GPX, NMEA or CSV"),
    ],
)
def test_what_changes_nothing_is_said(
    films: Client, stopped: Footage, fields: dict[str, object], words: str
) -> None:
    answer = change(films, stopped, **fields)
    assert words in answer
    assert "Nothing was changed." in answer
    stopped.refresh_from_db()
    assert stopped.state == FootageState.STOPPED


def test_another_offset_after_a_look_is_a_new_run_with_new_tags(films: Client, stopped: Footage) -> None:
    change(films, stopped, telemetry=sent(csv(files.trip(SECONDS))))
    footage = next_run(stopped)
    clip = Clip.objects.get(footage=footage, state=ClipState.REVIEW)
    Tag.objects.create(
        clip=clip, tag_id="odd.weather.snow", taxonomy_version=2, start_ms=0, end_ms=900, source="human:7",
        confidence=1,
    )  # fmt: skip
    assert "processed with it" in change(films, footage, clock_offset_s="1.5")
    assert "Telemetry can be changed while" not in page(films, footage)
    footage = next_run(footage)
    assert footage.certificate["telemetry"]["clock_offset_s"] == 1.5
    assert "+1.5 s" in page(films, footage)
    clip.refresh_from_db()
    assert clip.state == ClipState.REVIEW
    assert clip.tags.filter(source="human:7").count() == 1
    assert clip.tags.filter(tag_id="ego.straight").count() == 1
    assert "odd.weather.snow" in clip.tag_ids


def test_a_place_that_became_private_is_cut_out_of_what_waits(
    films: Client, alice: User, stopped: Footage
) -> None:
    there = files.trip(SECONDS, speed=40.0)
    change(films, stopped, telemetry=sent(csv(there)))
    footage = next_run(stopped)
    assert footage.certificate["dropped"] == []
    PrivateZone.objects.create(
        owner=alice, name="Home", latitude=there.lat[0], longitude=there.lon[0], radius_m=50
    )
    assert "private places of today" in change(films, footage, places="1")
    footage = next_run(footage)
    assert [part["reason"] for part in footage.certificate["dropped"]] == ["private"]
    live = Clip.objects.filter(footage=footage, state=ClipState.REVIEW)
    assert all(clip.start_ms >= 1000 * footage.certificate["dropped"][0]["end_s"] for clip in live)
    assert live.exists()


def test_mallory_cannot_change_alices_telemetry(attacks: Client, stopped: Footage) -> None:
    answer = attacks.post(f"/film/footage/{stopped.pk}/telemetry/", {"without": "on"})
    assert answer.status_code == 404
    assert TelemetryFile.objects.count() == 1


def test_submitted_footage_keeps_its_telemetry(films: Client, stopped: Footage) -> None:
    Footage.objects.filter(pk=stopped.pk).update(state=FootageState.IN_MODERATION)
    assert "Nothing was changed" in change(films, stopped, without="on")
    assert TelemetryFile.objects.count() == 1
