"""What beat runs for people who film."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from contributors import letters, retention, uploads


@shared_task(name="contributors.tasks.expire_uploads")
def expire_uploads() -> dict[str, int]:
    """End uploads that nobody came back to within a week; hourly."""
    return uploads.expire(now=timezone.now())


@shared_task(name="contributors.tasks.send_letters")
def send_letters() -> int:
    """Tell people that their footage waits for them, was decided or cannot be used; every minute."""
    return letters.send_due()


@shared_task(name="contributors.tasks.delete_files")
def delete_files() -> dict[str, int]:
    """Delete files that were withdrawn or whose time is over; every ten minutes."""
    return retention.delete_files(now=timezone.now())
