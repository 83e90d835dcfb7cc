"""An upload goes on after a reload or another day; a file that changed since is found out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as fixed
from django.utils import timezone

from contributors import tasks
from contributors.models import UploadPart
from marketplace import storage
from marketplace.models import Footage
from marketplace.states import FootageState
from tests.contributors.browser import Browser, checksum

pytestmark = pytest.mark.django_db


@pytest.fixture
def half(browser_of_alice: Browser, clip_file: Path, settings: Any) -> tuple[dict[str, Any], bytes]:
    """An upload of two parts of which the first has arrived."""
    settings.UPLOAD_PART_BYTES = 5 * 1024**2
    data = clip_file.read_bytes()
    told = browser_of_alice.start(data)
    browser_of_alice.send(told, data, only={1})
    return told, data


def test_the_server_lists_what_has_arrived_with_its_checksums(browser_of_alice: Browser, half: Any) -> None:
    told, data = half
    status = browser_of_alice.client.get(told["status_url"]).json()
    assert status["parts"] == [{"number": 1, "bytes": 5 * 1024**2, "sha256": checksum(data[: 5 * 1024**2])}]


def test_the_page_lists_the_upload_to_go_on_with(browser_of_alice: Browser, half: Any) -> None:
    page = browser_of_alice.client.get("/film/upload/").content.decode()
    assert "Not finished yet" in page
    assert half[0]["status_url"] in page


def test_only_the_missing_part_is_sent_again(browser_of_alice: Browser, half: Any) -> None:
    told, data = half
    browser_of_alice.send(told, data, only={2})
    assert browser_of_alice.complete(told, data).status_code == 200
    footage = Footage.objects.get()
    assert storage.get_bytes(bucket=fixed.S3_BUCKET_ORIGINALS, key=footage.original_key) == data


def test_other_bytes_for_a_part_that_was_promised_are_refused(browser_of_alice: Browser, half: Any) -> None:
    told, _ = half
    answer = browser_of_alice.post(
        told["parts_url"], {"parts": [{"number": 1, "sha256": checksum(b"changed")}]}
    )
    assert answer.status_code == 409
    assert answer.json()["changed"] is True
    assert "has changed since this upload began" in answer.json()["error"]


def test_the_same_address_may_be_asked_for_again(browser_of_alice: Browser, half: Any) -> None:
    told, data = half
    first = data[: 5 * 1024**2]
    url = browser_of_alice.sign(told, {1: first})[1]
    assert browser_of_alice.put(url, first).status_code == 200


def test_an_upload_nobody_came_back_to_is_thrown_away_after_a_week(
    browser_of_alice: Browser, half: Any
) -> None:
    week = timezone.now() - timedelta(days=8)
    Footage.objects.update(created_at=week)
    assert tasks.expire_uploads() == {"ended": 0, "orphans": 0}  # a part was asked for today
    UploadPart.objects.update(signed_at=week)
    assert tasks.expire_uploads() == {"ended": 1, "orphans": 0}
    footage = Footage.objects.get()
    assert footage.state == FootageState.ABANDONED
    assert "week" in footage.reason
    assert storage.open_uploads(bucket=fixed.S3_BUCKET_ORIGINALS) == []


def test_parts_that_no_upload_knows_are_thrown_away(
    browser_of_alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contributors.uploads import expiry

    storage.start_parts(bucket=fixed.S3_BUCKET_ORIGINALS, key="originals/lost", content_type="video/mp4")
    assert tasks.expire_uploads() == {"ended": 0, "orphans": 0}  # it may belong to a form that is being sent
    monkeypatch.setattr(expiry, "ORPHAN", timedelta(seconds=-5))
    assert tasks.expire_uploads() == {"ended": 0, "orphans": 1}
