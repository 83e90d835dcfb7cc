"""Money's tasks, on their own queue so that a video never delays a payment."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from payouts import inbox, transfers
from payouts.models import Transfer
from payouts.wake import wake


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
