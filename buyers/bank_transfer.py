"""Orders on an invoice: made at Stripe, paid by bank transfer, reminded of, cancelled."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import stripe
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from buyers import billing, documents
from buyers.models import Order, PayBy
from buyers.payment import TAX_CODE, away, code_is_over, described
from buyers.refusals import OrderRefused
from buyers.stripe_api import client
from marketplace.states import MoveRefused, OrderState, advance

log = logging.getLogger(__name__)
DUE_DAYS = 30
CANCEL_AFTER = timedelta(days=30)  # after the due date: then nobody waits for the money any more


def open_invoice(*, order: Order) -> Order:
    """Make, number and send the invoice of a pending order; it then awaits the money.

    Every step may be repeated, so that an order whose invoice was half made goes on where it stopped. Raises StripeAway
    and keeps the order, or OrderRefused and closes it when its code is over.
    """
    try:
        found = _drafted(order)
        tax, reason = tax_of(found)
        if found.total - tax != order.net_minor:
            log.error("invoice %s of order %s: %s", found.id, order.pk, found.total)
            raise OrderRefused(
                "Stripe worked out another total than your cart showed, so the order waits. We look into it."
            )
        number = _numbered(order, found, tax, reason)
        api = client().v1.invoices
        if found.status == "draft":
            api.update(found.id, {"number": number})
            found = api.finalize_invoice(found.id, {"auto_advance": False})
            api.send_invoice(found.id)
    except stripe.InvalidRequestError as error:
        if order.promotion_stripe_id and (error.param or "").startswith("discounts"):
            raise code_is_over(order) from error
        raise away(order, error) from error
    except stripe.StripeError as error:
        raise away(order, error) from error
    try:
        advance(order, OrderState.AWAITING, invoice_url=found.hosted_invoice_url or "")
    except MoveRefused:  # another tab was a moment faster
        order.refresh_from_db()
        return order
    _write(order, "awaiting", f"{order}: invoice {number}")
    return order


def _drafted(order: Order) -> Any:
    """Find or make the invoice with its lines at Stripe, and read it with its totals."""
    api = client().v1
    if not order.stripe_invoice_id:
        details = billing.of(order.organisation)
        if details is None:
            raise OrderRefused("An invoice needs your billing details. Fill them in, then press “Pay now”.")
        made = api.invoices.create(
            _invoice(order, billing.customer(details)), {"idempotency_key": f"order-{order.pk}-invoice"}
        )
        for number, row in enumerate(described(order)):
            item: Any = {
                "customer": made.customer,
                "invoice": made.id,
                "amount": row["unit_amount"],
                "currency": order.currency,
                "description": f"{row['product_data']['name']}. {row['product_data']['description']}",
                "tax_behavior": "exclusive",
                "tax_code": TAX_CODE,
            }
            api.invoice_items.create(item, {"idempotency_key": f"order-{order.pk}-line-{number}"})
        Order.objects.filter(pk=order.pk).update(stripe_invoice_id=made.id)
        order.refresh_from_db()
    return api.invoices.retrieve(order.stripe_invoice_id)


def _invoice(order: Order, customer: str) -> Any:
    body: dict[str, Any] = {
        "customer": customer,
        "collection_method": "send_invoice",
        "days_until_due": DUE_DAYS,
        "currency": order.currency,
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "metadata": {"order": str(order.pk)},
        "automatic_tax": {"enabled": settings.STRIPE_TAX},
        "payment_settings": {"payment_method_types": ["customer_balance"]},
    }
    if order.purchase_order:
        body["custom_fields"] = [{"name": "Purchase order", "value": order.purchase_order[:140]}]
    if order.promotion_stripe_id:
        body["discounts"] = [{"promotion_code": order.promotion_stripe_id}]
    return body


def tax_of(invoice: Any) -> tuple[int, str]:
    """Read the tax of a Stripe invoice, and the reason when there is none."""
    rows = invoice.total_taxes or []
    return sum(row.amount for row in rows), next((row.taxability_reason for row in rows), "") or ""


def _numbered(order: Order, found: Any, tax: int, reason: str) -> str:
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        row.total_minor, row.tax_minor, row.tax_reason = found.total, tax, reason[:40]
        row.due_at = row.due_at or timezone.now() + timedelta(days=DUE_DAYS)
        row.save(update_fields=["total_minor", "tax_minor", "tax_reason", "due_at"])
        document = documents.invoice(order=row)
    order.refresh_from_db()
    return document.full_number


def cancel(*, order: Order, actor: Any = None) -> None:
    """Cancel an order that awaits its transfer: void the invoice at Stripe, write a credit note.

    Raises OrderRefused when the money came meanwhile or Stripe does not answer.
    """
    try:
        found = client().v1.invoices.retrieve(order.stripe_invoice_id)
        if found.status == "open":
            found = client().v1.invoices.void_invoice(order.stripe_invoice_id)
    except stripe.StripeError as error:
        log.error("invoice %s not voided: %s", order.stripe_invoice_id, error)
        raise OrderRefused(
            f"Stripe did not answer, so {order} still stands. Try again in a minute."
        ) from error
    if found.status == "paid":
        raise OrderRefused(
            f"The money for {order} has arrived, so it is not cancelled. The downloads open now."
        )
    cancelled(order=order, actor=actor)


def cancelled(*, order: Order, actor: Any = None) -> bool:
    """Close an order whose invoice is void, once; a paid one stays paid."""
    try:
        with transaction.atomic():
            advance(order, OrderState.CANCELLED, actor=actor)
            documents.credit(
                order=order,
                amount_minor=order.total_minor,
                reference=f"cancelled:{order.pk}",
                reason=f"{order} was cancelled before it was paid",
            )
    except MoveRefused:
        order.refresh_from_db()
        return False
    _write(order, "cancelled", f"{order} is cancelled")
    return True


def chase() -> int:
    """Remind once of transfers that are overdue, and cancel those nobody will send any more; count both."""
    now, done = timezone.now(), 0
    late = Order.objects.filter(state=OrderState.AWAITING, pay_by=PayBy.TRANSFER, due_at__lt=now)
    for order in late.select_related("placed_by", "organisation").order_by("due_at")[:500]:
        if order.due_at is not None and order.due_at < now - CANCEL_AFTER:
            try:
                cancel(order=order)
            except OrderRefused as why:
                log.warning("%s", why)
                continue
        elif order.reminded_at is None:
            if not Order.objects.filter(pk=order.pk, reminded_at=None).update(reminded_at=now):
                continue
            _write(order, "overdue", f"{order}: your transfer is overdue")
        else:
            continue
        done += 1
    return done


def _write(order: Order, letter: str, subject: str) -> None:
    context = {
        "order": order,
        "days": DUE_DAYS,
        "cancel_after": CANCEL_AFTER.days,
        "url": settings.SITE_URL + reverse("buyers:order", args=[order.pk]),
        "site_url": settings.SITE_URL,
    }
    details = billing.of(order.organisation)
    to = {order.placed_by.email, details.email if details and details.email else order.placed_by.email}
    body = render_to_string(f"buyers/emails/transfer_{letter}.txt", context)
    # The order's page says the same: a mail server that is down must not undo what is done.
    send_mail(f"[Fairframe] {subject}", body, None, sorted(to), fail_silently=True)
