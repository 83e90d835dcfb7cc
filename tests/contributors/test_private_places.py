"""Alice's private places and telemetry files: told once, kept with the footage, gone with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from contributors import retention
from contributors.models import PrivateZone, TelemetryFile
from contributors.zones import MOST_ZONES
from marketplace import storage
from marketplace.models import Footage, User
from marketplace.states import FootageState
from pipeline.private import request_of
from tests.contributors.browser import Browser, form
from tests.telemetry import files

pytestmark = pytest.mark.django_db
URL = "/film/private/"
HOME = {"form": "zone", "name": "Home", "middle": "48.2082, 16.3738", "radius_m": "400"}


def gpx(name: str = "ride.gpx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, files.gpx(files.trip(60)), content_type="application/gpx+xml")


def test_alice_adds_and_removes_a_place(films: Client, alice: User) -> None:
    assert "None yet" in films.get(URL).content.decode()
    answer = films.post(URL, HOME, follow=True)
    assert "“Home” is private" in answer.content.decode()
    zone = PrivateZone.objects.get(owner=alice)
    assert (zone.latitude, zone.longitude, zone.radius_m) == (48.2082, 16.3738, 400)
    assert films.get("/film/data/export/").json()["private_places"][0]["name"] == "Home"
    films.post(f"{URL}{zone.pk}/delete/")
    assert not PrivateZone.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"middle": "Vienna"}, "Write two numbers"),
        ({"middle": "98, 16"}, "There is no such place"),
        ({"radius_m": "10"}, "greater than or equal to 50"),
        ({"name": ""}, "required"),
    ],
)
def test_what_is_wrong_with_a_place_is_said(films: Client, change: dict[str, str], words: str) -> None:
    answer = films.post(URL, HOME | change)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not PrivateZone.objects.exists()


def test_there_is_an_end_to_places(films: Client, alice: User) -> None:
    for number in range(MOST_ZONES):
        PrivateZone.objects.create(owner=alice, name=str(number), latitude=1, longitude=1, radius_m=100)
    assert f"You have {MOST_ZONES} private places" in films.post(URL, HOME).content.decode()
    assert PrivateZone.objects.count() == MOST_ZONES


def test_mallory_cannot_remove_alices_place(films: Client, attacks: Client, alice: User) -> None:
    films.post(URL, HOME)
    zone = PrivateZone.objects.get(owner=alice)
    attacks.post(f"{URL}{zone.pk}/delete/")
    assert PrivateZone.objects.filter(pk=zone.pk).exists()
    assert "48.2082, 16.3738</td>" not in attacks.get(URL).content.decode()
    assert Client().get(URL).status_code == 302


def test_the_engine_is_told_of_places_distance_and_telemetry(
    browser_of_alice: Browser, films: Client, alice: User, tmp_path
) -> None:
    films.post(URL, HOME)
    films.post(URL, {"form": "trim", "trip_trim_m": "500"})
    told = browser_of_alice.start(b"a clip", telemetry=gpx(), clock_offset_s="-2.5")
    footage = Footage.objects.get(pk=told["id"])
    request = request_of(footage, folder=tmp_path)
    assert request.privacy.trim_m == 500
    assert [(zone.lat, zone.radius_m) for zone in request.privacy.zones] == [(48.2082, 400)]
    assert request.clock_offset_s == -2.5
    assert request.sidecar is not None
    assert request.sidecar.read_bytes() == files.gpx(files.trip(60))


def test_without_a_word_300_metres_are_kept_back(browser_of_alice: Browser, tmp_path) -> None:
    told = browser_of_alice.start(b"a clip")
    request = request_of(Footage.objects.get(pk=told["id"]), folder=tmp_path)
    assert (request.sidecar, request.privacy.trim_m, request.privacy.zones) == (None, 300.0, ())


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"telemetry": SimpleUploadedFile("a.gpx", b"<gpx><trk>")}, "telemetry", "“a.gpx” is not a GPX file"),
        ({"telemetry": SimpleUploadedFile("a.csv", b"")}, "telemetry", "“a.csv” is none of GPX, NMEA or CSV"),
        ({"clock_offset_s": "soon"}, "clock_offset_s", "Write seconds as a number"),
    ],
)
def test_a_wrong_telemetry_file_is_refused_before_a_byte_of_video(
    browser_of_alice: Browser, change: dict[str, object], field: str, words: str
) -> None:
    answer = browser_of_alice.client.post("/film/upload/start/", form(**change))
    assert answer.status_code == 400
    assert words in answer.json()["fields"][field]
    assert not Footage.objects.exists()


def test_the_same_form_twice_keeps_one_file(browser_of_alice: Browser) -> None:
    token = form()["upload_token"]
    first = browser_of_alice.start(b"a clip", upload_token=token, telemetry=gpx())
    second = browser_of_alice.start(b"a clip", upload_token=token, telemetry=gpx())
    assert first["id"] == second["id"]
    assert TelemetryFile.objects.get().fixes == 61


def test_the_telemetry_file_goes_with_the_original(browser_of_alice: Browser) -> None:
    for title, state in (("kept", FootageState.DECIDED), ("gone", FootageState.WITHDRAWN)):
        told = browser_of_alice.start(title.encode(), telemetry=gpx(), title=title)
        Footage.objects.filter(pk=told["id"]).update(
            state=state, state_changed_at=timezone.now() - timedelta(days=400)
        )
    keys = list(TelemetryFile.objects.values_list("key", flat=True))
    assert all(storage.head(bucket=settings.S3_BUCKET_ORIGINALS, key=key) for key in keys)
    retention.delete_files(now=timezone.now())
    assert len(keys) == 2
    assert not any(storage.head(bucket=settings.S3_BUCKET_ORIGINALS, key=key) for key in keys)
