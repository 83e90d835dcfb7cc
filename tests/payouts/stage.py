"""What the money tests start from: a package of several people's clips, an order, Stripe's side of it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

import stripe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from buyers import orders
from buyers.models import Order
from buyers.stripe_api import client
from marketplace.models import Clip, Package, User
from payouts import inbox, ledger
from payouts.models import ConnectAccount, Earning, StripeEvent
from tests import people


def package_of(
    *parts: tuple[User, float],
    price_minor: int = 25_000,
    vertical: str = "driving",
    slug: str = "berlin",
    **fields: Any,
) -> Package:
    """Publish a package of one clip for each (person, seconds), in this order."""
    clips: list[Clip] = []
    for person, seconds in parts:
        footage = people.make_footage(person, vertical=vertical, title=f"Ride of {person.shown_name}")
        clips.append(people.make_clip(footage, seconds=seconds))
    return people.make_package(clips, price_minor=price_minor, slug=slug, title=f"Package {slug}", **fields)


def sold(package: Package, buyer: User | None = None) -> Order:
    """Have Bob buy a package, and book it."""
    order = people.make_order(buyer or people.bob(), package, state="paid")
    ledger.post_sale(order=order)
    return order


def earned(person: User) -> list[int]:
    """List what a person earned, oldest clip first."""
    rows = Earning.objects.filter(contributor=person).order_by("earned_at", "clip__position", "clip__footage")
    return list(rows.values_list("amount_minor", flat=True))


def past_hold() -> Any:
    """Give a time at which everything earned until now is available."""
    return timezone.now() + timedelta(days=settings.PAYOUT_HOLD_DAYS, seconds=5)


def signed(event: dict[str, Any] | str, *, secret: str | None = None, age_s: int = 0) -> tuple[str, str]:
    """Write an event as Stripe sends it: the body and its signature."""
    body = event if isinstance(event, str) else json.dumps(event)
    key = settings.STRIPE_WEBHOOK_SECRET if secret is None else secret
    return body, stripe.WebhookSignature.generate_signature_header(body, key, int(time.time()) - age_s)


def post(body: str | bytes, signature: str | None, browser: Client | None = None) -> Any:
    """Send a body to our webhook."""
    headers = {"Stripe-Signature": signature} if signature is not None else None
    return (browser or Client()).post(
        reverse("payouts:webhook"), body, content_type="application/json", headers=headers
    )


def event(kind: str, obj: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make an event about an object."""
    return {
        "id": f"evt_{kind}_{obj.get('id')}",
        "object": "event",
        "type": kind,
        "livemode": False,
        "data": {"object": obj},
        **more,
    }


class Simulator:
    """Stripe's side, with its webhooks kept back: a test delivers each when it wants."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.control("delivery", {"pause": True})

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Steer the simulator; without a body, read."""
        request = urllib.request.Request(  # noqa: S310 - our own child on loopback
            f"{self.base}/_sim/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def attempt(self, path: str, body: dict[str, Any]) -> bool:
        """Steer the simulator where it may say no, as a bank does to a card; tell whether it did it."""
        try:
            self.control(path, body)
        except urllib.error.HTTPError as error:
            if error.code not in (400, 402):
                raise
            return False
        return True

    def pays(self, order: Order) -> Order:
        """Have Bob pay an order on Stripe's page."""
        order = orders.open_payment(order=order)
        self.control(f"sessions/{order.stripe_session_id}/pay", {})
        return order

    def second_payment(self, order: Order) -> str:
        """Pay an order once more by another session; give the payment's id."""
        price: Any = {"currency": "usd", "unit_amount": order.total_minor, "product_data": {"name": "Again"}}
        session = client().v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [{"price_data": price, "quantity": 1}],
                "success_url": "http://shop.test/",
                "metadata": {"order": str(order.pk)},
                "payment_intent_data": {"metadata": {"order": str(order.pk)}},
            }
        )
        self.control(f"sessions/{session.id}/pay", {})
        return str(client().v1.checkout.sessions.retrieve(session.id).payment_intent)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """List the events of one kind, oldest first."""
        return [found for found in self.control("events")["data"] if found["type"] == kind]

    def deliver(self, kind: str) -> list[bool]:
        """Send every event of one kind to us, and have each handled; say which calls did something."""
        return [self.take(found) for found in self.events(kind)]

    def take(self, found: dict[str, Any]) -> bool:
        """Send one event to us and have it handled."""
        body, signature = signed(found)
        inbox.receive(payload=body.encode(), signature=signature)
        return inbox.handle(pk=StripeEvent.objects.get(stripe_id=found["id"]).pk)

    def account_for(self, person: User, *, onboarded: bool = True) -> ConnectAccount:
        """Open somebody's account, by default ready for transfers."""
        from payouts import connect

        account = connect.open_account(contributor=person)
        if onboarded:
            self.control(f"accounts/{account.stripe_id}", {"onboard": True})
            connect.refresh(account=account)
        return account

    def has_money(self, amount: int = 1_000_000) -> None:
        """Put available money on our balance."""
        self.control("topup", {"amount": amount})

    def transfers(self) -> list[Any]:
        """List every transfer that Stripe made."""
        return list(client().v1.transfers.list({"limit": 100}).data)
