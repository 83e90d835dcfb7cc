"""Money's tasks, on their own queue so that a video never delays a payment."""

from __future__ import annotations

import logging
import uuid

from celery import shared_task
from django.utils import timezone

from payouts import checks, inbox, plans, reconcile, refunds, sweeping, transfers
from payouts.models import Transfer
from payouts.wake import wake

log = logging.getLogger(__name__)


@shared_task(name="payouts.tasks.handle_event")
def handle_event(pk: int) -> None:
    """Handle one stored Stripe event."""
    inbox.handle(pk=pk)


@shared_task(name="payouts.tasks.drain_inbox")
def drain_inbox() -> int:
    """Handle what waits: events that came too early, or whose message was lost. Every minute."""
    return sum(inbox.handle(pk=pk) for pk in inbox.waiting())


@shared_task(name="payouts.tasks.run_payouts")
def run_payouts() -> int:
    """Gather what is past its hold. On the 1st of the month."""
    made = transfers.due(now=timezone.now())
    send_waiting()
    return len(made)


@shared_task(name="payouts.tasks.send_waiting")
def send_waiting() -> int:
    """Send what is due or failed before, a task each, so that a slow one holds up nobody. Every day."""
    found = list(transfers.waiting().values_list("pk", flat=True))
    for pk in found:
        wake("send_transfer", str(pk))
    return len(found)


@shared_task(name="payouts.tasks.send_transfer")
def send_transfer(pk: str) -> None:
    """Send one transfer."""
    transfer = Transfer.objects.filter(pk=uuid.UUID(pk)).first()
    if transfer is not None:
        transfers.send(transfer=transfer)


@shared_task(name="payouts.tasks.catch_up")
def catch_up() -> int:
    """Take in what Stripe could not deliver, ask again for refunds, close orders nobody paid. Every ten minutes."""
    for refund in refunds.waiting():
        refunds.send(refund=refund)
    return sweeping.catch_up() + sweeping.close_unpaid()


@shared_task(name="payouts.tasks.check_books")
def check_books() -> int:
    """Run every rule of the books and cry out with rule and ids when one is broken. Every 15 minutes."""
    found = checks.broken()
    for rule, ids in found:
        log.error("THE BOOKS: %s is broken: %s Ids: %s", rule.name, rule.meaning, ", ".join(ids))
    return len(found)


@shared_task(name="payouts.tasks.close_plan_months")
def close_plan_months() -> int:
    """Book what was not used of months of plans that are over. Every hour."""
    return plans.close_over()


@shared_task(name="payouts.tasks.reconcile")
def reconcile_recent() -> int:
    """Compare the last days with Stripe's own list; give how many differ. Every night."""
    rows = reconcile.recent(today=timezone.now().date())
    return sum(row.difference_minor != 0 for row in rows)
