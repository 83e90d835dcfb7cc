"""Money's tasks, on their own queue so that a video never delays a payment."""

from __future__ import annotations

from celery import shared_task

from payouts import inbox, transfers


@shared_task(name="payouts.tasks.handle_event")
def handle_event(pk: int) -> None:
    """Handle one stored Stripe event."""
    inbox.handle(pk=pk)


@shared_task(name="payouts.tasks.drain_inbox")
def drain_inbox() -> int:
    """Handle what waits: events that came too early, or whose message was lost. Every minute."""
    return sum(inbox.handle(pk=pk) for pk in inbox.waiting())


@shared_task(name="payouts.tasks.run_payouts")
def run_payouts() -> str:
    """Pay what is past its hold. On the 1st of the month."""
    return str(transfers.run())
