"""Invoices, receipts and credit notes: numbered without gaps, their content frozen when they are issued."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from buyers import billing
from buyers.models import Document, DocumentKind, DocumentSeries, LicenceSize, Order, Organisation, PayBy

PREFIX = {DocumentKind.INVOICE: "INV", DocumentKind.RECEIPT: "REC", DocumentKind.CREDIT_NOTE: "CN"}
# Stripe's taxability reasons (https://docs.stripe.com/tax/zero-tax) → what an invoice has to say.
TAX_SENTENCES = {
    "reverse_charge": "Reverse charge: the tax is to be paid by the recipient (Article 196, Directive 2006/112/EC).",
    "not_collecting": "No tax is collected: the seller is not registered for tax where the buyer is.",
    "customer_exempt": "No tax is charged: the buyer is exempt.",
    "zero_rated": "Zero-rated.",
}


def issue(
    kind: DocumentKind,
    *,
    reference: str,
    organisation: Organisation,
    currency: str,
    total_minor: int,
    data: dict[str, Any],
    order: Order | None = None,
) -> Document:
    """Give out the next number of the series, in the caller's transaction; the same reference finds the first.

    The row of the series stays locked until that transaction ends, so that a rolled-back document leaves no gap.
    """
    with transaction.atomic():
        found = Document.objects.filter(reference=reference).first()
        if found is not None:
            return found
        now = timezone.now()
        name = f"{PREFIX[kind]}-{now:%Y}"
        DocumentSeries.objects.get_or_create(name=name)
        series = DocumentSeries.objects.select_for_update().get(name=name)
        found = Document.objects.filter(reference=reference).first()  # issued while we waited for the lock
        if found is not None:
            return found
        series.last += 1
        series.save(update_fields=["last"])
        return Document.objects.create(
            kind=kind,
            series=name,
            number=series.last,
            reference=reference,
            organisation=organisation,
            order=order,
            issued_at=now,
            currency=currency,
            total_minor=total_minor,
            data=data,
        )


def of_order(order: Order) -> list[Document]:
    """List an order's documents, oldest first."""
    return list(order.documents.order_by("issued_at", "series", "number"))


def invoice(*, order: Order) -> Document:
    """Issue the invoice of an order, once: for a bank transfer before it is paid, else when it is."""
    data = _sold(order)
    if order.pay_by == PayBy.TRANSFER and order.due_at:
        data["due"] = order.due_at.isoformat()
    return _of(DocumentKind.INVOICE, order, f"invoice:{order.pk}", data)


def of_payment(*, order: Order) -> None:
    """Issue what a paid order gets: its invoice, if it has none, and a receipt."""
    bill = invoice(order=order)
    how = "Bank transfer" if order.pay_by == PayBy.TRANSFER else "Card"
    paid = {"paid_at": _iso(order.paid_at), "how": how, "payment": order.stripe_payment_intent}
    # A receipt is of the same sale to the same buyer, whatever the details say by now.
    data = {**bill.data, **paid, "of": bill.full_number}
    _of(DocumentKind.RECEIPT, order, f"receipt:{order.pk}", data)


@transaction.atomic
def credit(*, order: Order, amount_minor: int, reference: str, reason: str) -> Document:
    """Issue a credit note of a refund (with tax), once per reference; call it in the refund's transaction.

    The tax part is in proportion, worked out over everything credited so far, so that the notes of a whole refund add
    up to the whole tax.
    """
    Order.objects.select_for_update().get(pk=order.pk)  # two refunds of one order take turns
    bill = invoice(order=order)
    before = _credited(order, but=f"credit:{reference}")
    tax = _tax_of(order, before + amount_minor) - _tax_of(order, before)
    data = {
        **{name: bill.data[name] for name in ("seller", "buyer", "order", "order_id")},
        "lines": [
            {"title": reason, "about": f"Of invoice {bill.full_number}", "net_minor": tax - amount_minor}
        ],
        "net_minor": tax - amount_minor,
        "tax_minor": -tax,
        "tax_sentence": bill.data["tax_sentence"],
        "of": bill.full_number,
    }
    return issue(
        DocumentKind.CREDIT_NOTE,
        reference=f"credit:{reference}",
        organisation=order.organisation,
        order=order,
        currency=order.currency,
        total_minor=-amount_minor,
        data=data,
    )


def _credited(order: Order, *, but: str) -> int:
    found = order.documents.filter(kind=DocumentKind.CREDIT_NOTE).exclude(reference=but)
    notes = found.aggregate(total=Sum("total_minor"))
    return -int(notes["total"] or 0)


def _tax_of(order: Order, amount_minor: int) -> int:
    return (2 * order.tax_minor * amount_minor + order.total_minor) // (2 * order.total_minor)


def _of(kind: DocumentKind, order: Order, reference: str, data: dict[str, Any]) -> Document:
    return issue(
        kind,
        reference=reference,
        organisation=order.organisation,
        order=order,
        currency=order.currency,
        total_minor=order.total_minor,
        data=data,
    )


def seller() -> dict[str, Any]:
    """Say who sells, as the settings say now."""
    lines = [part.strip() for part in settings.SELLER_ADDRESS.split("|") if part.strip()]
    return {"name": settings.SELLER_NAME, "lines": lines, "vat_id": settings.SELLER_VAT_ID}


def buyer(organisation: Organisation) -> dict[str, Any]:
    """Say who buys, as the billing details say now."""
    details = billing.of(organisation)
    if details is None:
        return {"name": organisation.name, "lines": [organisation.country], "vat_id": ""}
    return {"name": details.name, "lines": details.lines, "vat_id": details.vat_id}


def tax_sentence(*, tax_minor: int, reason: str) -> str:
    """Say why no tax stands on a document, or nothing when some does."""
    return "" if tax_minor else TAX_SENTENCES.get(reason, "No tax is charged.")


def _sold(order: Order) -> dict[str, Any]:
    rows = order.lines.select_related("version").order_by("pk")
    lines = [
        {
            "title": line.title,
            "about": f"Version {line.version.number}, {LicenceSize(line.size).label.lower()}",
            "list_minor": line.list_minor,
            "discount_minor": line.discount_minor,
            "net_minor": line.price_minor,
        }
        for line in rows
    ]
    return {
        "seller": seller(),
        "buyer": {**buyer(order.organisation), "purchase_order": order.purchase_order},
        "order": order.short_number,
        "order_id": str(order.pk),
        "lines": lines,
        "discount_minor": order.discount_minor,
        "promotion_code": order.promotion_code,
        "net_minor": order.net_minor,
        "tax_minor": order.tax_minor,
        "tax_sentence": tax_sentence(tax_minor=order.tax_minor, reason=order.tax_reason),
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
