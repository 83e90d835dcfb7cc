"""Earnings by month for a chart, and a forecast that says that it is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from payouts.models import LedgerLine
from payouts.statements import SENT, bounds

MONTHS = 12
LOOKED_AT = 3


@dataclass(frozen=True)
class Bar:
    """One month of the chart: what was earned (less what was taken back), and how high it is drawn, in per cent."""

    month: date
    minor: int
    x: int
    height: float

    @property
    def top(self) -> float:
        """Say where the bar begins, from above."""
        return 100 - self.height


@dataclass(frozen=True)
class Trend:
    """The chart of one currency and what the last whole months would mean for the next."""

    currency: str
    bars: list[Bar]
    low: int | None = None
    middle: int | None = None
    high: int | None = None
    looked_at: int = 0


def of(contributor: Any, *, now: datetime) -> list[Trend]:
    """Draw up the last twelve months of each currency in which something was earned."""
    rows = LedgerLine.objects.filter(account__contributor=contributor).exclude(transaction__kind__in=SENT)
    sums = (
        rows.annotate(month=TruncMonth("transaction__at", tzinfo=UTC))
        .values("currency", "month")
        .annotate(total=Sum("amount_minor"))
        .order_by("currency", "month")
    )
    by_currency: dict[str, dict[date, int]] = {}
    for row in sums:
        by_currency.setdefault(row["currency"], {})[row["month"].date()] = -row["total"]
    return [_trend(currency, found, now) for currency, found in by_currency.items()]


def _trend(currency: str, earned: dict[date, int], now: datetime) -> Trend:
    shown = _last_months(now)
    most = max([earned.get(month, 0) for month in shown] + [1])
    bars = [
        Bar(month, earned.get(month, 0), number * 8, round(max(earned.get(month, 0), 0) * 100 / most, 2))
        for number, month in enumerate(shown)
    ]
    began = min(earned)
    # The running month is not over, and the months before the first sale say nothing.
    whole = [earned.get(month, 0) for month in shown[:-1] if month >= began][-LOOKED_AT:]
    if not whole:
        return Trend(currency, bars)
    return Trend(currency, bars, min(whole), round(sum(whole) / len(whole)), max(whole), len(whole))


def _last_months(now: datetime) -> list[date]:
    found, month = [], date(now.year, now.month, 1)
    for _ in range(MONTHS):
        found.append(month)
        month = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return found[::-1]


def ends(month: date, *, now: datetime) -> bool:
    """Say whether a month is over."""
    return bounds(month)[1] <= now
