"""The buyers' pages in Chromium: filters without reloading, a sheet on a phone, nothing serious for axe."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from buyers import cart
from marketplace.models import Package
from marketplace.states import OrderState
from pipeline.packages import search_of
from tests import people
from tests.chromium import visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PHONE, DESK = (360, 740), (1440, 900)


@pytest.fixture
def packages(s3: object) -> list[Package]:
    """Three packages that share some tags; their files are in the bucket."""
    alice = people.alice()
    made = []
    for slug, light, price in (("night", "night_lit", 9_000), ("day", "day", 20_000), ("noon", "day", 3_000)):
        footage = people.make_footage(alice, place=f"Park {slug}")
        tags = (f"odd.illumination.{light}", "odd.weather.rain", "actor.car")
        clips = [people.make_clip(footage, position=n, tags=tags) for n in range(2)]
        made.append(
            people.make_package(clips, slug=slug, title=f"A {slug} ride", price_minor=price, objects=True)
        )
    for package in made:
        Package.objects.filter(pk=package.pk).update(search=search_of(package))
    return made


def test_filters_change_the_page_its_address_and_its_counts(
    page: Page, live_server: Any, packages: list[Package]
) -> None:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda line: broken.append(line.text) if "Content Security" in line.text else None)
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    page.goto(f"{live_server}/packages/")
    expect(page.locator(".mcard")).to_have_count(3)
    page.get_by_text("Weather", exact=True).click()
    page.get_by_label(re.compile("^Day")).check()
    expect(page.locator(".mcard")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/packages/\?odd\.illumination=day$"))
    expect(page.get_by_role("status").first).to_have_text("2 packages")
    expect(page.locator("#facet-odd\\.weather")).to_have_attribute("open", "")
    expect(page.get_by_label(re.compile("^Rain"))).to_have_accessible_name("Rain 2 packages")
    page.locator("#q").press_sequentially("noon", delay=20)
    expect(page.locator(".mcard")).to_have_count(1)
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("noon")
    page.get_by_role("link", name=re.compile("Remove the filter Day")).click()
    expect(page).to_have_url(re.compile(r"\?q=noon$"))
    page.go_back()
    expect(page.locator(".mcard")).to_have_count(1)
    expect(page.get_by_role("heading", name="Packages", exact=True)).to_be_visible()
    page.go_back()
    expect(page.locator(".mcard")).to_have_count(2)
    expect(page.locator(".bar")).to_be_visible()
    assert broken == []


def test_filters_work_without_any_script(browser: Browser, live_server: Any, packages: list[Package]) -> None:
    context = visitor(browser, width=1280, height=900, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server}/packages/")
    page.get_by_label(re.compile("^Day")).check()
    page.get_by_role("button", name="Show packages").first.click()
    expect(page.locator(".mcard")).to_have_count(2)
    page.get_by_role("link", name="A noon ride").click()
    page.get_by_role("link", name="Clip 2", exact=True).first.click()
    expect(page.get_by_text("Clip 2 of 2")).to_be_visible()
    context.close()


def test_on_a_phone_the_filters_are_a_sheet(page: Page, live_server: Any, packages: list[Package]) -> None:
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(f"{live_server}/packages/")
    day = page.get_by_label(re.compile("^Day"))
    expect(day).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    day.check()
    expect(page).to_have_url(re.compile("illumination=day"))
    expect(day).to_be_visible()
    page.get_by_role("button", name="Show packages").click()
    expect(day).to_be_hidden()
    expect(page.locator(".mcard")).to_have_count(2)


def test_a_clip_plays_where_the_page_is(page: Page, live_server: Any, packages: list[Package]) -> None:
    page.goto(f"{live_server}/packages/day/")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Clip 2", exact=True).first.click()
    expect(page.get_by_text("Clip 2 of 2")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?clip=2"))
    assert page.evaluate("window.same"), "nothing was loaded anew"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360px", "1440px"])
def test_nothing_serious_is_wrong_with_any_page(
    browser: Browser, live_server: Any, packages: list[Package], size: tuple[int, int]
) -> None:
    bob = people.bob()
    for package in packages:
        cart.put(member=bob.membership, package=package)
    Package.objects.filter(slug="day").update(price_minor=99_900)
    paid = people.make_order(bob, packages[0], state=OrderState.PAID)
    waiting = people.make_order(bob, packages[1])
    session = Client()
    session.force_login(bob)
    context = visitor(browser, width=size[0], height=size[1], base_url=live_server.url)
    cookie = session.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    wrong: dict[str, list[str]] = {}
    for path in (
        "/packages/?odd.illumination=day",
        "/packages/day/",
        "/cart/",
        "/orders/",
        f"/orders/{paid.pk}/",
        f"/orders/{waiting.pk}/?paid=1",
        "/buy/",
        "/buy/members/",
    ):
        page.goto(path)
        rules = Axe().run(page).response["violations"]
        wrong[path] = [
            f"{rule['id']}: {[node['target'] for node in rule['nodes']][:3]}"
            for rule in rules
            if rule["impact"] in ("serious", "critical")
        ]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[path].append("it scrolls sideways")
    context.close()
    assert {path: found for path, found in wrong.items() if found} == {}
