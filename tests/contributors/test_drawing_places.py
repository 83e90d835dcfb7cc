"""A private place is drawn on a map without tiles: towns from our own list, mouse and keys, and saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from contributors import towns
from contributors.models import PrivateZone
from tests.contributors.test_upload_in_browser import alices_page

__all__ = ["alices_page"]


@pytest.mark.parametrize("query", ["Zurich", "zürich", "ZÜR"])
def test_towns_by_name_without_accents(query: str) -> None:
    assert (towns.find(query)[0].name, towns.find(query)[0].country) == ("Zürich", "CH")


def test_towns_around_a_place() -> None:
    assert towns.around(48.2, 16.37, km=10)[0].name == "Vienna"
    assert towns.around(0.0, -140.0, km=100) == []
    assert towns.find("x") == []


@pytest.mark.django_db
def test_only_who_films_may_ask(films: Client) -> None:
    assert films.get("/film/private/towns/?q=Vienna").json()["towns"][0]["country"] == "AT"
    for wrong in ("", "?lat=48&lon=x&km=3", "?lat=48"):
        assert films.get(f"/film/private/towns/{wrong}").status_code == 400
    assert films.get("/film/private/towns/?lat=nan&lon=0&km=9").json() == {"towns": []}
    assert Client().get("/film/private/towns/?q=Vienna").status_code == 302


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_alice_draws_a_place(alices_page: Page, live_server: Any) -> None:
    page = alices_page
    page.goto(f"{live_server.url}/film/private/")
    page.get_by_label("Find a town").fill("Vien")
    page.get_by_role("button", name="Vienna, AT").click()
    map_ = page.locator(".zonemap__svg")
    expect(map_.locator(".zonemap__town").first).to_be_visible()
    box = map_.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 12, y, steps=4)  # the map is 6 km wide
    page.mouse.up()
    expect(page.locator("#id_radius_m")).to_have_value("500")
    page.keyboard.press("+")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#id_radius_m")).to_have_value("525")
    page.get_by_label("Name", exact=True).fill("Home")
    page.get_by_role("button", name="Add this place").click()
    expect(page.get_by_text("“Home” is private")).to_be_visible()
    zone = PrivateZone.objects.get()
    assert zone.radius_m == 525
    assert zone.latitude == pytest.approx(48.2085 + 100 / 111_195, abs=0.002)
    expect(page.locator(".zonemap__zone")).to_be_visible()
