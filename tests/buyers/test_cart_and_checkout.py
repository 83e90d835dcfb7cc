"""Bob puts packages into the cart, accepts the licence and goes to Stripe; nothing he did is lost on the way."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from django.utils import timezone

from buyers import cart, orders
from buyers.models import CartItem, LicenceAcceptance, Membership, Order
from buyers.stripe_api import client
from marketplace.models import Package, User
from marketplace.states import OrderState, PackageState, advance
from tests import people


@pytest.fixture
def packages(transactional_db: None) -> list[Package]:
    footage = people.make_footage(people.alice())
    return [
        people.make_package(
            [people.make_clip(footage, position=n)], slug=f"p{n}", title=f"Package {n}", price_minor=price
        )
        for n, price in enumerate((10_000, 2_550))
    ]


@pytest.fixture
def bob(packages: list[Package]) -> Client:
    browser = Client()
    browser.force_login(people.bob())
    for package in packages:
        browser.post(f"/cart/add/{package.slug}/")
    return browser


def form(page: str) -> dict[str, str]:
    hidden = dict(re.findall(r'name="(form_token|fingerprint)" value="([^"]*)"', page))
    return hidden | dict(re.findall(r'name="(terms_\d+)" value="([0-9a-f]{64})"', page))


def test_several_packages_one_total_one_licence(bob: Client) -> None:
    page = bob.get("/cart/").content.decode()
    assert "$125.50" in page
    assert len([name for name in form(page) if name.startswith("terms_")]) == 1
    assert not re.search(r'name="terms_\d+"[^>]*checked', page), "nothing is ticked for him"
    bob.post(f"/cart/remove/{Package.objects.get(slug='p1').pk}/")
    assert "$100.00" in bob.get("/cart/").content.decode()


def test_paying_goes_to_stripe_with_the_licence_on_record(bob: Client, stripe_simulator: str) -> None:
    values = form(bob.get("/cart/").content.decode())
    answer = bob.post("/cart/checkout/", values, HTTP_USER_AGENT="Bob's browser", REMOTE_ADDR="203.0.113.77")
    order = Order.objects.get()
    assert answer["Location"] == order.checkout_url
    assert order.checkout_url.startswith(stripe_simulator)
    session = client().v1.checkout.sessions.retrieve(order.stripe_session_id, {"expand": ["line_items"]})
    assert (session.amount_total, session.currency, session.client_reference_id) == (
        12_550,
        "usd",
        str(order.pk),
    )
    assert session.metadata.to_dict() == {"order": str(order.pk)}  # type: ignore[union-attr]
    assert session.success_url == f"{site.SITE_URL}/orders/{order.pk}/?paid=1"
    assert (order.state, order.total_minor, order.lines.count()) == ("pending", 12_550, 2)
    accepted = LicenceAcceptance.objects.get()
    assert accepted.text_sha256 == accepted.terms.sha256 == values[f"terms_{accepted.terms_id}"]
    assert (accepted.address_prefix, accepted.agent) == ("203.0.113.0/24", "Bob's browser")
    assert CartItem.objects.count() == 2, "the cart is kept until the money has come"


def test_the_same_form_twice_is_one_order(bob: Client, stripe_simulator: str) -> None:
    values = form(bob.get("/cart/").content.decode())
    first, second = (bob.post("/cart/checkout/", values)["Location"] for _ in range(2))
    assert first == second
    assert Order.objects.count() == 1


def test_without_the_licence_there_is_no_order(bob: Client) -> None:
    values = {
        name: value for name, value in form(bob.get("/cart/").content.decode()).items() if "terms" not in name
    }
    answer = bob.post("/cart/checkout/", values)
    assert answer.status_code == 400
    assert "Nothing was charged" in answer.content.decode()
    forged = {**values, **{f"terms_{people.make_terms().pk}": "0" * 64}}
    assert bob.post("/cart/checkout/", forged).status_code == 400
    assert not Order.objects.exists()


def test_a_delisted_package_is_said_and_left_out_and_the_rest_is_kept(bob: Client) -> None:
    seen = form(bob.get("/cart/").content.decode())
    advance(Package.objects.get(slug="p0"), PackageState.DELISTED)
    late = bob.post("/cart/checkout/", seen)
    assert late.status_code == 400
    assert "has changed since you looked" in late.content.decode()
    page = bob.get("/cart/").content.decode()
    assert "no longer for sale" in page
    assert "$25.50" in page
    assert not Order.objects.exists()


def test_a_price_that_rose_is_never_charged_unseen(bob: Client) -> None:
    seen = form(bob.get("/cart/").content.decode())
    Package.objects.filter(slug="p1").update(price_minor=99_900)
    assert "has changed since you looked" in bob.post("/cart/checkout/", seen).content.decode()
    assert not Order.objects.exists()
    page = bob.get("/cart/").content.decode()
    assert "rose from $25.50 to $999.00" in page
    assert "Pay $100.00" in page, "it is not counted until he agrees"
    bob.post("/cart/add/p1/")
    page = bob.get("/cart/").content.decode()
    assert "rose" not in page
    assert "Pay $1,099.00" in page


def test_a_price_that_fell_is_said_and_taken(bob: Client) -> None:
    Package.objects.filter(slug="p1").update(price_minor=2_000)
    page = bob.get("/cart/").content.decode()
    assert "fell from $25.50 to $20.00" in page
    assert "Pay $120.00" in page


def test_a_cart_of_which_nothing_is_left_cannot_be_paid(bob: Client) -> None:
    Package.objects.update(state=PackageState.DELISTED)
    page = bob.get("/cart/").content.decode()
    assert "nothing to pay" in page
    assert "form_token" not in page


def test_what_he_has_or_has_ordered_already_is_said(bob: Client, packages: list[Package]) -> None:
    user = User.objects.get(email="bob@example.org")
    paid = people.make_order(user, packages[0], state=OrderState.PAID)
    waiting = people.make_order(user, packages[1])
    page = bob.get("/cart/").content.decode()
    assert "Your organisation has version 1 of it" in page
    assert f"{waiting} with it waits for payment" in page
    assert f"/orders/{paid.pk}/" in page
    assert f"/orders/{waiting.pk}/" in page


def test_the_same_form_from_two_tabs_at_once_is_one_order(bob: Client, stripe_simulator: str) -> None:
    member = Membership.objects.get()
    now = cart.look(member=member)
    token, accepted = uuid.uuid4(), {terms.pk: terms.sha256 for terms in now.terms}
    barrier, made = threading.Barrier(3), []

    def send() -> None:
        barrier.wait()
        order = orders.checkout(
            member=member,
            form_token=token,
            fingerprint=now.fingerprint,
            accepted=accepted,
            address_prefix="",
            agent="",
        )
        made.append(order.checkout_url)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert len(set(made)) == 1
    assert Order.objects.count() == 1


def test_an_order_that_nobody_paid_for_a_day_is_closed_with_a_sentence(bob: Client) -> None:
    order = people.make_order(User.objects.get(email="bob@example.org"), Package.objects.get(slug="p0"))
    Order.objects.update(created_at=timezone.now() - timedelta(days=2))
    answer = bob.post(f"/orders/{order.pk}/pay/", follow=True)
    assert "was not paid within a day" in answer.content.decode()
    order.refresh_from_db()
    assert order.state == OrderState.EXPIRED
    assert CartItem.objects.count() == 2, "the cart is kept"


def test_stripe_away_keeps_order_and_cart_and_can_be_paid_later(
    bob: Client, settings: Any, stripe_simulator: str
) -> None:
    values = form(bob.get("/cart/").content.decode())
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"  # nobody listens on the discard port
    answer = bob.post("/cart/checkout/", values, follow=True)
    assert "nothing was charged" in answer.content.decode()
    order = Order.objects.get()
    assert order.state == OrderState.PENDING
    settings.STRIPE_API_BASE = stripe_simulator
    again = bob.post(f"/orders/{order.pk}/pay/")
    order.refresh_from_db()
    assert again["Location"] == order.checkout_url


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_a_broken_form_is_refused_with_a_sentence(bob: Client, token: str) -> None:
    answer = bob.post("/cart/checkout/", {"form_token": token})
    assert answer.status_code == 400
    assert "Nothing was charged" in answer.content.decode()


def test_people_who_film_are_told_that_their_account_cannot_buy(packages: list[Package]) -> None:
    mallory = Client()
    mallory.force_login(people.mallory())
    answer = mallory.post("/cart/add/p0/")
    assert answer.status_code == 403
    assert "This account films" in answer.content.decode()
    assert "/welcome/" in answer.content.decode(), "and where to go"


def test_nobody_sees_the_cart_or_order_of_another_organisation(bob: Client, stripe_simulator: str) -> None:
    bob.post("/cart/checkout/", form(bob.get("/cart/").content.decode()))
    order = Order.objects.get()
    eve = Client()
    eve.force_login(people.bob("eve@example.org", "Eve Cars"))
    assert eve.get(f"/orders/{order.pk}/").status_code == 404
    assert eve.post(f"/orders/{order.pk}/pay/").status_code == 404
    assert "empty" in eve.get("/cart/").content.decode()
    assert eve.get(f"/orders/{uuid.uuid4()}/").status_code == 404
