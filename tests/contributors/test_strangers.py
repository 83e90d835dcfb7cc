"""Mallory, who films too, gets a 404 for everything of Alice's, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from marketplace.models import Footage
from marketplace.states import ClipState, FootageState
from tests import people
from tests.contributors.browser import Browser, checksum

pytestmark = pytest.mark.django_db
PARTS = json.dumps({"parts": [{"number": 1, "sha256": checksum(b"x")}]})


def routes() -> list[Any]:
    """List every address of these pages that names a row."""
    listed = get_resolver("contributors.urls").url_patterns
    return [pattern for pattern in listed if "<uuid:pk>" in str(pattern.pattern)]


def test_no_address_with_alices_id_answers_mallory(browser_of_alice: Browser, attacks: Client) -> None:
    told = browser_of_alice.start(b"x")
    footage = Footage.objects.get(pk=told["id"])
    clip = people.make_clip(footage, state=ClipState.REVIEW)
    assert len(routes()) == 14
    for pattern in routes():
        pk = clip.pk if pattern.name == "clip_media" else footage.pk
        url = "/" + str(pattern.pattern).replace("<uuid:pk>", str(pk)).replace("<slug:kind>", "clip")
        for answer in (attacks.get(url), attacks.post(url, PARTS, content_type="application/json")):
            assert answer.status_code in (404, 405), url
    footage.refresh_from_db()
    clip.refresh_from_db()
    assert (footage.state, clip.state) == (FootageState.UPLOADING, ClipState.REVIEW)
    assert not footage.parts.exists()


def test_mallory_cannot_take_alices_form_over(browser_of_alice: Browser, attacks: Client) -> None:
    from tests.contributors.browser import form

    sent = form()
    browser_of_alice.client.post("/film/upload/start/", sent)
    answer = attacks.post("/film/upload/start/", {**sent, "owner": "1", "state": "decided", "id": "1"})
    assert answer.status_code == 201  # hers, not Alice's: tokens count per person
    assert Footage.objects.count() == 2
    assert set(Footage.objects.values_list("state", flat=True)) == {FootageState.UPLOADING}


def test_the_same_bytes_from_somebody_else_tell_mallory_nothing(
    browser_of_alice: Browser, attacks: Client
) -> None:
    data = b"the same clip"
    browser_of_alice.upload(data)
    told = Browser(attacks).upload(data)
    assert (told["state"], told["warning"]) == ("queued", "")


def test_forms_without_the_token_are_refused(alice: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    footage = people.make_footage(alice)
    for url in (
        "/film/upload/start/",
        f"/film/footage/{footage.pk}/withdraw/",
        f"/film/footage/{footage.pk}/submit/",
    ):
        assert client.post(url).status_code == 403
    footage.refresh_from_db()
    assert footage.state == FootageState.REVIEW


def test_reading_addresses_change_nothing(films: Client, alice: Any) -> None:
    footage = people.make_footage(alice)
    for end in ("submit/", "withdraw/"):
        assert films.get(f"/film/footage/{footage.pk}/{end}").status_code == 405
    footage.refresh_from_db()
    assert footage.state == FootageState.REVIEW
