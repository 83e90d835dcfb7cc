"""Alice reads and takes everything that is held about her."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from marketplace.models import Footage, User
from marketplace.states import ClipState, advance
from tests import people
from tests.contributors.browser import Browser

pytestmark = pytest.mark.django_db


def test_the_export_holds_footage_consents_clips_and_events(browser_of_alice: Browser, alice: User) -> None:
    told = browser_of_alice.upload(b"a clip", title="Straße im Regen")
    footage = Footage.objects.get(pk=told["id"])
    clip = people.make_clip(footage, state=ClipState.IN_MODERATION)
    advance(clip, ClipState.REJECTED, actor=people.mo(), reason="Too dark.")
    people.make_footage(people.mallory(), title="Not hers")
    answer = browser_of_alice.client.get("/film/data/export/")
    assert answer["Content-Disposition"].startswith('attachment; filename="fairframe-my-data-')
    text = answer.content.decode()
    data = json.loads(text)
    assert data["account"]["email"] == alice.email
    assert data["profile"]["display_name"] == "Alice"
    (row,) = data["footage"]
    assert (row["title"], row["sha256"], row["recorded_on"]) == (
        "Straße im Regen",
        footage.sha256,
        "2024-05-03",
    )
    assert {given["purpose"] for given in row["consents"]} == {"store", "sell", "people"}
    assert all(given["text"] and given["address_prefix"] == "127.0.0.0/24" for given in row["consents"])
    assert (row["clips"][0]["state"], row["clips"][0]["reason"]) == ("rejected", "Too dark.")
    assert row["clips"][0]["tags"][0]["id"]
    assert [event["verb"] for event in row["events"]] == ["consent.given", "footage.queued", "clip.rejected"]
    assert [event["by"] for event in row["events"]] == ["you", "you", "fairframe"]
    for secret in ("Not hers", "mo@example.org", "original_key", "upload_id", alice.password):
        assert secret not in text


def test_the_page_lists_every_consent_with_its_words(browser_of_alice: Browser) -> None:
    told = browser_of_alice.upload(b"a clip")
    browser_of_alice.client.post(f"/film/footage/{told['id']}/withdraw/")
    page = browser_of_alice.client.get("/film/data/").content.decode()
    assert page.count(">Given<") == 3
    assert page.count(">Withdrawn<") == 3
    assert "I agree that Fairframe stores this recording" in page
    assert "Germany" in page


def test_an_account_with_nothing_still_has_an_export(films: Client) -> None:
    assert json.loads(films.get("/film/data/export/").content)["footage"] == []
