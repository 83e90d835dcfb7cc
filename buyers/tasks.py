"""What happens to orders and to what was bought as time passes."""

from __future__ import annotations

from celery import shared_task

from buyers import bank_transfer, withdrawals


@shared_task(name="buyers.tasks.chase_invoices")
def chase_invoices() -> int:
    """Remind of overdue bank transfers and cancel those that will not come. Every day."""
    return bank_transfer.chase()


@shared_task(name="buyers.tasks.tell_of_withdrawals")
def tell_of_withdrawals() -> int:
    """Tell organisations which clips they hold were withdrawn; every minute."""
    return withdrawals.tell_due()
