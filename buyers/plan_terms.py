"""The terms of a plan: the sentences that the page shows and that an organisation accepts, word for word."""

from __future__ import annotations

import hashlib
from typing import Any

from buyers.models import PlanAcceptance, Subscription
from buyers.plans import CURRENCY, Plan
from marketplace.money import Money

TERMS = [
    (
        "What a package takes",
        "As many hours as it is long, once: clips that were withdrawn do not count, and less than a minute counts as "
        "one.",
    ),
    (
        "When hours are used up",
        "Nothing more is charged. You wait for the next month, change to a larger plan, or buy the package.",
    ),
    ("Hours that are left", "They end with their month."),
    (
        "Paying",
        "By card, each month. By bank transfer, on an invoice with your purchase order's number, you buy packages one "
        "by one in the cart; a plan cannot be paid that way yet.",
    ),
    (
        "Promotion codes",
        "A code takes its part off the first month, or off every month where it says so. Changing the plan keeps it.",
    ),
    (
        "Changing",
        "A larger plan begins at once: you pay its whole month, and hours that are left stay until their month ends. A "
        "smaller one begins with the next month. Nothing is ever charged in part.",
    ),
    (
        "Cancelling",
        "At any time; the plan ends with the month that is paid. What you took stays yours.",
    ),
    (
        "Money taken back",
        "A month that is refunded as a whole, or in dispute at your bank, gives no hours, and what was taken with it "
        "stays closed until the money is with us again.",
    ),
    (
        "Without a plan",
        "Previews and samples are free and bear a watermark. The API serves what you bought, too.",
    ),
    ("Who earns", "Of each hour's price the people who filmed get the same part as of a sale."),
]


def text(plan: Plan) -> str:
    """Write what is accepted with a plan: its price and hours, and every sentence of the page."""
    price = Money(plan.price_minor, CURRENCY)
    lines = [
        f"Plan {plan.title}: {price} a month and tax, for {plan.hours} hours of footage a month, until it is cancelled."
    ]
    return "\n".join([*lines, *(f"{head}: {sentence}" for head, sentence in TERMS), ""])


def accept(*, row: Subscription, plan: Plan, user: Any, address_prefix: str, agent: str) -> PlanAcceptance:
    """Keep who accepted which words; call it before anything is charged."""
    words = text(plan)
    return PlanAcceptance.objects.create(
        subscription=row,
        user=user,
        plan=plan.slug,
        text=words,
        text_sha256=hashlib.sha256(words.encode()).hexdigest(),
        address_prefix=address_prefix,
        agent=agent,
    )
