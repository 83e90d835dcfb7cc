"""The plans on offer: what each costs a month and how many hours of footage it includes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from buyers.payment import TAX_CODE
from buyers.stripe_api import client
from marketplace.money import Money

CURRENCY = "usd"
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Plan:
    """One plan; a change of price or hours makes another price at Stripe, and running months keep theirs."""

    slug: str
    title: str
    price_minor: int
    hours: int
    about: str

    @property
    def lookup_key(self) -> str:
        """Name its price at Stripe."""
        return f"fairframe-{self.slug}-{self.price_minor}-{self.hours}"

    @property
    def included_ms(self) -> int:
        """Give the included hours in milliseconds."""
        return self.hours * HOUR_MS

    @property
    def hour(self) -> Money:
        """Give what one included hour costs, rounded down."""
        return Money(self.price_minor // self.hours, CURRENCY)


PLANS = [
    Plan("start", "Start", 20_000, 10, "For trying a model on real streets and courts."),
    Plan("team", "Team", 60_000, 40, "For training that runs every week."),
    Plan("scale", "Scale", 200_000, 160, "For the largest sets, at the lowest price an hour."),
]
BY_SLUG = {plan.slug: plan for plan in PLANS}


def titled(slug: str) -> str:
    """Give a plan's name, also of one that is no longer offered."""
    plan = BY_SLUG.get(slug)
    return plan.title if plan else slug.capitalize()


def stripe_price(plan: Plan) -> str:
    """Find the plan's price at Stripe, or make it; give its id. Raises stripe.StripeError."""
    api = client().v1.prices
    found = api.list({"lookup_keys": [plan.lookup_key], "limit": 1}).data
    if found:
        return found[0].id
    about: Any = {
        "currency": CURRENCY,
        "unit_amount": plan.price_minor,
        "recurring": {"interval": "month"},
        "lookup_key": plan.lookup_key,
        "tax_behavior": "exclusive",
        "product_data": {"name": f"Fairframe {plan.title}: {plan.hours} hours a month", "tax_code": TAX_CODE},
        # What a paid invoice gave is read from here, whatever the plans are by then.
        "metadata": {"plan": plan.slug, "hours": str(plan.hours)},
    }
    return api.create(about, {"idempotency_key": f"price-{plan.lookup_key}"}).id
