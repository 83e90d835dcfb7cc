"""What beat runs for people who buy."""

from __future__ import annotations

from celery import shared_task

from buyers import withdrawals


@shared_task(name="buyers.tasks.tell_of_withdrawals")
def tell_of_withdrawals() -> int:
    """Tell organisations which clips they hold were withdrawn; every minute."""
    return withdrawals.tell_due()
