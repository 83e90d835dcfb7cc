"""What comes home though its message was lost: events that Stripe could not deliver, orders nobody paid."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import stripe
from django.db import transaction
from django.utils import timezone

from buyers import orders
from buyers.models import Order
from buyers.stripe_api import client
from marketplace.states import OrderState
from payouts import inbox
from payouts.stripe_events import HANDLERS, settle_session

log = logging.getLogger(__name__)
LOOK_BACK = timedelta(hours=3)  # further back than two looks of beat are apart
UNPAID_AFTER = timedelta(hours=24)  # Stripe's payment pages live shorter than that


def catch_up(*, since: datetime | None = None) -> int:
    """Ask Stripe for the events since then (three hours) and take in those that never reached us; count them.

    Connected accounts' events are not in this list: their state is read again whenever it matters.
    """
    first = int((since or timezone.now() - LOOK_BACK).timestamp())
    new = 0
    for event in client().v1.events.list({"created": {"gte": first}, "limit": 100}).auto_paging_iter():
        if event.type in HANDLERS and event.livemode is not None:
            new += inbox.keep(event.to_dict())
    if new:
        log.warning("%d events of Stripe's had not been delivered", new)
    return new


def close_unpaid(*, now: datetime | None = None) -> int:
    """Close the orders that were never paid: without a payment page after a day, else as Stripe says; count them."""
    old = Order.objects.filter(
        state=OrderState.PENDING, created_at__lt=(now or timezone.now()) - UNPAID_AFTER
    ).order_by("created_at")
    closed = 0
    for order in old[:200]:
        if order.stripe_invoice_id:
            continue  # a bank transfer has a date of its own
        if not order.stripe_session_id:
            orders.expire(order=order)
        else:
            try:
                with transaction.atomic():
                    settle_session(order.stripe_session_id)
            except stripe.StripeError as error:
                log.warning("order %s: %r", order.pk, error)
                continue
        order.refresh_from_db()
        closed += order.state != OrderState.PENDING
    return closed
