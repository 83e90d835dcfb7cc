"""Plans in the books: a paid month becomes hours, hours become sales, what is left of a month becomes ours."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from buyers import plan_documents, subscriptions
from buyers.bank_transfer import tax_of
from buyers.models import PlanPeriod, Subscription
from buyers.plans import HOUR_MS, titled
from buyers.stripe_api import client
from marketplace.money import Money
from marketplace.states import SubscriptionState
from payouts import ledger, mirrors
from payouts.early import TooEarly
from payouts.models import AccountKind, TransactionKind

log = logging.getLogger(__name__)


def is_plans(invoice: Any) -> bool:
    """Say whether an invoice is of a subscription."""
    return bool(invoice.parent and invoice.parent.type == "subscription_details")


def row_of(invoice: Any) -> Subscription | None:
    """Find the subscription of an invoice and lock it; None when it is not ours. Raises TooEarly."""
    details = invoice.parent.subscription_details
    named = (details.metadata.to_dict() if details.metadata else {}).get("subscription", "")
    try:
        pk = uuid.UUID(named)
    except ValueError:
        return None
    row = Subscription.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise TooEarly("The subscription of this invoice is not here yet.")
    return row


def paid(*, invoice: Any, intent: Any) -> str:
    """Book a paid month and give its hours, once; call it in a transaction. Raises TooEarly."""
    row = row_of(invoice)
    if row is None:
        return "Not a plan of ours."
    if PlanPeriod.objects.filter(stripe_invoice_id=invoice.id).exists():
        return "This month was booked already."
    charge = intent.latest_charge
    movement = charge.balance_transaction
    if not movement:
        raise TooEarly("Stripe has not settled this payment yet.")
    subscriptions.follow(stripe_id=str(invoice.parent.subscription_details.subscription))
    line = invoice.lines.data[0]
    about = client().v1.prices.retrieve(str(line.pricing.price_details.price)).metadata.to_dict()
    tax, reason = tax_of(invoice)
    net = intent.amount_received - tax
    period = PlanPeriod.objects.create(
        subscription=row,
        organisation_id=row.organisation_id,
        plan=about["plan"],
        starts_at=datetime.fromtimestamp(line.period.start, UTC),
        ends_at=datetime.fromtimestamp(line.period.end, UTC),
        included_ms=int(about["hours"]) * HOUR_MS,
        currency=invoice.currency,
        net_minor=net,
        tax_minor=tax,
        stripe_invoice_id=invoice.id,
        stripe_charge=charge.id,
    )
    currency = invoice.currency
    ledger.post(
        TransactionKind.PLAN,
        reference=f"income:{charge.id}",
        lines=[
            *mirrors.cash(movement, minor=intent.amount_received, currency=currency),
            (ledger.account(AccountKind.TAX, currency=currency), -tax),
            (ledger.account(AccountKind.PLAN_CREDIT, currency=currency), -net),
        ],
        memo=f"Plan {titled(period.plan)} of {row.organisation}, from {period.starts_at:%-d %B %Y}",
        period=period,
    )
    off = sum(row.amount for row in invoice.total_discount_amounts or [])
    plan_documents.issue(period=period, payment=intent.id, tax_reason=reason, discount_minor=off)
    transaction.on_commit(lambda: _write(row, "paid", {"period": period}))
    return f"{period} is paid: {about['hours']} hours."


def declined(*, invoice: Any) -> str:
    """Remember which month could not be charged and tell the organisation, once an invoice."""
    row = row_of(invoice)
    if row is None:
        return "Not a plan of ours."
    invoice = client().v1.invoices.retrieve(invoice.id)  # under the lock: it may be paid by now
    if invoice.status != "open":
        return f"The invoice is {invoice.status}: nothing to tell."
    subscriptions.follow(stripe_id=str(invoice.parent.subscription_details.subscription))
    row.refresh_from_db()
    if row.state == SubscriptionState.ENDED:  # told late: nobody waits for this money any more
        return f"{row} is over: nothing to pay."
    new = row.unpaid_invoice != invoice.id
    again = invoice.next_payment_attempt
    Subscription.objects.filter(pk=row.pk).update(
        unpaid_invoice=invoice.id,
        unpaid_url=invoice.hosted_invoice_url or "",
        try_again_at=datetime.fromtimestamp(again, UTC) if again else None,
    )
    row.refresh_from_db()
    if new:
        amount = Money(invoice.amount_remaining, invoice.currency)
        transaction.on_commit(lambda: _write(row, "declined", {"amount": amount}))
    return f"The card of {row} was declined."


def _write(row: Subscription, letter: str, more: dict[str, Any]) -> None:
    context = {
        "row": row,
        "title": titled(row.plan),
        "url": settings.SITE_URL + reverse("buyers:plan"),
        "site_url": settings.SITE_URL,
        **more,
    }
    subject = "Your plan is paid" if letter == "paid" else "Your plan could not be charged"
    body = render_to_string(f"buyers/emails/plan_{letter}.txt", context)
    # The plan's page says the same: a mail server that is down must not undo what is booked.
    send_mail(f"[Fairframe] {subject}", body, None, [row.made_by.email], fail_silently=True)


def close_over(*, now: datetime | None = None) -> int:
    """Book what was not used of months that are over as our revenue; count them."""
    over = PlanPeriod.objects.filter(closed_at=None, ends_at__lte=now or timezone.now())
    done = 0
    for pk in over.order_by("ends_at").values_list("pk", flat=True)[:500]:
        with transaction.atomic():
            period = PlanPeriod.objects.select_for_update().filter(pk=pk, closed_at=None).first()
            if period is not None:
                close(period)
                done += 1
    return done


def close(period: PlanPeriod) -> None:
    """Turn what is left of a locked month into revenue: nobody can use its hours any more."""
    left = period.net_minor - period.used_minor
    if left:
        ledger.post(
            TransactionKind.PLAN_UNUSED,
            reference=f"plan-unused:{period.pk}",
            lines=[
                (ledger.account(AccountKind.PLAN_CREDIT, currency=period.currency), left),
                (ledger.account(AccountKind.PLATFORM_REVENUE, currency=period.currency), -left),
            ],
            memo=f"Hours that were not used, {period}",
            period=period,
        )
    period.closed_at = timezone.now()
    period.save(update_fields=["closed_at"])
