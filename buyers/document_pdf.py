"""A document as PDF, from its frozen data and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from buyers.models import Document, DocumentKind
from marketplace.money import Money


def render(document: Document) -> bytes:
    """Write the PDF of a document; the same document gives the same bytes."""
    from marketplace.pdf import Paper  # here: fpdf is a third of a second, and most processes print nothing

    data = document.data
    seller = data["seller"]
    paper = Paper(
        title=f"{document.get_kind_display()} {document.full_number}",
        made_at=document.issued_at,
        foot=f"{seller['name']} · {document.full_number}",
    )
    paper.columns(
        [
            ("From", _party(seller)),
            ("To", _party(data["buyer"])),
            ("About", list(_facts(document))),
        ]
    )
    paper.rows(("What", "Details", "Amount"), _lines(document), widths=(90, 50, 30))
    paper.rows(("Sum", ""), _sums(document), widths=(140, 30), bold_last=1)
    for sentence in _sentences(document):
        paper.say(sentence)
    return paper.bytes()


def _party(party: dict[str, Any]) -> list[str]:
    number = [f"VAT or tax number {party['vat_id']}"] if party["vat_id"] else []
    return [party["name"], *party["lines"], *number]


def _day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%-d %B %Y}"


def _facts(document: Document) -> Iterator[str]:
    data = document.data
    yield f"Date {document.issued_at:%-d %B %Y}"
    if data.get("order"):
        yield f"Order {data['order']}"
    if data["buyer"].get("purchase_order"):
        yield f"Your purchase order {data['buyer']['purchase_order']}"
    if data.get("of"):
        yield f"For invoice {data['of']}"
    if data.get("period"):
        yield data["period"]
    if data.get("due"):
        yield f"Due {_day(data['due'])}"
    if data.get("paid_at"):
        yield f"Paid {_day(data['paid_at'])}"


def _lines(document: Document) -> Iterator[tuple[str, str, str]]:
    for line in document.data["lines"]:
        amount = line.get("list_minor", line["net_minor"])
        yield line["title"], line["about"], str(Money(amount, document.currency))


def _sums(document: Document) -> Iterator[tuple[str, str]]:
    data, currency = document.data, document.currency
    if data.get("discount_minor"):
        yield f"Promotion code {data['promotion_code']}", str(Money(-data["discount_minor"], currency))
    yield "Without tax", str(Money(data["net_minor"], currency))
    yield "Tax", str(Money(data["tax_minor"], currency))
    yield f"Total ({currency.upper()})", str(Money(document.total_minor, currency))


def _sentences(document: Document) -> Iterator[str]:
    data = document.data
    if data["tax_sentence"]:
        yield data["tax_sentence"]
    if document.kind == DocumentKind.CREDIT_NOTE:
        yield f"This note takes back {Money(-document.total_minor, document.currency)} of invoice {data['of']}."
    if data.get("paid_at"):
        how = data["how"].lower()
        yield f"Paid by {how} on {_day(data['paid_at'])}. Number at Stripe: {data['payment'] or '–'}."
    elif data.get("due"):
        yield (
            f"Please transfer the total by {_day(data['due'])} as its payment page says. Downloads open when "
            "the money has arrived."
        )
