"""Invoices, receipts and credit notes of plans."""

from __future__ import annotations

from typing import Any

from buyers import documents
from buyers.models import Document, DocumentKind, PlanPeriod
from buyers.plans import HOUR_MS, titled


def issue(*, period: PlanPeriod, payment: str, tax_reason: str, discount_minor: int = 0) -> None:
    """Issue invoice and receipt of a paid month, once; ``discount_minor`` is what a promotion code took off."""
    data = _sold(period, tax_reason, discount_minor)
    bill = _of(DocumentKind.INVOICE, period, f"invoice:plan:{period.stripe_invoice_id}", data)
    paid = {"paid_at": period.paid_at.isoformat(), "how": "Card", "payment": payment, "of": bill.full_number}
    _of(DocumentKind.RECEIPT, period, f"receipt:plan:{period.stripe_invoice_id}", {**bill.data, **paid})


def credit(*, period: PlanPeriod, amount_minor: int, tax_minor: int, reference: str) -> None:
    """Issue the credit note of a refund (with tax), once per reference."""
    bill = Document.objects.get(reference=f"invoice:plan:{period.stripe_invoice_id}")
    about = f"Of invoice {bill.full_number}"
    data = {
        **{name: bill.data[name] for name in ("seller", "buyer", "period", "tax_sentence")},
        "lines": [{"title": "Refund", "about": about, "net_minor": tax_minor - amount_minor}],
        "net_minor": tax_minor - amount_minor,
        "tax_minor": -tax_minor,
        "of": bill.full_number,
    }
    documents.issue(
        DocumentKind.CREDIT_NOTE,
        reference=f"credit:{reference}",
        organisation=period.organisation,
        currency=period.currency,
        total_minor=-amount_minor,
        data=data,
    )


def of(organisation: Any) -> list[Document]:
    """List the documents of an organisation's plans, newest first."""
    rows = Document.objects.filter(organisation=organisation, order=None)
    return list(rows.order_by("-issued_at", "-number")[:60])


def _sold(period: PlanPeriod, tax_reason: str, discount_minor: int) -> dict[str, Any]:
    hours = period.included_ms // HOUR_MS
    days = f"{period.starts_at:%-d %B %Y} to {period.ends_at:%-d %B %Y}"
    line = {
        "title": f"Plan {titled(period.plan)}",
        "about": f"{hours} hours of footage",
        "list_minor": period.net_minor + discount_minor,
        "net_minor": period.net_minor,
    }
    return {
        "seller": documents.seller(),
        "buyer": documents.buyer(period.organisation),
        "period": days,
        "lines": [line],
        "discount_minor": discount_minor,
        "promotion_code": period.subscription.promotion_code,
        "net_minor": period.net_minor,
        "tax_minor": period.tax_minor,
        "tax_sentence": documents.tax_sentence(tax_minor=period.tax_minor, reason=tax_reason),
    }


def _of(kind: DocumentKind, period: PlanPeriod, reference: str, data: dict[str, Any]) -> Document:
    return documents.issue(
        kind,
        reference=reference,
        organisation=period.organisation,
        currency=period.currency,
        total_minor=period.total_minor,
        data=data,
    )
