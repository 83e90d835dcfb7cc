"""Refunds that finance staff give: asked for once, sent to Stripe once, booked when Stripe has done it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import stripe
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from buyers.models import Order, PayBy, PlanPeriod
from buyers.stripe_api import client
from marketplace.models.event import record
from marketplace.money import Money
from marketplace.states import OrderState
from payouts import claims, plan_claims
from payouts.claim_models import Sold
from payouts.mirrors import linked
from payouts.models import Refund, RefundState
from payouts.sending import is_refusal

log = logging.getLogger(__name__)
GIVEN = (RefundState.ASKED, RefundState.DONE)
ASK_AGAIN = timedelta(minutes=2)


class RefundRefused(Exception):
    """Say in one sentence why nothing was refunded."""


def given_minor(of: Sold) -> int:
    """Sum up what was refunded of an order or a plan's month, or is on its way."""
    rows = Refund.objects.filter(state__in=GIVEN, **linked(of))
    return int(rows.aggregate(total=Sum("amount_minor", default=0))["total"])


def ask(*, of: Sold, amount_minor: int, reason: str, actor: Any, seen_minor: int) -> Refund:
    """Refund a part of a paid order or of a plan's paid month, or all that is left of it.

    ``seen_minor`` is what had been refunded when the person looked: of two people who refund the same order at the
    same time one is told to look again. Raises RefundRefused. With Stripe away the refund is kept and asked for
    again by beat.
    """
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise RefundRefused("Say why: the buyer's bank and the contributors may ask. Nothing was refunded.")
    with transaction.atomic():
        row = _locked(of)
        given = given_minor(row)
        if given != seen_minor:
            raise RefundRefused(
                f"Somebody refunded a part of this since you looked: it is {Money(given, row.currency)} by now. "
                "Nothing more was refunded; look again."
            )
        left = row.total_minor - given
        if not 0 < amount_minor <= left:
            raise RefundRefused(
                f"Between {Money(1, row.currency)} and {Money(left, row.currency)} can be refunded."
            )
        refund = Refund.objects.create(
            amount_minor=amount_minor, currency=row.currency, reason=reason, actor=actor, **linked(row)
        )
        data = {"amount_minor": amount_minor, "reason": reason}
        record(_verb(row, "refund_asked"), subject=row, actor=actor, data=data)
    return send(refund=refund)


def _locked(of: Sold) -> Sold:
    """Lock what is to be refunded; raises RefundRefused when its payment does not stand."""
    if isinstance(of, Order):
        order = Order.objects.select_for_update().get(pk=of.pk)
        if order.pay_by == PayBy.PLAN:
            raise RefundRefused(f"{order} was paid with hours of a plan: refund the plan's month instead.")
        if order.state != OrderState.PAID:
            raise RefundRefused(f"{order} cannot be refunded: {order.get_state_display()}")
        return order
    period = PlanPeriod.objects.select_for_update().get(pk=of.pk)
    if period.standing != OrderState.PAID:
        raise RefundRefused(f"{period} cannot be refunded: {OrderState(period.standing).label}")
    return period


def _verb(of: Sold, word: str) -> str:
    return f"order.{word}" if isinstance(of, Order) else f"plan.{word}"


def waiting() -> QuerySet[Refund]:
    """List the refunds that Stripe has not confirmed for a while."""
    return Refund.objects.filter(state=RefundState.ASKED, created_at__lt=timezone.now() - ASK_AGAIN)


def send(*, refund: Refund) -> Refund:
    """Ask Stripe for one refund, once, and book it; give the row as it is then.

    Stripe is first asked whether it has made it: the answer to an earlier call may have been lost, and a key is
    forgotten after a day.
    """
    with transaction.atomic():
        rows = Refund.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
            "order", "period"
        )
        row = rows.filter(pk=refund.pk, state=RefundState.ASKED).first()
        if row is None:  # done, or another worker is at it
            return Refund.objects.get(pk=refund.pk)
        try:
            found = _known_to_stripe(row) or _create(row)
        except stripe.StripeError as error:
            log.warning("refund %s: %r", row.pk, error)
            if not is_refusal(error):
                return row
            row.state, row.note = RefundState.REFUSED, error.user_message or "Stripe gave no reason."
            row.save(update_fields=["state", "note"])
            record(_verb(row.of, "refund_refused"), subject=row.of, data={"reason": row.note})
            return row
        row.state, row.stripe_id = RefundState.DONE, found.id
        row.save(update_fields=["state", "stripe_id"])
    try:
        if row.period is not None:
            plan_claims.follow(charge=row.period.stripe_charge)
        if row.order is not None:
            claims.follow(order=row.order)
    except stripe.StripeError as error:  # Stripe's event comes, too
        log.warning("refund %s is made and not booked yet: %r", row.pk, error)
    row.refresh_from_db()
    return row


def _known_to_stripe(row: Refund) -> Any:
    made = client().v1.refunds.list({"charge": row.of.stripe_charge, "limit": 100})
    for found in made.auto_paging_iter():
        if found.metadata and found.metadata.to_dict().get("refund") == str(row.pk):
            return found
    return None


def _create(row: Refund) -> Any:
    return client().v1.refunds.create(
        {
            "charge": row.of.stripe_charge,
            "amount": row.amount_minor,
            "reason": "requested_by_customer",
            "metadata": {"refund": str(row.pk), **{name: str(of.pk) for name, of in linked(row.of).items()}},
        },
        {"idempotency_key": f"refund-{row.pk}"},
    )
