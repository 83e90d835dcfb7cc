"""What a contributor has earned: three balances, and every cent back to sale, clip and transfer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from payouts.models import Earning, LedgerLine, TransactionKind, Transfer
from payouts.sending import UNSENT

PAGE = 25


@dataclass(frozen=True)
class Balance:
    """One currency, in minor units: what is on hold, what the next run sends, what was sent, what is in question."""

    currency: str
    pending: int = 0
    available: int = 0
    paid: int = 0
    # What the books owe beyond pending and available: taken back, or (below zero) owed to us by a refunded sale.
    in_question: int = 0
    next_on: datetime | None = None


@dataclass(frozen=True)
class Sale:
    """The rows of one sale, or of one approved clip, that are on this page; ``total`` is of the whole sale."""

    title: str
    at: datetime
    total: int
    currency: str
    rows: list[Earning]


@dataclass(frozen=True)
class Page:
    """One page of sales, and where the next one begins (nothing on the last)."""

    sales: list[Sale]
    older: str


def balances(contributor: Any) -> list[Balance]:
    """Sum up what a contributor has with us, by currency; at least one row, of zeros."""
    now = timezone.now()
    unsent = Q(transfer=None) | Q(transfer__state__in=UNSENT)
    ready = Q(available_on__lte=now) | ~Q(transfer=None)
    earned = (
        Earning.objects.filter(unsent, contributor=contributor)
        .values("currency")
        .annotate(
            pending=Sum("amount_minor", filter=~ready, default=0),
            available=Sum("amount_minor", filter=ready, default=0),
            next_on=Min("available_on", filter=~ready),
        )
        .order_by()
    )
    moved = Q(transaction__kind__in=[TransactionKind.TRANSFER, TransactionKind.REVERSAL])
    booked = (
        LedgerLine.objects.filter(account__contributor=contributor)
        .values("currency")
        .annotate(paid=Sum("amount_minor", filter=moved, default=0), total=Sum("amount_minor"))
        .order_by()
    )
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in earned:
        found[row["currency"]] |= {name: row[name] for name in ("pending", "available", "next_on")}
    for line in booked:
        here = found[line["currency"]]
        owed = -line["total"]
        here["paid"] = line["paid"]
        here["in_question"] = owed - here.get("pending", 0) - here.get("available", 0)
    return [Balance(currency, **parts) for currency, parts in sorted(found.items())] or [Balance("usd")]


def page(contributor: Any, *, month: date | None = None, before: str = "") -> Page:
    """Give one page of earnings by sale, newest first; ``before`` is the last row of the page above."""
    rows = of(contributor, month=month)
    if last := _find(contributor, before):
        rows = rows.filter(Q(earned_at__lt=last.earned_at) | Q(earned_at=last.earned_at, pk__lt=last.pk))
    found = list(rows[: PAGE + 1])
    return Page(
        list(_by_sale(found[:PAGE], contributor)), str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    )


def of(contributor: Any, *, month: date | None = None) -> QuerySet[Earning]:
    """List a contributor's earnings, of one month (UTC) or all, newest first."""
    rows = Earning.objects.filter(contributor=contributor).select_related("clip__footage", "line", "transfer")
    if month:
        first = datetime(month.year, month.month, 1, tzinfo=UTC)
        rows = rows.filter(earned_at__gte=first, earned_at__lt=_next_month(first))
    return rows.order_by("-earned_at", "-pk")


def _by_sale(rows: list[Earning], contributor: Any) -> Iterator[Sale]:
    totals = dict(
        Earning.objects.filter(contributor=contributor, transaction__in={row.transaction_id for row in rows})
        .values_list("transaction_id")
        .annotate(total=Sum("amount_minor"))
        .order_by()
    )
    for transaction, group in groupby(rows, key=lambda row: row.transaction_id):
        mine = sorted(group, key=lambda row: (row.line_id or 0, str(row.clip.footage_id), row.clip.position))
        sold = sorted({row.line.title for row in mine if row.line})
        title = " + ".join(sold) or "Approved minutes"
        yield Sale(title, mine[0].earned_at, totals[transaction], mine[0].currency, mine)


def _find(contributor: Any, pk: str) -> Earning | None:
    try:
        return Earning.objects.filter(contributor=contributor, pk=pk).first() if pk else None
    except ValidationError:  # no id of ours: begin at the top
        return None


def months(contributor: Any) -> list[date]:
    """List the months (UTC) in which a contributor earned something, newest first."""
    rows = Earning.objects.filter(contributor=contributor)
    found = rows.annotate(month=TruncMonth("earned_at", tzinfo=UTC)).order_by("-month")
    return [month.date() for month in found.values_list("month", flat=True).distinct()]


def read_month(text: str) -> date | None:
    """Read ``2026-11``; anything else is no month."""
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _next_month(first: datetime) -> datetime:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def transfers_of(contributor: Any) -> QuerySet[Transfer]:
    """List the transfers to a contributor, newest first."""
    return Transfer.objects.filter(contributor=contributor).order_by("-created_at", "-pk")


def next_run(now: datetime) -> datetime:
    """Say when the next payout run is, by the schedule that beat follows."""
    schedule: Any = settings.CELERY_BEAT_SCHEDULE["monthly-payouts"]["schedule"]
    last, delta, _ = schedule.remaining_delta(now, tz=UTC)
    when: datetime = last + delta
    return when
