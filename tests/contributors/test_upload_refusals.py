"""What cannot be uploaded is refused with a sentence, and nothing is stored of it."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import Client
from django.utils import timezone

from contributors import consents
from contributors.models import Consent, ConsentText, text_digest
from contributors.tasks import delete_files
from marketplace import storage
from marketplace.models import Footage, User
from marketplace.states import FootageState
from pipeline.models import Job
from pipeline.tasks import process_footage
from tests.contributors.browser import Browser, checksum, form

pytestmark = pytest.mark.django_db
START = "/film/upload/start/"


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"size_bytes": 0}, "size_bytes", "empty (0 bytes)"),
        ({"size_bytes": -5}, "size_bytes", "empty"),
        ({"size_bytes": 11 * 1024**3}, "size_bytes", "too large: 11.8 GB of at most 10.7 GB"),
        ({"size_bytes": "many"}, "size_bytes", "whole number"),
        ({"file_name": "holiday.jpg"}, "file_name", "“holiday.jpg” is not a kind of file"),
        ({"file_name": "mp4"}, "file_name", "not a kind of file"),
        ({"file_name": "../../"}, "file_name", "no name"),
        ({"file_name": "\u202e\n"}, "file_name", "no name"),
        ({"title": " "}, "title", "required"),
        ({"title": "x" * 121}, "title", "at most 120"),
        ({"title": "a\0b"}, "title", "Null characters"),
        ({"vertical": "cooking"}, "vertical", "Select a valid choice"),
        ({"vertical": "sports"}, "discipline", "Choose the sport"),
        ({"vertical": "sports", "discipline": "chess"}, "discipline", "Select a valid choice"),
        ({"country": "XX"}, "country", "Select a valid choice"),
        ({"country": ""}, "country", "required"),
        ({"recorded_on": "soon"}, "recorded_on", "valid date"),
        ({"recorded_on": "1889-01-01"}, "recorded_on", "before digital cameras"),
        ({"upload_token": "1"}, "upload_token", "valid UUID"),
        ({"consent_store": None}, "consent_store", "not ticked. Without it nothing is stored"),
        ({"consent_sell": ""}, "consent_sell", "not ticked"),
        ({"consent_people": "on"}, "consent_people", "words of “People in the picture” have changed"),
    ],
)
def test_a_form_that_cannot_be_taken_is_answered_by_field(
    browser_of_alice: Browser, changes: dict[str, Any], field: str, says: str
) -> None:
    answer = browser_of_alice.client.post(START, form(**changes))
    assert answer.status_code == 400
    assert says in answer.json()["fields"][field]
    assert answer.json()["error"]
    assert not Footage.objects.exists()
    assert not Consent.objects.exists()
    assert storage.open_uploads(bucket=settings.S3_BUCKET_ORIGINALS) == []


def test_a_day_in_the_future_is_refused(browser_of_alice: Browser) -> None:
    day = (timezone.now() + timedelta(days=3)).date().isoformat()
    assert "in the future" in browser_of_alice.client.post(START, form(recorded_on=day)).json()["error"]


def test_words_that_changed_while_the_page_was_open_are_not_agreed_to(browser_of_alice: Browser) -> None:
    filled = form()
    words = "Other words."
    ConsentText.objects.create(
        purpose="sell", version="2", text=words, sha256=text_digest(words), required=True
    )
    answer = browser_of_alice.client.post(START, filled)
    assert answer.status_code == 400
    assert "Reload the page" in answer.json()["fields"]["consent_sell"]
    assert [text.version for text in consents.current_texts() if text.purpose == "sell"] == ["2"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("/etc/passwd/../my clip.MP4", "my clip.MP4"),
        ("C:\\videos\\ride.mov", "ride.mov"),
        ("-i $(rm).mkv", "-i $(rm).mkv"),
        ("evil\u202e4pm.exe\u202c.mp4", "evil4pm.exe.mp4"),
        ("a\nb.mp4", "ab.mp4"),
        ("🚲.webm", "🚲.webm"),
        ("x" * 4000 + ".mp4", "x" * 251 + ".mp4"),
        ("CON.avi", "CON.avi"),
    ],
)
def test_strange_names_are_kept_as_text_only(browser_of_alice: Browser, sent: str, kept: str) -> None:
    told = browser_of_alice.start(b"x", file_name=sent)
    footage = Footage.objects.get(pk=told["id"])
    assert footage.file_name == kept
    assert footage.original_key == f"originals/{footage.pk}"


def test_nothing_is_stored_when_object_storage_is_down(
    browser_of_alice: Browser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "client", lambda **_: _nowhere())
    answer = browser_of_alice.client.post(START, form())
    assert answer.status_code == 502
    assert "storage did not answer" in answer.json()["error"]
    assert not Footage.objects.exists()


def _nowhere() -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:9",  # discard: nobody listens there
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"max_attempts": 0}, connect_timeout=1),
    )


def test_a_person_has_only_so_many_unfinished_uploads(
    browser_of_alice: Browser, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contributors.uploads import opening

    monkeypatch.setattr(opening, "MOST_UNFINISHED", 1)
    browser_of_alice.start(b"x")
    answer = browser_of_alice.client.post(START, form())
    assert answer.status_code == 409
    assert "unfinished" in answer.json()["error"]


@pytest.mark.parametrize("number", [0, -1, 2, 10_001])
def test_there_is_no_part_outside_the_file(browser_of_alice: Browser, number: int) -> None:
    told = browser_of_alice.start(b"x")
    answer = browser_of_alice.post(
        told["parts_url"], {"parts": [{"number": number, "sha256": checksum(b"x")}]}
    )
    assert answer.status_code == 400
    assert "there is no part" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        "{}",
        json.dumps({"parts": "all"}),
        json.dumps({"parts": [1]}),
        json.dumps({"parts": [{"number": "1", "sha256": checksum(b"x")}]}),
        json.dumps({"parts": [{"number": True, "sha256": checksum(b"x")}]}),
        json.dumps({"parts": [{"number": 1, "sha256": "short"}]}),
        json.dumps({"parts": [{"number": 1}]}),
        json.dumps({"parts": [{"number": 1, "sha256": checksum(b"x")}] * 2}),
        json.dumps({"parts": [{"number": n, "sha256": checksum(b"x")} for n in range(1, 22)]}),
        "[" * 100_000,
    ],
)
def test_a_question_for_parts_that_makes_no_sense_is_refused(browser_of_alice: Browser, body: str) -> None:
    told = browser_of_alice.start(b"x")
    answer = browser_of_alice.client.post(told["parts_url"], body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_other_bytes_than_promised_are_refused_by_the_store(browser_of_alice: Browser) -> None:
    told = browser_of_alice.start(b"right")
    url = browser_of_alice.sign(told, {1: b"right"})[1]
    assert browser_of_alice.put(url, b"wrong", promised=checksum(b"right")).status_code == 400
    assert browser_of_alice.put(url, b"wrong").status_code == 403  # another checksum than was signed
    assert requests.put(url, data=b"right", timeout=10).status_code == 403  # none at all
    assert browser_of_alice.client.get(told["status_url"]).json()["parts"] == []


def test_a_signed_address_is_good_for_one_part_of_one_file(browser_of_alice: Browser) -> None:
    told = browser_of_alice.start(b"right")
    url = browser_of_alice.sign(told, {1: b"right"})[1]
    for changed in (
        url.replace("partNumber=1", "partNumber=2"),
        url.replace(told["id"], str(uuid.uuid4())),
        url.replace("uploadId=", "uploadId=a"),
        url.partition("?")[0],
    ):
        assert browser_of_alice.put(changed, b"right").status_code in (403, 404)


def test_complete_with_a_missing_part_says_which_and_keeps_the_rest(
    browser_of_alice: Browser, clip_file: Any, settings: Any
) -> None:
    settings.UPLOAD_PART_BYTES = 5 * 1024**2
    data = clip_file.read_bytes()
    told = browser_of_alice.start(data)
    browser_of_alice.send(told, data, only={1})
    answer = browser_of_alice.complete(told, data)
    assert (answer.status_code, answer.json()["missing"]) == (409, [2])
    assert "What has arrived is kept" in answer.json()["error"]
    assert [part["number"] for part in browser_of_alice.client.get(told["status_url"]).json()["parts"]] == [1]
    browser_of_alice.send(told, data, only={2})
    assert browser_of_alice.complete(told, data).status_code == 200


def test_a_part_longer_than_promised_does_not_count(browser_of_alice: Browser) -> None:
    told = browser_of_alice.start(b"five!")
    url = browser_of_alice.sign(told, {1: b"more than five"})[1]
    assert browser_of_alice.put(url, b"more than five").status_code == 200
    answer = browser_of_alice.complete(told, b"more than five")
    assert (answer.status_code, answer.json()["missing"]) == (409, [1])
    assert Footage.objects.get().state == FootageState.UPLOADING


@pytest.mark.parametrize("sha256", ["", "abc", "g" * 64, None])
def test_complete_needs_the_checksum_of_the_whole(browser_of_alice: Browser, sha256: str | None) -> None:
    told = browser_of_alice.start(b"x")
    browser_of_alice.send(told, b"x")
    answer = browser_of_alice.post(told["complete_url"], {"sha256": sha256})
    assert answer.status_code == 400
    assert "checksum" in answer.json()["error"]


def test_a_whole_file_with_another_checksum_is_refused_by_the_worker_and_deleted(
    browser_of_alice: Browser,
) -> None:
    told = browser_of_alice.start(b"the bytes that left")
    browser_of_alice.send(told, b"the bytes that left")
    assert browser_of_alice.complete(told, b"the bytes that were read").status_code == 200
    process_footage(str(Job.objects.get().pk))
    footage = Footage.objects.get()
    assert footage.state == FootageState.REFUSED
    assert "its checksum differs" in footage.reason
    delete_files()
    assert storage.head(bucket=settings.S3_BUCKET_ORIGINALS, key=f"originals/{footage.pk}") is None


def test_after_abort_nothing_is_there_and_nothing_goes_on(browser_of_alice: Browser) -> None:
    told = browser_of_alice.start(b"right")
    url = browser_of_alice.sign(told, {1: b"right"})[1]
    for _ in range(2):  # a second click changes nothing
        assert browser_of_alice.client.post(told["abort_url"]).json()["state"] == "abandoned"
    assert browser_of_alice.put(url, b"right").status_code == 404
    assert storage.open_uploads(bucket=settings.S3_BUCKET_ORIGINALS) == []
    assert browser_of_alice.complete(told, b"right").status_code == 409
    answer = browser_of_alice.post(
        told["parts_url"], {"parts": [{"number": 1, "sha256": checksum(b"right")}]}
    )
    assert "Start again" in answer.json()["error"]


def test_after_complete_the_address_is_dead_and_abort_is_too_late(browser_of_alice: Browser) -> None:
    told = browser_of_alice.start(b"right")
    url = browser_of_alice.sign(told, {1: b"right"})[1]
    browser_of_alice.put(url, b"right")
    assert browser_of_alice.complete(told, b"right").status_code == 200
    assert browser_of_alice.put(url, b"right").status_code == 404
    assert browser_of_alice.client.post(told["abort_url"]).status_code == 409
    assert Footage.objects.get().state == FootageState.QUEUED


def test_signed_out_in_the_middle_is_said_in_json(browser_of_alice: Browser) -> None:
    told = browser_of_alice.start(b"x")
    for method, url in (("get", told["status_url"]), ("post", told["complete_url"]), ("post", START)):
        answer = getattr(Client(), method)(url)
        assert answer.status_code == 401
        assert "signed out" in answer.json()["error"]
