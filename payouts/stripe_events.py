"""What each kind of Stripe event makes us do; the object is asked for again, the payload is not trusted."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from buyers import orders
from buyers.models import Order
from buyers.stripe_api import client
from marketplace.states import OrderState
from payouts import billing_events, claims, connect, ledger, plan_claims, sending, unclaimed
from payouts.early import TooEarly
from payouts.models import ConnectAccount, StripeEvent, Transfer

log = logging.getLogger(__name__)


def carry_out(event: StripeEvent) -> str:
    """Do what an event asks for, in the caller's transaction, and say what was done. Raises TooEarly."""
    if event.kind in ABOUT_ACCOUNTS or event.kind.startswith("v2.core.account"):
        return _account_changed(event)
    if event.account:
        return "Of a connected account: theirs, not ours."
    handler = HANDLERS.get(event.kind)
    return handler(event) if handler else "Nothing to do for this kind."


def _id(event: StripeEvent) -> str:
    found = event.payload.get("related_object") or (event.payload.get("data") or {}).get("object") or {}
    return str(found.get("id") or "")


def _session_paid(event: StripeEvent) -> str:
    return settle_session(_id(event))


def settle_session(pk: str) -> str:
    """Mark the order of a payment page paid and book the sale, or close it when the page ran out; say what was done."""
    session: Any = client().v1.checkout.sessions.retrieve(
        pk,
        {"expand": ["payment_intent.latest_charge.balance_transaction", "total_details.breakdown"]},
    )
    if session.mode == "subscription":
        return billing_events.subscription_changed(session.subscription)
    order = _order_of(session)
    if order is None:
        return "Not an order of ours."
    if session.status == "expired":
        orders.expire(order=order)
        return f"{order}: {order.get_state_display()}"
    if session.payment_status != "paid":
        return f"The session is {session.payment_status}: the order waits."
    if order.state == OrderState.PENDING and _own_page_is_paid(order, but=session.id):
        settle_session(order.stripe_session_id)
    intent = session.payment_intent
    charge = intent.latest_charge
    try:
        moved = orders.mark_paid(
            order=order,
            payment_intent=intent.id,
            charge=charge.id,
            amount_minor=session.amount_total or 0,
            currency=session.currency or "",
            tax_minor=(session.total_details.amount_tax or 0) if session.total_details else 0,
            tax_reason=billing_events.tax_reason(session),
        )
    except orders.PaymentMismatch as error:
        log.error("order %s, session %s: %s", order.pk, session.id, error)
        unclaimed.follow(order=order, charge=charge)
        return f"NOT PAID: {error}"
    order.refresh_from_db()
    if not moved:
        if order.stripe_payment_intent not in ("", intent.id):
            log.error("order %s was paid twice: refund %s", order.pk, intent.id)
            unclaimed.follow(order=order, charge=charge)
            return f"PAID TWICE: refund {intent.id}."
        return "The order was paid already."
    ledger.post_sale(order=order, tax_minor=order.tax_minor)
    _book_fee(order, charge)
    return f"{order} is paid."


def _own_page_is_paid(order: Order, *, but: str) -> bool:
    """Ask whether an order was paid on its own page, too: of two payments that one counts, whichever is told first."""
    own = order.stripe_session_id
    return own not in ("", but) and client().v1.checkout.sessions.retrieve(own).payment_status == "paid"


def _order_of(session: Any) -> Order | None:
    found = session.metadata.to_dict() if session.metadata else {}
    wanted = found.get("order") or session.client_reference_id
    try:
        pk = uuid.UUID(wanted or "")
    except ValueError:  # a session of another site on the same Stripe account
        return None
    order = Order.objects.filter(pk=pk).first()
    if order is None:
        raise TooEarly("The order of this session is not here yet.")
    return order


def _book_fee(order: Order, charge: Any) -> bool:
    movement = charge.balance_transaction
    if not movement:
        return False  # Stripe tells it a little later, with charge.updated
    return ledger.post_settlement(order=order, movement=movement)


