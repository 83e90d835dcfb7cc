"""Stripe's inbox: verified events are stored once, then handled in a task, each in one transaction."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from payouts.early import TooEarly
from payouts.models import StripeEvent
from payouts.stripe_events import carry_out
from payouts.wake import wake

log = logging.getLogger(__name__)
TOLERANCE_S = 300  # Stripe's own default: an older signature may be a replay
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
GIVE_UP = timedelta(days=3)  # as long as Stripe itself sends an event again
NOTE = 500


class Refused(Exception):
    """An event that is not taken in; ``status`` is the HTTP answer."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


def receive(*, payload: bytes, signature: str) -> bool:
    """Verify and store one event and wake a worker; False when it was here already.

    Raises Refused and stores nothing for everything that is not Stripe's word to us.
    """
    return keep(_verified(payload, signature))


def keep(event: dict[str, Any]) -> bool:
    """Store an event that is known to be Stripe's and wake a worker; False when it was here already."""
    now = timezone.now()
    with transaction.atomic():
        row, new = StripeEvent.objects.get_or_create(
            stripe_id=event["id"],
            defaults={
                "kind": event["type"][:100],
                "account": str(event.get("account") or ""),
                "payload": event,
                "try_at": now + FIRST_WAIT,  # beat looks only at what the message did not reach
            },
        )
        if new:
            transaction.on_commit(lambda: wake("handle_event", row.pk))
    return new


def _verified(payload: bytes, signature: str) -> dict[str, Any]:
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:  # an empty key signs anything
        raise Refused("No webhook secret is configured, so this address is closed.", 404)
    if not signature:
        raise Refused("The signature is missing.", 400)
    try:
        if not signature.isascii():
            raise ValueError("no signature of Stripe's has such letters")
        stripe.WebhookSignature.verify_header(payload, signature, secret, TOLERANCE_S)
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise Refused("The signature does not fit this message, or it is too old.", 400) from error
    try:
        # PostgreSQL stores no NUL in JSON.
        event = json.loads(payload.replace(rb"\u0000", rb"\ufffd"))
    except (ValueError, RecursionError) as error:
        raise Refused("This is not JSON.", 400) from error
    if not isinstance(event, dict) or not _text(event.get("id")) or not _text(event.get("type")):
        raise Refused("This is not an event.", 400)
    if event.get("livemode") is not settings.STRIPE_LIVEMODE:
        raise Refused("This event is of the other mode (live or test).", 400)
    return event


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def handle(*, pk: int) -> bool:
    """Handle one stored event, once. True when this call did; False when it was handled, or has to wait."""
    try:
        with transaction.atomic():
            rows = StripeEvent.objects.select_for_update(skip_locked=True)
            event = rows.filter(pk=pk, handled_at=None).first()
            if event is None:
                return False  # done, or another worker is at it
            event.note = carry_out(event)[:NOTE]
            event.handled_at = timezone.now()
            event.attempts += 1
            event.save(update_fields=["note", "handled_at", "attempts"])
        return True
    except (TooEarly, stripe.StripeError) as error:
        _wait(pk, str(error))
    except Exception as error:  # one event that we cannot handle must not hold up the others
        log.exception("Stripe event %s", pk)
        _wait(pk, f"Our own fault: {error!r}")
    return False


def _wait(pk: int, why: str) -> None:
    rows = StripeEvent.objects.filter(pk=pk, handled_at=None)  # another worker may have done it meanwhile
    event = rows.first()
    if event is None:
        return
    now = timezone.now()
    wait = min(FIRST_WAIT * 2 ** min(event.attempts, 10), LONGEST_WAIT)
    late = event.received_at < now - GIVE_UP
    if late:
        why = f"GIVEN UP after {GIVE_UP.days} days: {why}"
        log.error("Stripe event %s: %s", event.stripe_id, why)
    rows.update(
        try_at=now + wait,
        attempts=F("attempts") + 1,
        note=why[:NOTE],
        handled_at=now if late else None,
    )


def waiting() -> list[int]:
    """List the stored events whose turn has come and that no task has handled."""
    rows = StripeEvent.objects.filter(handled_at=None, try_at__lte=timezone.now()).order_by("try_at")
    return list(rows.values_list("pk", flat=True)[:500])
