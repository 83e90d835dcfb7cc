"""What a percentage or an amount takes off a price, rounded as Stripe rounds it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

LEAST_CHARGE = 50  # Stripe takes no payment under $0.50


def taken_off(price_minor: int, *, percent_off: Decimal | None, amount_off: int | None) -> int:
    """Give what is taken off, at most the whole price."""
    if percent_off is not None:
        exact = Decimal(price_minor) * percent_off / 100
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return min(amount_off or 0, price_minor)
