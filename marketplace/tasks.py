"""What beat runs for the core."""

from __future__ import annotations

import logging

from celery import shared_task
from django.core.mail import mail_admins

from marketplace.models.event import first_broken

log = logging.getLogger(__name__)


@shared_task(name="marketplace.tasks.check_audit_log")
def check_audit_log() -> int | None:
    """Walk the chain of the audit log; a line that was changed or is missing is told to the administrators; nightly."""
    broken = first_broken()
    if broken is None:
        return None
    line, at = broken
    sentence = (
        f"The audit log does not hold together at line {line} of {at:%Y-%m-%d %H:%M} UTC: that line or one before it "
        "was changed or deleted behind the site's back. Compare it with last night's backup."
    )
    log.critical(sentence)
    mail_admins("The audit log was tampered with", sentence)
    return line
