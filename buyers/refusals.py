"""Why there is no order, or no payment page: each a sentence for the buyer."""

from __future__ import annotations

from buyers.models import Order


class OrderRefused(Exception):
    """Say in one sentence why there is no order; the cart is as it was."""


class PaymentMismatch(Exception):
    """What was paid is not what was ordered."""


class StripeAway(Exception):
    """Stripe gave no payment page; the order waits and can be paid later."""

    def __init__(self, order: Order) -> None:
        super().__init__(
            f"Stripe did not answer, so nothing was charged. {order} and your cart are kept: "
            "press “Pay now” in a minute."
        )
        self.order = order
