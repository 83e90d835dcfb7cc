"""The curator's page in Chromium: nothing is blocked, nothing sticks out, axe finds nothing serious."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from tests import people

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
WEATHER = ("clear", "rain", "fog")


def test_cora_chooses_by_condition_on_a_screen_and_on_a_phone(
    page: Page, live_server: Any, s3: object
) -> None:
    for number, weather in enumerate(WEATHER):
        footage = people.make_footage(people.alice(f"alice{number}@example.org"), title=f"Ride {number}")
        light = "day" if number else "night_lit"
        for position in range(2 + number):
            people.make_clip(
                footage,
                position=position,
                seconds=300,
                tags=(f"odd.weather.{weather}", f"odd.illumination.{light}"),
            )
    client = Client()
    client.force_login(people.staff("cora@example.org", "Curators"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda line: broken.append(line.text) if "Content Security" in line.text else None)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{live_server}/desk/packages/choose/")
        expect(page.get_by_role("status").first).to_contain_text("9 clips, 45 min")
        page.get_by_label("Rain").check()
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("status").first).to_contain_text("3 clips, 15 min")
        page.get_by_role("link", name="Start over").click()
        expect(page.get_by_role("table", name="Weather by illumination, in time")).to_be_visible()
        assert page.evaluate("document.querySelector('.desk-choose').scrollWidth <= innerWidth")
        serious = [
            v
            for v in Axe().run(page, ".desk-choose").response["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert not serious, serious
    page.get_by_role("button", name="Make a package of these").click()
    expect(page.get_by_text("Driving usually costs $100 to $500 an hour")).to_be_visible()
    assert not broken
