"""Stripe's hosted payment page of an order."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import stripe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from buyers import billing, sizes
from buyers.models import CartCode, Order
from buyers.refusals import OrderRefused, StripeAway
from buyers.stripe_api import client
from marketplace.states import MoveRefused, OrderState, advance

log = logging.getLogger(__name__)
PAY_WITHIN = timedelta(hours=23)  # Stripe takes 30 minutes to 24 hours
LAST_CALL = timedelta(minutes=35)  # less than that before the end, Stripe makes no page any more
# Stripe's kind of what is sold, for its tax rates: digital goods of no narrower kind
# (https://docs.stripe.com/tax/tax-codes).
TAX_CODE = "txcd_10000000"


def open_payment(*, order: Order) -> Order:
    """Make Stripe's payment page for a pending order that has none.

    Raises StripeAway and keeps the order, or OrderRefused and closes it when its time or its code is over.
    """
    if timezone.now() > order.created_at + PAY_WITHIN - LAST_CALL:
        expire(order=order)
        raise OrderRefused(
            f"{order} was not paid within a day, so it is closed. Nothing was charged. Order again."
        )
    try:
        session = client().v1.checkout.sessions.create(_page(order), {"idempotency_key": f"order-{order.pk}"})
    except stripe.InvalidRequestError as error:
        if order.promotion_stripe_id and (error.param or "").startswith("discounts"):
            raise code_is_over(order) from error
        raise away(order, error) from error
    except stripe.StripeError as error:
        raise away(order, error) from error
    Order.objects.filter(pk=order.pk).update(stripe_session_id=session.id, checkout_url=session.url or "")
    order.refresh_from_db()
    return order


def away(order: Order, error: Exception) -> StripeAway:
    """Log why Stripe gave nothing, and make the exception that tells the buyer."""
    log.error("no payment page for order %s: %s: %s", order.pk, type(error).__name__, error)
    return StripeAway(order)


def code_is_over(order: Order) -> OrderRefused:
    """Close an order whose code ran out between cart and payment page, and take the code out of the cart."""
    expire(order=order)
    CartCode.objects.filter(
        organisation_id=order.organisation_id, stripe_id=order.promotion_stripe_id
    ).delete()
    return OrderRefused(
        f"The promotion code “{order.promotion_code}” ran out or was used up a moment ago. Nothing was charged and "
        "your cart is kept: look at the new total, then pay."
    )


def described(order: Order) -> list[dict[str, Any]]:
    """List what is sold as Stripe takes it: name, description, price in the order's currency."""
    rows = order.lines.select_related("version").order_by("pk")
    return [
        {
            "currency": order.currency,
            "unit_amount": line.list_minor,
            "tax_behavior": "exclusive",
            "product_data": {
                "name": line.title,
                "description": f"Version {line.version.number}. {sizes.words(line.size)}",
                "tax_code": TAX_CODE,
            },
        }
        for line in rows
    ]


def _page(order: Order) -> Any:
    back = settings.SITE_URL + reverse("buyers:order", args=[order.pk])
    metadata = {"order": str(order.pk)}
    page: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "line_items": [{"price_data": row, "quantity": 1} for row in described(order)],
        "client_reference_id": str(order.pk),
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "transfer_group": f"order_{order.pk}"},
        "success_url": back + "?paid=1",
        "cancel_url": back + "?cancelled=1",
        # From the row, not from now: a repeated call must be the same call, or its key is refused.
        "expires_at": int((order.created_at + PAY_WITHIN).timestamp()),
    }
    if order.promotion_stripe_id:
        page["discounts"] = [{"promotion_code": order.promotion_stripe_id}]
    details = billing.of(order.organisation)
    if settings.STRIPE_TAX and details is not None:
        page |= {
            "customer": billing.customer(details),
            "customer_update": {"address": "auto", "name": "auto"},
            "billing_address_collection": "required",
            "automatic_tax": {"enabled": True},
        }
    else:
        page["customer_email"] = order.placed_by.email
    return page


def expire(*, order: Order) -> None:
    """Close an order whose payment page ran out; a paid one stays paid."""
    try:
        advance(order, OrderState.EXPIRED)
    except MoveRefused:
        order.refresh_from_db()
