"""Hours of plans: which can be used now, what a package takes of them, and why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from buyers import subscriptions
from buyers.models import Organisation, PlanPeriod
from marketplace.models import Clip, PackageVersion
from marketplace.states import ClipState, SubscriptionState

LEAST_MS = 60_000  # a shorter package counts as a minute


@dataclass(frozen=True)
class Offer:
    """What a package would take of the hours that are left."""

    ms: int
    left_ms: int

    @property
    def enough(self) -> bool:
        """Say whether it can be taken."""
        return self.ms <= self.left_ms

    @property
    def sentence(self) -> str:
        """Say what it takes and what is left."""
        return f"Takes {in_words(self.ms)} of the {in_words(self.left_ms, up=False)} that your plan has left."


def current(organisation: Organisation, *, now: datetime | None = None) -> QuerySet[PlanPeriod]:
    """List the paid months that run, used up or not, the one that ends first at the front."""
    at = now or timezone.now()
    rows = PlanPeriod.objects.filter(
        organisation=organisation, closed_at=None, revoked_at=None, starts_at__lte=at, ends_at__gt=at
    )
    return rows.order_by("ends_at", "pk")


def taken_back(organisation: Organisation) -> QuerySet[PlanPeriod]:
    """List the months that would run but were refunded as a whole, or are with the bank."""
    rows = PlanPeriod.objects.filter(organisation=organisation, ends_at__gt=timezone.now())
    return rows.exclude(revoked_at=None).order_by("ends_at", "pk")


def live(organisation: Organisation) -> QuerySet[PlanPeriod]:
    """List the months that have hours left."""
    return current(organisation).filter(used_ms__lt=F("included_ms"))


def left_ms(organisation: Organisation) -> int:
    """Add up the hours that can be used now, in milliseconds."""
    return sum(period.left_ms for period in live(organisation))


def hours_of(version: PackageVersion) -> int:
    """Give the milliseconds that a version takes of a plan: those of the clips that are delivered."""
    spans = Clip.objects.filter(versions=version, state=ClipState.APPROVED).values_list("start_ms", "end_ms")
    return max(sum(end - start for start, end in spans), LEAST_MS)


def offer(organisation: Organisation, version: PackageVersion | None) -> Offer | None:
    """Say what a version would take; None without a plan that is paid."""
    if version is None or not current(organisation).exists():
        return None
    return Offer(ms=hours_of(version), left_ms=left_ms(organisation))


def in_words(ms: int, *, up: bool = True) -> str:
    """Write an amount of footage, e.g. ``3 h 05 min``: what is taken rounded up, what is left rounded down."""
    minutes = -(-ms // 60_000) if up else ms // 60_000
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def why_no_hours(organisation: Organisation) -> tuple[str, str]:
    """Say in a code for programs and a sentence for people why there are no hours to use."""
    row = subscriptions.of(organisation)
    if row is None:
        return "no_plan", "Your organisation has no plan. Take one on the page “Plans”, or buy the package."
    if row.state == SubscriptionState.PAST_DUE:
        return "payment_failed", (
            "Your card was declined and the month that was paid is over, so there are no hours. Change the card on the "
            "page of your plan. What you took stays open."
        )
    when = f"{row.renews_at:%-d %B %Y}" if row.renews_at else "the next month"
    return "hours_used_up", (
        f"The hours of your plan are used up until {when}. What you took stays open. Change to a larger plan, or buy "
        "the package."
    )
