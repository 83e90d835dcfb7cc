"""Bob takes a plan in Chromium, uses its hours, changes his mind, and keeps it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from buyers.models import PlanPeriod, Subscription
from marketplace.models import User
from tests import people
from tests.buyers import checkout as given
from tests.buyers.test_paying_in_browser import handle_events, nothing_wrong
from tests.chromium import visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bob(stripe_simulator: str) -> User:
    """Bob, and a package of a minute of Alice's."""
    clip = people.make_clip(people.make_footage(people.alice()), seconds=1_800)
    people.make_package([clip], slug="rides", title="Rides", price_minor=90_000)
    given.code("LAUNCH20")
    return people.bob()


@pytest.fixture
def page(browser: Browser, live_server: Any, bob: User) -> Any:
    """Bob's browser, signed in, as wide as a phone."""
    context = visitor(browser, width=390, height=844, base_url=live_server.url)
    context.set_default_timeout(10_000)
    cookie = given.signed_in(bob).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context.new_page()
    context.close()


def pay(page: Page) -> None:
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Name on card").fill("Bob Buyer")
    page.get_by_role("button", name=re.compile("^Pay ")).click()


def test_from_the_plans_to_the_last_click(page: Page) -> None:
    page.goto("/plans/")
    page.get_by_text("Promotion code").first.click()
    page.get_by_label("Code for Start").fill("launch20")
    nothing_wrong(page)
    page.get_by_role("button", name="Subscribe to Start").click()
    pay(page)
    page.wait_for_url(re.compile(r"/buy/plan/\?paid=1"))
    page.wait_for_timeout(800)
    handle_events()
    expect(page.get_by_role("heading", name="Hours left: 10 h 00 min")).to_be_visible()
    nothing_wrong(page)
    page.goto("/packages/rides/")
    expect(page.get_by_text("Takes 30 min of the 10 h 00 min that your plan has left.")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("accepts the licence")).check()
    page.get_by_role("button", name="Take it with your plan").click()
    expect(page.get_by_text("“Rides” is yours to download.")).to_be_visible()
    expect(page.get_by_role("link", name="Hours of your plan")).to_be_visible()
    nothing_wrong(page)
    page.goto("/buy/plan/")
    expect(page.get_by_text(re.compile("0.5 of 10.0 hours used"))).to_be_visible()
    expect(page.get_by_role("cell", name="$8.00")).to_be_visible()
    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile("^Invoice INV-")).click()
    assert got.value.suggested_filename.startswith("INV-")
    page.get_by_role("button", name="Cancel the plan").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the plan").click()
    expect(page.get_by_text(re.compile("nothing more is charged"))).to_be_visible()
    page.get_by_role("button", name="Keep the plan").click()
    expect(page.get_by_text("The plan goes on.")).to_be_visible()
    page.get_by_role("button", name="Change to Team").click()
    page.get_by_role("button", name="Change and pay").click()
    expect(page.get_by_role("heading", name="Plan Team")).to_be_visible()
    page.wait_for_timeout(800)
    handle_events()
    page.reload()
    expect(page.get_by_role("heading", name="Hours left: 49 h 30 min")).to_be_visible()
    nothing_wrong(page)
    assert Subscription.objects.get().plan == "team"
    assert PlanPeriod.objects.count() == 2
    page.get_by_role("button", name="Change the card").click()
    page.get_by_label("Card number").fill("5555 5555 5555 4444")
    page.get_by_role("button", name="Save the card").click()
    expect(page).to_have_url(re.compile("/buy/plan/$"))


def test_a_key_is_made_copied_and_revoked(page: Page) -> None:
    page.goto("/buy/api/")
    nothing_wrong(page)
    page.get_by_label("Name", exact=True).fill("training cluster")
    page.get_by_role("checkbox", name=re.compile("^Download")).check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("Copy it now: it is shown this once.")).to_be_visible()
    key = page.locator("#new-key").inner_text()
    nothing_wrong(page)
    answer = page.request.get("/api/v1", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["key"]["scopes"] == ["download", "read"]
    page.goto("/buy/api/")
    page.get_by_role("button", name="Revoke training cluster").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("the key no longer works")).to_be_visible()
    assert page.request.get("/api/v1", headers={"Authorization": f"Bearer {key}"}).status == 401
    page.goto("/api/v1/docs")
    nothing_wrong(page)
