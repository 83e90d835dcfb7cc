"""What the tests of paying start from: two packages in Bob's cart, codes at Stripe, billing details."""

from __future__ import annotations

import uuid
from io import BytesIO
from typing import Any

from django.test import Client
from pypdf import PdfReader

from buyers import billing, cart, orders
from buyers.models import BillingDetails, Order, PayBy
from buyers.stripe_api import client
from marketplace.models import Package, User
from tests import people

GERMAN_NUMBER, FRENCH_NUMBER = "DE136695976", "FR40303265045"


def packages(*prices: int) -> list[Package]:
    """Publish a package of one clip of Alice's for each price."""
    footage = people.make_footage(people.alice())
    return [
        people.make_package(
            [people.make_clip(footage, position=n)], slug=f"p{n}", title=f"Package {n}", price_minor=price
        )
        for n, price in enumerate(prices)
    ]


def bob_with(*found: Package) -> User:
    """Have Bob put packages into his cart."""
    bob = people.bob()
    for package in found:
        cart.put(member=bob.membership, package=package)
    return bob


def signed_in(user: User) -> Client:
    """Open a browser for somebody."""
    browser = Client()
    browser.force_login(user)
    return browser


def details(user: User, **more: str) -> BillingDetails:
    """Fill in where Bob's company is: in Paris, with a number."""
    values = {
        "name": "Bob Robotics SAS",
        "line1": "1 rue de la Paix",
        "postal_code": "75002",
        "city": "Paris",
        "country": "FR",
        "vat_id": FRENCH_NUMBER,
        **more,
    }
    return billing.save(organisation=user.membership.organisation, actor=user, values=values)


def code(text: str, **coupon: Any) -> str:
    """Make a promotion code at Stripe, by default of 20 %."""
    rules = coupon.pop("restrictions", None)
    about: Any = {"duration": "once", **(coupon or {"percent_off": 20})}
    made = client().v1.coupons.create(about)
    promotion: Any = {"promotion": {"type": "coupon", "coupon": made.id}, "code": text}
    if rules:
        promotion["restrictions"] = rules
    return client().v1.promotion_codes.create(promotion).id


def order(user: User, *, pay_by: str = PayBy.CARD, purchase_order: str = "") -> Order:
    """Order what is in the cart, licence accepted."""
    now = cart.look(member=user.membership)
    return orders.checkout(
        member=user.membership,
        form_token=uuid.uuid4(),
        fingerprint=now.fingerprint,
        accepted={terms.pk: terms.sha256 for terms in now.terms},
        address_prefix="",
        agent="",
        pay_by=pay_by,
        purchase_order=purchase_order,
    )


def pdf_text(data: bytes) -> str:
    """Read what a PDF says."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)
