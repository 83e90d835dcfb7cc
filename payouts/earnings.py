"""What a contributor has earned: three balances, and every line back to sale, clip and transfer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Min, QuerySet, Sum
from django.utils import timezone

from payouts.models import Earning, Transfer

PAGE = 25


@dataclass(frozen=True)
class Balance:
    """One currency's three parts, in minor units, and when the next pending part becomes available."""

    currency: str
    pending: int
    available: int
    paid: int
    next_on: datetime | None


def balances(contributor: Any) -> list[Balance]:
    """Sum what is on hold, what the next run may send, and what has been sent, by currency."""
    now = timezone.now()
    mine = Earning.objects.filter(contributor=contributor)
    parts: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"pending": 0, "available": 0, "paid": 0, "next_on": None}
    )
    sums = {
        "pending": mine.filter(transfer=None, available_on__gt=now),
        "available": mine.filter(transfer=None, available_on__lte=now)
        | mine.filter(transfer__state__in=["due", "failed"]),
        "paid": mine.filter(transfer__state__in=["sent", "settled"]),
    }
    for name, rows in sums.items():
        for row in (
            rows.values("currency").annotate(total=Sum("amount_minor"), first=Min("available_on")).order_by()
        ):
            parts[row["currency"]][name] = row["total"]
            if name == "pending":
                parts[row["currency"]]["next_on"] = row["first"]
    found = [Balance(currency=currency, **values) for currency, values in sorted(parts.items())]
    return found or [Balance("usd", 0, 0, 0, None)]


def listing(contributor: Any, *, before: str = "") -> tuple[list[Earning], str]:
    """Give one page of earnings, newest first, and where the next page begins (nothing on the last)."""
    rows: QuerySet[Earning] = (
        Earning.objects.filter(contributor=contributor)
        .select_related("clip__footage", "line", "transfer")
        .order_by("-earned_at", "-pk")
    )
    if cursor := _cursor(contributor, before):
        rows = rows.filter(earned_at__lt=cursor.earned_at) | rows.filter(
            earned_at=cursor.earned_at, pk__lt=cursor.pk
        )
    page = list(rows[: PAGE + 1])
    more = str(page[PAGE - 1].pk) if len(page) > PAGE else ""
    return page[:PAGE], more


def _cursor(contributor: Any, before: str) -> Earning | None:
    if not before:
        return None
    try:
        return Earning.objects.filter(contributor=contributor, pk=before).first()
    except ValidationError:  # no id of ours: begin at the top
        return None


def transfers_of(contributor: Any) -> QuerySet[Transfer]:
    """List the transfers to a contributor, newest first."""
    return Transfer.objects.filter(contributor=contributor)


def next_run(now: datetime) -> datetime:
    """Say when the next monthly payout run is: the 1st, 06:00 UTC, as the beat schedule has it."""
    this = now.replace(day=1, hour=6, minute=0, second=0, microsecond=0)
    if now < this:
        return this
    return this.replace(year=now.year + now.month // 12, month=now.month % 12 + 1)
