"""Bob buys in Chromium: with a promotion code by card, and on an invoice by bank transfer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from buyers.models import Order
from buyers.stripe_api import client
from marketplace.models import User
from payouts import tasks
from payouts.models import StripeEvent
from tests.buyers import checkout as given
from tests.chromium import visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bob(stripe_simulator: str) -> User:
    """Bob with a package in his cart, and a code at Stripe."""
    given.code("LAUNCH20")
    return given.bob_with(*given.packages(10_000))


@pytest.fixture
def page(browser: Browser, live_server: Any, bob: User) -> Any:
    """Bob's browser, signed in, as wide as a phone: the narrower the harder."""
    context = visitor(browser, width=390, height=844, base_url=live_server.url)
    context.set_default_timeout(10_000)
    cookie = given.signed_in(bob).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context.new_page()
    context.close()


def nothing_wrong(page: Page) -> None:
    rules = Axe().run(page).response["violations"]
    serious = [rule["id"] for rule in rules if rule["impact"] in ("serious", "critical")]
    assert serious == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def handle_events() -> None:
    """Do what the worker does with what the simulator has sent by now."""
    StripeEvent.objects.filter(handled_at=None).update(try_at="2020-01-01T00:00Z")
    tasks.drain_inbox()


def accept(page: Page) -> None:
    page.get_by_role("checkbox", name=re.compile("accepts")).check()


def test_with_a_code_by_card(page: Page) -> None:
    page.goto("/cart/")
    page.get_by_label("Code", exact=True).fill("launch20")
    page.get_by_role("button", name="Use the code").click()
    expect(page.get_by_text("takes $20.00 off")).to_be_visible()
    page.get_by_label("For", exact=True).select_option("team10")
    page.get_by_role("button", name=re.compile("^Change the size")).click()
    nothing_wrong(page)
    accept(page)
    page.get_by_role("button", name="Pay $160.00").click()
    expect(page.get_by_text("−$40.00")).to_be_visible()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Name on card").fill("Bob Buyer")
    page.get_by_role("button", name="Pay $160.00").click()
    page.wait_for_url(re.compile("/orders/.*paid=1"))
    expect(
        page.get_by_text(re.compile("Waiting for the payment|the downloads are open")).first
    ).to_be_visible()
    page.wait_for_timeout(1_000)
    handle_events()
    expect(page.get_by_text("for 10 people, 0 so far")).to_be_visible()
    nothing_wrong(page)
    with page.expect_download() as got:
        page.get_by_role("link", name=re.compile("^Invoice INV-")).click()
    assert got.value.suggested_filename.startswith("INV-")


def test_on_an_invoice_by_bank_transfer(page: Page) -> None:
    page.goto("/cart/")
    page.get_by_role("link", name="Fill them in").click()
    page.get_by_label("Name on the invoice").fill("Bob Robotics SAS")
    page.get_by_label("Street and number").fill("1 rue de la Paix")
    page.get_by_label("Postal code").fill("75002")
    page.get_by_label("City").fill("Paris")
    page.get_by_label("Country", exact=True).select_option("FR")
    page.get_by_label("VAT or tax number").fill("FR 40 303265046")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("a digit is wrong or missing").first).to_be_visible()
    nothing_wrong(page)
    page.get_by_label("VAT or tax number").fill("FR 40 303265045")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("/cart/$"))
    page.get_by_label(re.compile("^By bank transfer")).check()
    page.get_by_label(re.compile("^Purchase order number")).fill("PO-4711")
    accept(page)
    page.get_by_role("button", name="Pay $100.00").click()
    expect(page.get_by_role("heading", name="Awaiting your bank transfer")).to_be_visible()
    expect(page.get_by_text("PO-4711")).to_be_visible()
    nothing_wrong(page)
    order = Order.objects.get()
    assert client().v1.invoices.retrieve(order.stripe_invoice_id).status == "open"
    page.get_by_role("link", name="How to transfer it").click()
    page.get_by_role("button", name="Let the transfer arrive now").click()
    expect(page.get_by_role("heading", name=re.compile("is paid"))).to_be_visible()
    page.wait_for_timeout(1_000)
    handle_events()
    page.goto(f"/orders/{order.pk}/")
    expect(page.get_by_role("link", name=re.compile("^Receipt REC-"))).to_be_visible()
