"""What finance looks at: revenue, what is due, disputes, events that wait, the books; each can be saved."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from buyers.models import Document, Order, PlanPeriod
from buyers.plans import HOUR_MS
from marketplace.states import OrderState
from payouts import checks
from payouts.models import AccountKind, Dispute, LedgerLine, StripeEvent, Transfer
from payouts.sending import UNSENT
from payouts.table import harmless

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """One table: its name in the address, title, sentence, columns (…_minor holds cents beside ``currency``), rows."""

    name: str
    title: str
    sentence: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


def _revenue() -> Iterator[Row]:
    """Give month, currency, our revenue, fees, minutes, tax and the contributors' part, straight from the books."""
    kinds = [
        AccountKind.PLATFORM_REVENUE, AccountKind.CONTRIBUTOR, AccountKind.TAX, AccountKind.STRIPE_FEES,
        AccountKind.MINUTE_FEES,
    ]  # fmt: skip
    lines = LedgerLine.objects.filter(account__kind__in=kinds).exclude(
        transaction__kind__in=["transfer", "reversal"]
    )
    sums = (
        lines.annotate(month=TruncMonth("transaction__at", tzinfo=UTC))
        .values("month", "currency", "account__kind")
        .annotate(total=Sum("amount_minor"))
        .order_by("-month", "currency")
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in sums:
        found.setdefault((f"{row['month']:%Y-%m}", row["currency"]), {})[row["account__kind"]] = row["total"]
    for (month, currency), totals in found.items():
        part = {kind: totals.get(kind, 0) for kind in kinds}
        yield (
            month, currency, -part[AccountKind.PLATFORM_REVENUE], part[AccountKind.STRIPE_FEES],
            part[AccountKind.MINUTE_FEES], -part[AccountKind.CONTRIBUTOR], -part[AccountKind.TAX],
        )  # fmt: skip


def _due() -> Iterator[Row]:
    """Give what the books owe each contributor, and what of it waits in transfers."""
    lines = LedgerLine.objects.filter(account__kind=AccountKind.CONTRIBUTOR)
    owed = lines.values("account__contributor__email", "currency").annotate(total=Sum("amount_minor"))
    waiting = Transfer.objects.filter(state__in=UNSENT).values("contributor__email", "currency")
    queued = {
        (row["contributor__email"], row["currency"]): row["total"]
        for row in waiting.annotate(total=Sum("amount_minor")).order_by()
    }
    for row in owed.order_by("account__contributor__email", "currency"):
        if row["total"]:
            who, currency = row["account__contributor__email"], row["currency"]
            yield who, currency, -row["total"], queued.get((who, currency), 0)


def _awaiting() -> Iterator[Row]:
    rows = Order.objects.filter(state=OrderState.AWAITING).select_related("organisation").order_by("due_at")
    for row in rows:
        due = f"{row.due_at:%Y-%m-%d}" if row.due_at else ""
        late = "overdue" if row.overdue else ""
        yield (
            row.short_number,
            row.organisation.name,
            due,
            late,
            row.purchase_order,
            row.currency,
            row.total_minor,
        )


def _disputes() -> Iterator[Row]:
    rows = Dispute.objects.select_related("order__organisation", "period__organisation")
    for row in rows.order_by("-opened_at")[:1000]:
        by = f"{row.answer_by:%Y-%m-%d}" if row.answer_by else ""
        yield (
            row.stripe_id, str(row.of), row.of.organisation.name, row.status, row.reason,
            f"{row.opened_at:%Y-%m-%d}", by, row.currency, row.amount_minor,
        )  # fmt: skip


def _events() -> Iterator[Row]:
    rows = StripeEvent.objects.filter(handled_at=None).order_by("received_at")[:1000]
    for row in rows:
        yield row.stripe_id, row.kind, f"{row.received_at:%Y-%m-%d %H:%M}", row.attempts, row.note


def _plans() -> Iterator[Row]:
    rows = PlanPeriod.objects.filter(closed_at=None).select_related("organisation", "subscription")
    for row in rows.order_by("ends_at"):
        state = row.standing if row.revoked_at else row.subscription.state
        hours = (f"{row.included_ms / HOUR_MS:.1f}", f"{row.used_ms / HOUR_MS:.1f}")
        yield (
            row.organisation.name, row.plan, state, f"{row.ends_at:%Y-%m-%d}", *hours, row.currency,
            row.net_minor, row.net_minor - row.used_minor,
        )  # fmt: skip


def _documents() -> Iterator[Row]:
    for row in Document.objects.select_related("organisation").order_by("-issued_at", "series", "-number")[
        :5000
    ]:
        tax = row.data["tax_minor"]
        yield (
            row.full_number,
            row.kind,
            f"{row.issued_at:%Y-%m-%d}",
            row.organisation.name,
            row.currency,
            row.total_minor,
            tax,
        )


def _books() -> Iterator[Row]:
    broken = {rule.name: ids for rule, ids in checks.broken()}
    for rule in checks.RULES:
        ids = broken.get(rule.name, [])
        yield rule.name, rule.meaning, "BROKEN" if ids else "holds", " ".join(ids)


TABLES = {
    table.name: table
    for table in (
        Table(
            "revenue", "Revenue by month (UTC)", "What is left to us, what fees cost, what others get of sales.",
            (
                "month", "currency", "revenue_minor", "stripe_fees_minor", "minute_fees_minor", "contributors_minor",
                "tax_minor",
            ),
            _revenue,
        ),
        Table(
            "due", "Payouts due", "What the books owe each contributor now; below zero they owe us.",
            ("contributor", "currency", "owed_minor", "in_transfers_minor"), _due,
        ),
        Table(
            "awaiting", "Bank transfers awaited", "Orders on an unpaid invoice, the oldest due date first.",
            ("order", "organisation", "due", "late", "purchase_order", "currency", "total_minor"), _awaiting,
        ),
        Table(
            "plans", "Plans", "Months that are paid and open, and what of each is not used yet.",
            (
                "organisation", "plan", "state", "until", "hours", "used", "currency", "paid_minor", "unused_minor",
            ),
            _plans,
        ),
        Table(
            "disputes", "Disputes", "Payments that banks hold or took back, the newest first.",
            (
                "stripe_id", "of", "organisation", "status", "reason", "opened", "answer_by", "currency",
                "amount_minor",
            ),
            _disputes,
        ),
        Table(
            "events", "Stripe events not handled", "None should be older than 15 minutes.",
            ("stripe_id", "kind", "received", "attempts", "note"), _events,
        ),
        Table(
            "documents", "Invoices, receipts and credit notes", "Every number that was given out, the newest first.",
            ("number", "kind", "day", "organisation", "currency", "total_minor", "tax_minor"), _documents,
        ),
        Table("books", "Rules of the books", "Worked out now.", ("rule", "meaning", "state", "ids"), _books),
    )
}  # fmt: skip


class _Echo:
    """Give each written line back, as csv wants a file."""

    def write(self, line: str) -> str:
        return line


def as_csv(table: Table) -> Iterator[str]:
    """Write a table for a spreadsheet, no cell of which is taken for a formula."""
    writer = csv.writer(_Echo())
    yield writer.writerow(table.columns)
    for row in table.rows():
        yield writer.writerow([harmless(str(cell)) for cell in row])
