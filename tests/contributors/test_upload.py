"""Alice uploads: consents first, parts straight to object storage, one row and one job at the end."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from contributors.models import Consent, UploadPart
from marketplace import storage
from marketplace.models import Event, Footage, User
from marketplace.states import FootageState
from pipeline.models import Job
from tests.contributors.browser import Browser, form

pytestmark = pytest.mark.django_db


def test_the_file_arrives_byte_for_byte_and_is_queued(
    browser_of_alice: Browser, alice: User, clip_file: Path
) -> None:
    data = clip_file.read_bytes()
    told = browser_of_alice.start(data)
    assert told["part_count"] == 1  # 16 MiB parts
    browser_of_alice.send(told, data)
    answer = browser_of_alice.complete(told, data)
    assert answer.status_code == 200
    footage = Footage.objects.get(owner=alice)
    assert (footage.state, footage.sha256) == (FootageState.QUEUED, hashlib.sha256(data).hexdigest())
    assert storage.get_bytes(bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key) == data
    assert Job.objects.filter(footage=footage, state="queued").count() == 1
    assert not UploadPart.objects.exists()
    assert answer.json()["footage_url"] == reverse("contributors:footage", args=[footage.pk])


def test_a_file_of_several_parts_is_joined_in_order(
    browser_of_alice: Browser, clip_file: Path, settings: Any
) -> None:
    settings.UPLOAD_PART_BYTES = 5 * 1024**2
    data = clip_file.read_bytes()
    told = browser_of_alice.upload(data)
    assert told["part_count"] == 2
    footage = Footage.objects.get(pk=told["id"])
    assert storage.get_bytes(bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key) == data


def test_each_consent_is_a_row_with_the_words_the_time_and_the_network(
    browser_of_alice: Browser, alice: User
) -> None:
    told = browser_of_alice.start(b"x" * 100)
    rows = Consent.objects.filter(footage_id=told["id"], person=alice).select_related("text")
    assert {row.text.purpose for row in rows} == {
        "store",
        "sell",
        "people",
    }  # the optional ones were not ticked
    assert all(row.given and row.text_sha256 == row.text.sha256 for row in rows)
    assert all(row.address_prefix == "127.0.0.0/24" and "not pre-ticked" in row.how for row in rows)
    assert all(hashlib.sha256(row.text.text.encode()).hexdigest() == row.text_sha256 for row in rows)
    assert Event.objects.filter(verb="consent.given", subject_id=told["id"], actor=alice).exists()


def test_the_same_form_sent_twice_finds_the_first_upload(browser_of_alice: Browser) -> None:
    sent = form(size_bytes=100)
    first, second = (
        browser_of_alice.client.post(reverse("contributors:upload_start"), sent) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Footage.objects.count() == 1
    assert Consent.objects.count() == 3


def test_the_same_form_with_another_file_is_refused(browser_of_alice: Browser) -> None:
    sent = form(size_bytes=100)
    browser_of_alice.client.post(reverse("contributors:upload_start"), sent)
    answer = browser_of_alice.client.post(reverse("contributors:upload_start"), {**sent, "size_bytes": 101})
    assert answer.status_code == 409
    assert "already used" in answer.json()["error"]


def test_complete_twice_queues_once(browser_of_alice: Browser) -> None:
    data = b"a small clip"
    told = browser_of_alice.upload(data)
    again = browser_of_alice.complete(told, data)
    assert (again.status_code, again.json()["state"]) == (200, "queued")
    assert Job.objects.count() == 1


def test_complete_goes_on_after_an_answer_that_was_lost(browser_of_alice: Browser) -> None:
    data = b"a small clip"
    told = browser_of_alice.start(data)
    browser_of_alice.send(told, data)
    footage = Footage.objects.get(pk=told["id"])
    parts = storage.list_parts(
        bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key, upload_id=footage.upload_id
    )
    promised = footage.parts.get().sha256
    storage.complete_parts(
        bucket=settings.S3_BUCKET_ORIGINALS,
        key=footage.original_key,
        upload_id=footage.upload_id,
        parts=[{**part, "sha256": promised} for part in parts],
    )
    assert browser_of_alice.complete(told, data).status_code == 200
    footage.refresh_from_db()
    assert footage.state == FootageState.QUEUED


def test_sports_footage_keeps_its_discipline_and_driving_has_none(browser_of_alice: Browser) -> None:
    sports = browser_of_alice.start(b"x", vertical="sports", discipline="basketball")
    driving = browser_of_alice.start(b"x", vertical="driving", discipline="basketball")
    assert Footage.objects.get(pk=sports["id"]).discipline == "basketball"
    assert Footage.objects.get(pk=driving["id"]).discipline == ""


def test_alices_second_copy_of_a_file_is_thrown_away_with_a_link_to_the_first(
    browser_of_alice: Browser,
) -> None:
    data = b"the same clip"
    first = browser_of_alice.upload(data)
    second = browser_of_alice.start(data, title="Again")
    known = browser_of_alice.client.get(second["status_url"], {"sha256": hashlib.sha256(data).hexdigest()})
    assert known.json()["duplicate"]["url"] == first["footage_url"]
    browser_of_alice.send(second, data)
    answer = browser_of_alice.complete(second, data)
    assert answer.status_code == 409
    assert "uploaded this file before" in answer.json()["error"]
    assert answer.json()["duplicate_url"] == first["footage_url"]
    copy = Footage.objects.get(pk=second["id"])
    assert copy.state == FootageState.ABANDONED
    assert storage.head(bucket=settings.S3_BUCKET_ORIGINALS, key=copy.original_key) is None


def test_a_file_that_was_withdrawn_may_come_again_with_a_word_about_it(browser_of_alice: Browser) -> None:
    data = b"the same clip"
    first = browser_of_alice.upload(data)
    browser_of_alice.client.post(reverse("contributors:footage_withdraw", args=[first["id"]]))
    second = browser_of_alice.upload(data)
    assert "uploaded the same file before" in second["warning"]
    assert Footage.objects.get(pk=second["id"]).state == FootageState.QUEUED


def test_the_page_says_limits_before_and_ticks_nothing(browser_of_alice: Browser) -> None:
    page = browser_of_alice.client.get(reverse("contributors:upload")).content.decode()
    assert "MP4, MOV" in page
    assert "10.7 GB" in page  # the engine's 10 GiB, which is less than the store's limit
    assert page.count('name="consent_') == 5
    boxes = [line for line in page.splitlines() if 'name="consent_' in line]
    assert not any("checked" in line for line in boxes)
