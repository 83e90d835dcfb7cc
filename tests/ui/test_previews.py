"""A card plays its silent preview when one points at it, and never unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import media, people

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def for_sale(tmp_path: Path, s3: object) -> None:
    """One package with one clip whose preview really plays."""
    path = tmp_path / "moving.mp4"
    media.make_video(path, seconds=2, size=(320, 180))
    ride = people.make_footage(people.alice(), state="decided", showcase=True)
    people.make_package([people.make_clip(ride, media=path.read_bytes())])


def test_it_plays_while_one_points_at_it(page: Page, live_server: object, for_sale: None) -> None:
    page.emulate_media(reduced_motion="no-preference")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server}/")
    card = page.locator(".mcard")
    source = card.locator("[data-preview-src]").get_attribute("data-preview-src")
    assert source
    assert not [url for url in asked if url.endswith(source)], "nothing is fetched before it is wanted"
    card.hover()
    expect(card.locator(".is-playing video")).to_have_count(1)
    assert card.locator("video").evaluate("video => video.muted")
    page.mouse.move(0, 0)
    expect(card.locator("video")).to_have_count(0)


def test_it_plays_for_the_keyboard_too(page: Page, live_server: object, for_sale: None) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto(f"{live_server}/")
    page.locator(".mcard__link").focus()
    expect(page.locator(".mcard .is-playing video")).to_have_count(1)
    page.locator(".brand").focus()
    expect(page.locator(".mcard video")).to_have_count(0)


def test_it_stays_still_for_people_who_want_less_motion(
    page: Page, live_server: object, for_sale: None
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live_server}/")
    page.locator(".mcard").hover()
    page.wait_for_timeout(600)  # five times the delay after which it would begin
    expect(page.locator(".mcard video")).to_have_count(0)
