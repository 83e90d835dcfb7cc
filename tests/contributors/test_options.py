"""Alice chooses at upload what is covered and what becomes of the sound, reads it later, and may choose otherwise."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from marketplace.models import Footage, User
from marketplace.states import FootageState
from pipeline import covering, engine
from pipeline.models import Job, JobKind, ManualBox
from tests import people
from tests.contributors.browser import Browser

pytestmark = pytest.mark.django_db
SPORTS = {"vertical": "sports", "discipline": "basketball"}


def started(browser: Browser, **changes: Any) -> Footage:
    return Footage.objects.get(pk=browser.start(b"x", **changes)["id"])


def test_the_page_asks_with_everything_covered_and_no_sound(films: Client) -> None:
    page = films.get("/film/upload/").content.decode()
    ticked = {
        name
        for tag in re.findall(r"<input[^>]*>", page)
        if " checked" in tag and (name := re.findall(r' id="([^"]*)"', tag)[0])
    }
    assert {"id_cover_jerseys", "id_cover_screens", "id_sound_0"} <= ticked
    assert not [name for name in ticked if name.startswith("consent_")]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (SPORTS, (True, True, "drop")),  # a caller that was not asked
        ({"options": "1", **SPORTS}, (False, False, "drop")),  # both boxes unticked
        (
            {"options": "1", "cover_jerseys": "on", "sound": "mute-speech", **SPORTS},
            (True, False, "mute-speech"),
        ),
        ({"options": "1", "cover_jerseys": "on", "cover_screens": "on"}, (False, True, "drop")),  # driving
    ],
)
def test_what_was_ticked_is_kept(
    browser_of_alice: Browser, sent: dict[str, str], kept: tuple[bool, bool, str]
) -> None:
    footage = started(browser_of_alice, **sent)
    assert (footage.cover_jerseys, footage.cover_screens, footage.sound) == kept


def test_an_unknown_sound_is_refused(browser_of_alice: Browser) -> None:
    from tests.contributors.browser import form

    answer = browser_of_alice.client.post("/film/upload/start/", form(sound="loud"))
    assert answer.status_code == 400
    assert "sound" in answer.json()["fields"]


def test_they_are_shown_later_and_changed_until_she_submits(films: Client, alice: User) -> None:
    footage = people.make_footage(alice, vertical="sports", original_key="originals/x", cover_jerseys=True)
    people.make_clip(footage, state="contributor_review")
    page = films.get(f"/film/footage/{footage.pk}/").content.decode()
    assert "<dt>Jersey numbers and names</dt><dd>covered</dd>" in page
    assert "<dt>Sound</dt><dd>dropped</dd>" in page
    answer = films.post(
        f"/film/footage/{footage.pk}/cover/", {"options": "1", "sound": "mute-speech"}, follow=True
    )
    assert "It is being covered again" in answer.content.decode()
    job = Job.objects.get()
    assert job.kind == JobKind.COVER
    assert covering.order_of(job)[0] == covering.Options(jerseys=False, screens=False, sound="mute-speech")
    footage.refresh_from_db()
    assert footage.cover_jerseys, "what is said is what the present clips were made with"
    Footage.objects.filter(pk=footage.pk).update(state=FootageState.DECIDED)
    assert "Choose otherwise" not in films.get(f"/film/footage/{footage.pk}/").content.decode()


def test_they_and_the_boxes_reach_the_engine_in_its_words(alice: User) -> None:
    footage = people.make_footage(alice, vertical="sports", cover_jerseys=True, sound="mute-speech")
    people.make_clip(footage)  # 1280 × 720
    box = ManualBox(x=0.5, y=0.25, w=0.1, h=0.2, start_ms=1500, end_ms=2500)
    made = engine.choices(footage, covering.Options.of(footage), [box])
    assert (made.vertical, made.discipline) == ("sports", "basketball")
    assert (made.jersey, made.screens, made.audio) == (True, False, "mute-speech")
    assert made.manual[0].box == (640, 180, 128, 144)
    assert (made.manual[0].start_s, made.manual[0].end_s) == (1.5, 2.5)
