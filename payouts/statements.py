"""A contributor's month, straight from the ledger: what was owed before, each cent that came and went, what is owed."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from marketplace.money import Money
from payouts.models import Earning, LedgerLine, TransactionKind, Transfer
from payouts.table import harmless

SENT = (TransactionKind.TRANSFER, TransactionKind.REVERSAL)
COLUMNS = ("day", "what", "sale", "clip", "how", "transfer", "amount_minor", "currency")


@dataclass(frozen=True)
class Entry:
    """One cent's story: a share of a clip in a sale, a share taken back, or money sent; below zero it left."""

    at: datetime
    what: str
    sale: str
    clip: str
    how: str
    transfer: str
    amount_minor: int


@dataclass(frozen=True)
class Statement:
    """One month in one currency: ``opening`` + all entries = ``closing``, to the cent, as the books say."""

    month: date
    currency: str
    opening: int
    entries: list[Entry]

    @property
    def earned(self) -> int:
        """Sum up the shares, less what was taken back of them."""
        return sum(row.amount_minor for row in self.entries if not row.transfer)

    @property
    def sent(self) -> int:
        """Sum up what left for the contributor's account, less what came back from there."""
        return -sum(row.amount_minor for row in self.entries if row.transfer)

    @property
    def closing(self) -> int:
        """Give what is owed at the end."""
        return self.opening + sum(row.amount_minor for row in self.entries)


def bounds(month: date) -> tuple[datetime, datetime]:
    """Give the first moment of a month (UTC) and of the next one."""
    first = datetime(month.year, month.month, 1, tzinfo=UTC)
    return first, first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def months(contributor: Any) -> list[date]:
    """List the months (UTC) in which something was booked for a contributor, newest first."""
    rows = LedgerLine.objects.filter(account__contributor=contributor)
    found = rows.annotate(month=TruncMonth("transaction__at", tzinfo=UTC)).values_list("month", flat=True)
    return sorted({moment.date() for moment in found}, reverse=True)


def of(contributor: Any, month: date) -> list[Statement]:
    """Write the statements of a month, one for each currency."""
    first, after = bounds(month)
    lines = LedgerLine.objects.filter(account__contributor=contributor, transaction__at__lt=after)
    before = lines.filter(transaction__at__lt=first).values("currency").annotate(total=Sum("amount_minor"))
    opening = {row["currency"]: -row["total"] for row in before.order_by()}
    entries: dict[str, list[Entry]] = defaultdict(list)
    now = (
        lines.filter(transaction__at__gte=first)
        .select_related("transaction")
        .order_by("transaction__at", "pk")
    )
    details = _details(contributor, [line.transaction_id for line in now])
    numbers = _numbers(contributor)
    for line in now:
        entries[line.currency] += _entries(line, details.get(line.transaction_id, []), numbers)
    return [
        Statement(first.date(), currency, opening.get(currency, 0), entries[currency])
        for currency in sorted({*opening, *entries})
        if opening.get(currency) or entries[currency]
    ]


def _details(contributor: Any, transactions: list[Any]) -> dict[Any, list[Earning]]:
    rows = Earning.objects.filter(contributor=contributor, transaction__in=transactions)
    found: dict[Any, list[Earning]] = defaultdict(list)
    for row in rows.select_related("clip__footage", "line").order_by("clip__footage", "clip__position"):
        found[row.transaction_id].append(row)
    return found


def _numbers(contributor: Any) -> dict[str, str]:
    rows = Transfer.objects.filter(contributor=contributor).values_list("pk", "stripe_id")
    return {str(pk): stripe_id or str(pk) for pk, stripe_id in rows}


def _entries(line: LedgerLine, shares: list[Earning], numbers: dict[str, str]) -> list[Entry]:
    """Tell a ledger line clip by clip; what the clips do not explain stands as a line of its own."""
    booked, owed = line.transaction, -line.amount_minor
    what = booked.get_kind_display()
    if booked.kind in SENT:
        named = next((text for pk, text in numbers.items() if pk in booked.reference), booked.reference)
        return [Entry(booked.at, what, "", "", booked.memo, named, owed)]
    told = [
        Entry(
            booked.at, what, row.line.title if row.line else "Approved minutes",
            f"{row.clip.footage.title}: {row.clip}", row.formula, "", row.amount_minor,
        )
        for row in shares
        if row.currency == line.currency
    ]  # fmt: skip
    rest = owed - sum(row.amount_minor for row in told)
    return [*told, *([Entry(booked.at, what, "", "", booked.memo, "", rest)] if rest else [])]


class _Echo:
    """Give each written line back, as csv wants a file."""

    def write(self, line: str) -> str:
        return line


def as_csv(statements: list[Statement]) -> Iterator[str]:
    """Write a month as a table, a row an entry, opening and closing included."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for one in statements:
        first, after = bounds(one.month)
        yield writer.writerow(
            [f"{first:%Y-%m-%d}", "Opening balance", "", "", "", "", one.opening, one.currency]
        )
        for row in one.entries:
            cells = (f"{row.at:%Y-%m-%d}", row.what, row.sale, row.clip, row.how, row.transfer)
            yield writer.writerow([*map(harmless, cells), row.amount_minor, one.currency])
        yield writer.writerow(
            [f"{after:%Y-%m-%d}", "Closing balance", "", "", "", "", one.closing, one.currency]
        )


def as_pdf(statements: list[Statement], *, name: str, month: date, made_at: datetime) -> bytes:
    """Write a month as PDF."""
    from marketplace.pdf import Paper  # here: fpdf is a third of a second, and most processes print nothing

    paper = Paper(
        title=f"Statement {month:%B %Y}", made_at=made_at, foot=f"Fairframe · {name} · {month:%B %Y}"
    )
    paper.columns([("For", [name]), ("Month (UTC)", [f"{month:%B %Y}"]), ("Made", [f"{made_at:%-d %B %Y}"])])
    for one in statements:
        paper.heading(f"In {one.currency.upper()}")

        def money(minor: int, one: Statement = one) -> str:
            return str(Money(minor, one.currency))

        rows = [
            (
                f"{row.at:%-d %b}",
                " · ".join(part for part in (row.what, row.sale, row.clip) if part),
                row.how if not row.transfer else f"Number at Stripe {row.transfer}",
                money(row.amount_minor),
            )
            for row in one.entries
        ]
        paper.rows(("Day", "What", "How it was worked out", "Amount"), rows, widths=(14, 62, 66, 28))
        sums = [
            ("Owed to you at the start", money(one.opening)),
            ("Earned, less what was taken back", money(one.earned)),
            ("Sent to you, less what came back", money(-one.sent)),
            ("Owed to you at the end", money(one.closing)),
        ]
        paper.rows(("Sum", ""), sums, widths=(140, 30), bold_last=1)
    if not statements:
        paper.say("Nothing was booked in this month, and nothing is owed.")
    paper.say("Each amount is on hold before it is sent; your earnings page says until when.", small=True)
    return paper.bytes()
