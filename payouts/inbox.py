"""Stripe's inbox: verified events are stored once, then handled in a task, each in one transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import stripe
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from buyers import orders
from buyers.models import Order
from buyers.stripe_api import client
from marketplace.states import MoveRefused, TransferState, advance
from payouts import connect, ledger, transfers
from payouts.models import ConnectAccount, StripeEvent, Transfer

log = logging.getLogger(__name__)
TOLERANCE_S = 300  # Stripe's own default: an older signature may be a replay
RETRY = timedelta(seconds=30)


class Refused(Exception):
    """An event that is not taken in; ``status`` is the HTTP answer."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class TooEarly(Exception):
    """The event is about something that is not here yet; it is tried again."""


def receive(*, payload: bytes, signature: str) -> StripeEvent | None:
    """Verify and store one event; None when it was here already. Raises Refused and stores nothing otherwise."""
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:
        raise Refused("No webhook secret is configured, so this address is closed.", 404)
    if not signature:
        raise Refused("The signature is missing.", 400)
    try:
        text = payload.decode()
        event = json.loads(text)
    except ValueError as error:
        raise Refused("This is not JSON.", 400) from error
    try:
        stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE_S)
    except stripe.SignatureVerificationError as error:
        raise Refused("The signature does not fit, or it is too old.", 400) from error
    if not isinstance(event, dict) or not event.get("id") or not event.get("type"):
        raise Refused("This is not an event.", 400)
    if bool(event.get("livemode")) != settings.STRIPE_LIVEMODE:
        raise Refused("This event is of the other mode (live or test).", 400)
    row, new = StripeEvent.objects.get_or_create(
        stripe_id=event["id"],
        defaults={"kind": event["type"][:100], "account": event.get("account") or "", "payload": event},
    )
    return row if new else None


def handle(*, pk: int) -> bool:
    """Handle one stored event, once. True when this call did; False when it was handled, or has to wait."""
    try:
        with transaction.atomic():
            event = StripeEvent.objects.select_for_update().get(pk=pk)
            if event.handled_at is not None:
                return False
            handler = HANDLERS.get(event.kind)
            event.note = (handler(event) if handler else "Nothing to do for this kind.")[:500]
            event.handled_at = timezone.now()
            event.attempts += 1
            event.save(update_fields=["note", "handled_at", "attempts"])
        return True
    except (TooEarly, stripe.StripeError) as error:
        StripeEvent.objects.filter(pk=pk).update(attempts=F("attempts") + 1, note=str(error)[:500])
        return False


def waiting() -> list[int]:
    """List the stored events that no task has handled yet."""
    old = timezone.now() - RETRY
    rows = StripeEvent.objects.filter(handled_at=None, received_at__lt=old).order_by("received_at")
    return list(rows.values_list("pk", flat=True)[:500])


def _object(event: StripeEvent) -> dict[str, Any]:
    return dict(event.payload.get("data", {}).get("object", {}))


def _session_paid(event: StripeEvent) -> str:
    """Mark the order paid and book the sale; the session is asked for again, the payload is not trusted."""
    session = client().v1.checkout.sessions.retrieve(
        _object(event)["id"], {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )
    order = _order_of(session)
    if order is None:
        return "Not an order of ours."
    if session.payment_status != "paid":
        return f"The session is {session.payment_status}."
    intent: Any = session.payment_intent
    charge: Any = intent.latest_charge
    try:
        moved = orders.mark_paid(
            order=order,
            payment_intent=intent.id,
            charge=charge.id,
            amount_minor=session.amount_total or 0,
            currency=session.currency or "",
        )
    except orders.PaymentMismatch as error:
        log.error("order %s: %s", order.pk, error)
        return f"NOT PAID: {error}"
    if not moved:
        return "The order was paid already."
    order.refresh_from_db()
    fee = charge.balance_transaction.fee if charge.balance_transaction else 0
    ledger.post_sale(order=order, fee_minor=fee)
    return f"{order} is paid."


def _order_of(session: Any) -> Order | None:
    wanted = (session.metadata or {}).get("order") or session.client_reference_id
    if not wanted:
        return None
    try:
        order = Order.objects.filter(pk=wanted).first()
    except ValidationError:  # no UUID: a session of another site on the same Stripe account
        return None
    if order is None:
        raise TooEarly("The order of this session is not here yet.")
    return order


def _session_expired(event: StripeEvent) -> str:
    order = Order.objects.filter(stripe_session_id=_object(event).get("id", "")).first()
    if order is None:
        return "Not an order of ours."
    orders.expire(order=order)
    return "The order has expired."


def _account_changed(event: StripeEvent) -> str:
    stripe_id = event.account or _object(event).get("id", "")
    account = ConnectAccount.objects.filter(stripe_id=stripe_id).first()
    if account is None:
        return "Not an account of ours."
    connect.refresh(account=account)
    return f"Transfers are {'on' if account.transfers_active else 'off'}."


def _transfer_created(event: StripeEvent) -> str:
    found = _object(event)
    transfer = Transfer.objects.filter(stripe_id=found.get("id", "")).first()
    if transfer is None:
        if (found.get("metadata") or {}).get("transfer"):
            raise TooEarly("Our row of this transfer is not written yet.")
        return "Not a transfer of ours."
    try:
        advance(transfer, TransferState.SETTLED)
    except MoveRefused as refused:
        return str(refused)[:500]
    return "The transfer has settled."


def _transfer_reversed(event: StripeEvent) -> str:
    done = transfers.reverse_of(stripe_id=_object(event).get("id", ""))
    return "Taken back and booked." if done else "Nothing of ours, or booked already."


HANDLERS: dict[str, Callable[[StripeEvent], str]] = {
    "checkout.session.completed": _session_paid,
    "checkout.session.async_payment_succeeded": _session_paid,
    "checkout.session.expired": _session_expired,
    "account.updated": _account_changed,
    "v2.core.account[configuration.recipient].capability_status_updated": _account_changed,
    "transfer.created": _transfer_created,
    "transfer.reversed": _transfer_reversed,
}
