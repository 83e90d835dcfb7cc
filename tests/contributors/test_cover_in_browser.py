"""Alice draws a box over her clip: with the mouse, with the keys alone, by numbers; takes away, undoes, sends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from marketplace.models import Footage
from marketplace.states import ClipState
from pipeline.models import Job, JobKind, ManualBox
from tests import people
from tests.media import make_video

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def footage(tmp_path: Path, s3: object) -> Footage:
    """A footage of one clip of four seconds that a browser really plays."""
    path = tmp_path / "clip.mp4"
    make_video(path, seconds=4, size=(640, 360), plate="B FF 2607", extra=["-movflags", "+faststart"])
    footage = people.make_footage(people.alice(), original_key="originals/x", duration_ms=4000)
    people.make_clip(footage, seconds=4, state=ClipState.REVIEW, media=path.read_bytes())
    return footage


@pytest.fixture
def review_page(live_server: Any, page: Page, footage: Footage) -> Iterator[Page]:
    """The footage's page with the tools of its clip open."""
    client = Client()
    client.force_login(footage.owner)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    page.goto(f"{live_server.url}/film/footage/{footage.pk}/")
    page.get_by_text("Hide something in this clip").first.click()
    page.locator("[data-clip] video").evaluate(
        "video => video.readyState >= 2 || new Promise(done => video.addEventListener('loadeddata', () => done()))"
    )
    yield page
    assert errors == []


def look(page: Page, name: str) -> None:
    """Keep a picture of the page when somebody asks for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def box_of(page: Page) -> tuple[float, float, float, float]:
    values = [page.locator(f"[data-cover-{name}]").input_value() for name in "xywh"]
    x, y, w, h = (float(value) for value in values)
    return x, y, w, h


def test_drawing_with_the_mouse_taking_away_undo_and_sending(review_page: Page, footage: Footage) -> None:
    page = review_page
    page.locator("[data-clip] video").evaluate(
        "video => new Promise(done => { video.addEventListener('seeked', done, {once: true}); video.currentTime = 1; })"
    )
    page.get_by_role("button", name="Draw a box").click()
    area = page.locator(".cover__svg").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.25, area["y"] + area["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.5, area["y"] + area["height"] * 0.75, steps=5)
    page.mouse.up()
    assert box_of(page) == pytest.approx((25, 50, 25, 25), abs=0.6)
    assert float(page.locator("[data-cover-from]").input_value()) == pytest.approx(1, abs=0.05)
    page.locator("[data-cover-until]").fill("2.5")
    look(page, "cover-drawing")
    page.get_by_role("button", name="Add the box to the list").click()
    lines = page.locator("[data-cover-box]")
    expect(lines).to_have_count(1)
    lines.get_by_role("button", name="Take away").click()
    expect(lines).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(lines).to_have_count(1)
    page.get_by_role("button", name="Submit to the moderators").click()
    expect(page.get_by_text("1 box is not covered yet")).to_be_visible()
    look(page, "cover-list")
    page.get_by_role("button", name="Cover it again").click()
    expect(page.get_by_role("heading", name="Being covered again")).to_be_visible()
    look(page, "cover-at-work")
    box = ManualBox.objects.get()
    assert (box.x, box.y, box.w, box.h) == pytest.approx((0.25, 0.5, 0.25, 0.25), abs=0.006)
    assert (box.start_ms, box.end_ms) == pytest.approx((1000, 2500), abs=50)
    assert Job.objects.get().kind == JobKind.COVER


def test_with_the_keys_alone(review_page: Page, footage: Footage) -> None:
    page = review_page
    page.get_by_role("button", name="Draw a box").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cover__svg")).to_be_focused()
    page.keyboard.press("ArrowRight")  # the box appears in the middle
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert box_of(page) == pytest.approx((42, 39, 21, 21), abs=0.11)
    page.keyboard.press("Enter")
    expect(page.locator("[data-cover-box]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Draw a box")).to_be_focused()


def test_numbers_alone_on_a_phone_and_what_is_wrong_with_them(review_page: Page, footage: Footage) -> None:
    page = review_page
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("[data-cover-x]").fill("90")
    page.get_by_role("button", name="Add the box to the list").click()
    expect(page.get_by_text("reaches beyond the picture")).to_be_visible()
    page.locator("[data-cover-x]").fill("70")
    page.locator("[data-cover-until]").fill("0")
    page.get_by_role("button", name="Add the box to the list").click()
    expect(page.get_by_text("must come after")).to_be_visible()
    page.locator("[data-cover-until]").fill("99")
    page.get_by_role("button", name="Add the box to the list").click()
    assert page.locator("input[name=box]").get_attribute("value") == "0.70000,0.40000,0.20000,0.20000,0,4000"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "nothing sticks out of a phone"
    )
    page.get_by_role("button", name="Draw a box").click()
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
    look(page, "cover-phone")
