"""Stripe's invoices: a bank transfer that arrived pays its order, a void invoice cancels it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from buyers import bank_transfer, orders, subscriptions
from buyers.models import Order
from buyers.stripe_api import client
from payouts import ledger, plans, unclaimed
from payouts.early import TooEarly
from payouts.models import StripeEvent

log = logging.getLogger(__name__)


def tax_reason(session: Any) -> str:
    """Say in Stripe's word why a Checkout Session bears the tax it does, e.g. ``reverse_charge``."""
    details = session.total_details
    taxes = details.breakdown.taxes if details and details.breakdown else []
    return next((row.taxability_reason or "" for row in taxes), "")


def named(event: StripeEvent) -> str:
    """Give the id of the object that an event is about."""
    return str(((event.payload.get("data") or {}).get("object") or {}).get("id") or "")


def _order_of(invoice: Any) -> Order | None:
    try:
        pk = uuid.UUID((invoice.metadata.to_dict() if invoice.metadata else {}).get("order", ""))
    except ValueError:  # a plan's, or of another site on the same Stripe account
        return None
    order = Order.objects.filter(pk=pk).first()
    if order is None:
        raise TooEarly("The order of this invoice is not here yet.")
    return order


def settled_by(invoice: Any) -> Any:
    """Find the payment intent that paid an invoice, with its charge; None when it was settled outside Stripe."""
    payments = invoice.payments.data if invoice.payments else []
    for row in payments:
        if row.status == "paid" and row.payment.type == "payment_intent":
            expand = {"expand": ["latest_charge.balance_transaction"]}
            return client().v1.payment_intents.retrieve(row.payment.payment_intent, expand)  # type: ignore[arg-type]
    return None


def order_paid_by(charge: Any) -> Order | None:
    """Find the order whose invoice a charge paid; None when the invoice is not ours.

    Raises TooEarly when it is a plan's: its month is not booked yet, as far as the caller knows.
    """
    if not charge.payment_intent:
        return None
    of: Any = {"type": "payment_intent", "payment_intent": str(charge.payment_intent)}
    for row in client().v1.invoice_payments.list({"payment": of, "limit": 1}).data:
        invoice: Any = client().v1.invoices.retrieve(str(row.invoice))
        if not plans.is_plans(invoice):
            return _order_of(invoice)
        if plans.row_of(invoice) is not None:
            raise TooEarly("The month that this charge paid is not booked yet.")
    return None


def _invoice_paid(event: StripeEvent) -> str:
    """Mark the order of an invoice paid and book the sale."""
    invoice: Any = client().v1.invoices.retrieve(named(event), {"expand": ["payments"]})
    if plans.is_plans(invoice):
        intent = settled_by(invoice) if invoice.status == "paid" else None
        return (
            plans.paid(invoice=invoice, intent=intent) if intent else "Not paid at Stripe: nothing to book."
        )
    order = _order_of(invoice)
    if order is None:
        return "Not the invoice of an order of ours."
    if invoice.status != "paid":
        return f"The invoice is {invoice.status}: the order waits."
    intent = settled_by(invoice)
    if intent is None:
        log.error("invoice %s of order %s was settled outside Stripe", invoice.id, order.pk)
        return "NOT BOOKED: settled outside Stripe, so the money is not on our balance there."
    tax, reason = bank_transfer.tax_of(invoice)
    charge = intent.latest_charge
    try:
        moved = orders.mark_paid(
            order=order,
            payment_intent=intent.id,
            charge=charge.id,
            amount_minor=intent.amount_received,
            currency=invoice.currency,
            tax_minor=tax,
            tax_reason=reason,
        )
    except orders.PaymentMismatch as error:
        log.error("order %s, invoice %s: %s", order.pk, invoice.id, error)
        unclaimed.follow(order=order, charge=charge)
        return f"NOT PAID: {error}"
    order.refresh_from_db()
    if not moved:
        if order.stripe_payment_intent not in ("", intent.id):
            log.error("order %s was paid twice: refund %s", order.pk, intent.id)
            unclaimed.follow(order=order, charge=charge)
        return "The order was paid already."
    ledger.post_sale(order=order, tax_minor=order.tax_minor)
    book_fee(order, charge)
    return f"{order} is paid."


def book_fee(order: Order, charge: Any) -> bool:
    """Book what Stripe kept of a payment, when it says so already."""
    movement = charge.balance_transaction
    if not movement:
        return False  # Stripe tells it a little later, with charge.updated
    return ledger.post_settlement(order=order, movement=movement)


def _invoice_over(event: StripeEvent) -> str:
    """Cancel the order of an invoice that was voided or written off."""
    invoice: Any = client().v1.invoices.retrieve(named(event))
    order = _order_of(invoice)
    if order is None:
        return "Not the invoice of an order of ours."
    if invoice.status not in ("void", "uncollectible"):
        return f"The invoice is {invoice.status}: nothing to cancel."
    done = bank_transfer.cancelled(order=order)
    return f"{order} is cancelled." if done else f"{order} stays as it is."


def _invoice_declined(event: StripeEvent) -> str:
    """Tell an organisation whose card was declined."""
    invoice: Any = client().v1.invoices.retrieve(named(event))
    return plans.declined(invoice=invoice) if plans.is_plans(invoice) else "Not a plan's invoice."


def subscription_changed(stripe_id: Any) -> str:
    """Bring our row of a subscription to where Stripe has it."""
    row = subscriptions.follow(stripe_id=str(stripe_id)) if stripe_id else None
    return f"{row}: {row.state}" if row else "Not a subscription of ours."


HANDLERS: dict[str, Callable[[StripeEvent], str]] = {
    "invoice.paid": _invoice_paid,
    "invoice.payment_failed": _invoice_declined,
    "invoice.payment_action_required": _invoice_declined,
    **{
        f"customer.subscription.{word}": lambda event: subscription_changed(named(event))
        for word in ("created", "updated", "deleted", "paused", "resumed")
    },
    "invoice.voided": _invoice_over,
    "invoice.marked_uncollectible": _invoice_over,
}