def _charge_updated(event: StripeEvent) -> str:
    """Book Stripe's fee when it was not known at the sale."""
    order = Order.objects.filter(stripe_charge=_id(event)).exclude(stripe_charge="").first()
    if order is None:
        return "Not a charge of a paid order of ours."
    charge = client().v1.charges.retrieve(_id(event), {"expand": ["balance_transaction"]})
    return "Stripe's fee is booked." if _book_fee(order, charge) else "Nothing new."


def _charge_taken_back(event: StripeEvent) -> str:
    """Follow a refund or a dispute of one of our payments."""
    named = _id(event)
    if named.startswith(("ch_", "py_")):
        charge: Any = client().v1.charges.retrieve(named)
    else:
        of = client().v1.disputes if event.kind.startswith("charge.dispute.") else client().v1.refunds
        found: Any = of.retrieve(named, {"expand": ["charge"]})
        charge = found.charge
    return _follow(charge)


def _follow(charge: Any) -> str:
    order = Order.objects.filter(stripe_charge=charge.id).exclude(stripe_charge="").first()
    if order is None:
        said = plan_claims.follow(charge=charge.id)
        if said is not None:
            return said
        named = (charge.metadata.to_dict() if charge.metadata else {}).get("order", "")
        try:
            order = Order.objects.filter(pk=uuid.UUID(named)).first()
        except ValueError:  # of an invoice, perhaps
            order = billing_events.order_paid_by(charge)
            if order is None:
                return "Not a charge of an order or a plan of ours."
    # Looked at anew: another worker may have marked it paid, by this very charge, since the first look.
    if order is not None and order.stripe_charge == charge.id:
        return claims.follow(order=order)
    if order is not None and (order.stripe_charge or unclaimed.is_booked(charge=charge)):
        return unclaimed.follow(order=order, charge=charge)
    raise TooEarly("The order of this charge is not paid yet, as far as we know.")


def _session_over(event: StripeEvent) -> str:
    order = Order.objects.filter(stripe_session_id=_id(event)).exclude(stripe_session_id="").first()
    if order is None:
        return "Not the payment page of an order of ours."
    orders.expire(order=order)
    return f"{order}: {order.get_state_display()}"


def _account_changed(event: StripeEvent) -> str:
    account = ConnectAccount.objects.filter(stripe_id=event.account or _id(event)).first()
    if account is None:
        return "Not an account of ours."
    connect.refresh(account=account)
    return f"Transfers are {'on' if account.transfers_active else 'off'}."


def _transfer_changed(event: StripeEvent) -> str:
    """Settle our transfer, or book what was taken back of it."""
    found: Any = client().v1.transfers.retrieve(_id(event))
    named = (found.metadata.to_dict() if found.metadata else {}).get("transfer", "")
    try:
        pk = uuid.UUID(named)
    except ValueError:
        return "Not a transfer of ours."
    transfer = Transfer.objects.select_for_update().filter(pk=pk).first()
    if transfer is None:
        raise TooEarly("Our row of this transfer is not here.")
    return sending.follow(transfer=transfer, found=found)


ABOUT_ACCOUNTS = frozenset(["account.updated", "capability.updated"])
HANDLERS: dict[str, Callable[[StripeEvent], str]] = {
    "checkout.session.completed": _session_paid,
    "checkout.session.async_payment_succeeded": _session_paid,
    "checkout.session.async_payment_failed": _session_over,
    "checkout.session.expired": _session_over,
    "charge.updated": _charge_updated,
    "charge.refunded": _charge_taken_back,
    **{f"refund.{word}": _charge_taken_back for word in ("created", "updated", "failed")},
    **{
        f"charge.dispute.{word}": _charge_taken_back
        for word in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
    },
    "transfer.created": _transfer_changed,
    "transfer.updated": _transfer_changed,
    "transfer.reversed": _transfer_changed,
    **billing_events.HANDLERS,
}
