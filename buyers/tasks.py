"""What happens to orders as time passes."""

from __future__ import annotations

from celery import shared_task

from buyers import bank_transfer


@shared_task(name="buyers.tasks.chase_invoices")
def chase_invoices() -> int:
    """Remind of overdue bank transfers and cancel those that will not come. Every day."""
    return bank_transfer.chase()
