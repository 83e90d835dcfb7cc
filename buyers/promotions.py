"""Promotion codes: asked of Stripe, kept with the cart, shared out over the lines of an order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import stripe

from buyers.discounts import LEAST_CHARGE, taken_off
from buyers.models import CartCode, Membership
from buyers.stripe_api import client
from marketplace.money import Money, split


class CodeRefused(Exception):
    """Say in one sentence why a code is not taken; the cart is as it was."""


def enter(*, member: Membership, code: str) -> CartCode:
    """Look a code up at Stripe and keep it with the cart. Raises CodeRefused."""
    row, _ = CartCode.objects.update_or_create(
        organisation_id=member.organisation_id, defaults=_looked_up(code, "your cart is kept")
    )
    return row


def of_plan(code: str, *, price_minor: int, currency: str) -> CartCode:
    """Look a code up for a plan of this price; it is not kept. Raises CodeRefused, also when it takes nothing off."""
    row = CartCode(**_looked_up(code, "nothing was charged"))
    _, why = discount(row, total_minor=price_minor, currency=currency)
    if why:
        raise CodeRefused(f"“{row.code}” takes nothing off this plan. {why} Nothing was charged.")
    return row


def _looked_up(code: str, kept: str) -> dict[str, Any]:
    code = code.strip()
    if not code or len(code) > 64 or not code.isprintable():
        raise CodeRefused(f"Type the code as it was given to you; {kept}.")
    try:
        found = client().v1.promotion_codes.list(
            {"code": code, "active": True, "limit": 1, "expand": ["data.promotion.coupon"]}
        )
    except stripe.StripeError as error:
        raise CodeRefused(
            "Stripe did not answer, so the code is not checked. Try again in a minute."
        ) from error
    coupon: Any = found.data[0].promotion.coupon if found.data else None
    if coupon is None or not coupon.valid:
        raise CodeRefused(f"“{code}” is not a code that holds now. Check its spelling; {kept}.")
    rules = found.data[0].restrictions
    return {
        "code": found.data[0].code,
        "stripe_id": found.data[0].id,
        "percent_off": None if coupon.percent_off is None else Decimal(str(coupon.percent_off)),
        "amount_off": coupon.amount_off,
        "currency": coupon.currency or "",
        "minimum_minor": rules.minimum_amount or 0,
        "minimum_currency": rules.minimum_amount_currency or "",
    }


def drop(*, member: Membership) -> None:
    """Take the code out of the cart."""
    CartCode.objects.filter(organisation_id=member.organisation_id).delete()


def of_cart(member: Membership) -> CartCode | None:
    """Find the code in the cart."""
    return CartCode.objects.filter(organisation_id=member.organisation_id).first()


def discount(code: CartCode, *, total_minor: int, currency: str) -> tuple[int, str]:
    """Work out what a code takes off, and say in one sentence why it takes nothing when it does."""
    if code.minimum_minor and (currency != code.minimum_currency or total_minor < code.minimum_minor):
        return 0, f"It holds from {Money(code.minimum_minor, code.minimum_currency)} on."
    if code.percent_off is None and code.currency != currency:
        return 0, f"It is for prices in {code.currency.upper()}."
    off = taken_off(total_minor, percent_off=code.percent_off, amount_off=code.amount_off)
    if total_minor - off < LEAST_CHARGE:
        return 0, "It would make the order free, which our payment page cannot do. Write to us instead."
    return off, ""


def shared(off_minor: int, prices: Sequence[int]) -> list[int]:
    """Share a discount out over the lines by their prices, to the cent."""
    return split(off_minor, prices)
