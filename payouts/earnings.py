"""What a contributor has earned: three balances, and every cent back to sale, clip and transfer."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone

from marketplace.states import OrderState
from payouts import ledger
from payouts.models import Earning, Transfer
from payouts.sending import UNSENT

PAGE = 25
PARTS = ("pending", "available", "paid", "in_question")


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
    """The rows of one sale, or of one day's approved minutes, on this page; ``total`` is of all of it."""

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
    waiting = Earning.objects.filter(contributor=contributor, transfer=None)
    # The bank decides first. Found from the few disputes, so that the sums need the index only.
    of_order = "transaction__order__"
    asked = {f"{of_order}disputes__isnull": False, f"{of_order}state": OrderState.DISPUTED}
    if held := set(waiting.filter(**asked).values_list("pk", flat=True)):
        waiting = waiting.exclude(pk__in=held)
    earned = (
        waiting.values("currency")
        .annotate(
            pending=Sum("amount_minor", filter=Q(available_on__gt=now), default=0),
            available=Sum("amount_minor", filter=Q(available_on__lte=now), default=0),
            next_on=Min("available_on", filter=Q(available_on__gt=now)),
        )
        .order_by()
    )
    moved = (
        Transfer.objects.filter(contributor=contributor)
        .values("currency")
        .annotate(
            promised=Sum("amount_minor", filter=Q(state__in=UNSENT), default=0),
            paid=Sum(F("amount_minor") - F("reversed_minor"), filter=~Q(state__in=UNSENT), default=0),
        )
        .order_by()
    )
    found: dict[str, dict[str, Any]] = defaultdict(lambda: dict.fromkeys(PARTS, 0) | {"next_on": None})
    for row in earned:
        found[row["currency"]] |= {name: row[name] for name in ("pending", "available", "next_on")}
    for sums in moved:
        found[sums["currency"]]["available"] += sums["promised"]
        found[sums["currency"]]["paid"] = sums["paid"]
    for currency, owed in ledger.owed_to(contributor).items():
        here = found[currency]
        here["in_question"] = owed - here["pending"] - here["available"]
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
    """Put the rows of one sale together, and the approved minutes of one day (UTC)."""
    totals = _totals(rows, contributor)
    for group, found in groupby(rows, key=_group):
        mine = sorted(found, key=lambda row: (row.line_id or 0, str(row.clip.footage_id), row.clip.position))
        first = mine[0]
        sold = sorted({row.line.title for row in mine if row.line})
        title = " + ".join(sold) or "Approved minutes"
        yield Sale(title, first.earned_at, totals[group], first.currency, mine)


def _group(row: Earning) -> uuid.UUID | date:
    return row.transaction_id if row.line_id else row.earned_at.date()


def _totals(rows: list[Earning], contributor: Any) -> dict[uuid.UUID | date, int]:
    """Sum up each group as a whole, also what of it is on another page."""
    mine = Earning.objects.filter(contributor=contributor).order_by()
    sales = mine.filter(transaction__in={row.transaction_id for row in rows if row.line_id})
    found: dict[uuid.UUID | date, int] = dict(
        sales.values_list("transaction_id").annotate(total=Sum("amount_minor"))
    )
    days = {row.earned_at.date() for row in rows if not row.line_id}
    if days:
        first, last = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (min(days), max(days)))
        minutes = mine.filter(line=None, earned_at__gte=first, earned_at__lt=last + timedelta(days=1))
        by_day = minutes.annotate(day=TruncDate("earned_at", tzinfo=UTC)).values_list("day")
        found |= dict(by_day.annotate(total=Sum("amount_minor")))
    return found


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
