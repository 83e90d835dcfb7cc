"""How a sale and an approved minute are shared out: the policy of each vertical, in figures and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

from marketplace.models import Vertical
from marketplace.money import Money, split_in
from payouts.models import SplitPolicy

MINUTE_CURRENCY = "usd"


@dataclass(frozen=True)
class Policy:
    """What contributors get of a sale (per cent), and of an approved minute (cents at quality 0 and 1)."""

    vertical: str
    share_percent: int
    minute_least: int = 0
    minute_most: int = 0

    @property
    def pays_minutes(self) -> bool:
        """Tell whether approved minutes are paid."""
        return self.minute_most > 0

    @property
    def sentence(self) -> str:
        """Say it to a contributor, before the upload and beside the earnings."""
        said = (
            f"{Vertical(self.vertical).label}: {self.share_percent} % of every sale, shared by the seconds of each "
            "clip in the package"
        )
        if not self.pays_minutes:
            return f"{said}."
        least, most = Money(self.minute_least, MINUTE_CURRENCY), Money(self.minute_most, MINUTE_CURRENCY)
        return f"{said}, and {least} to {most}, by quality, for every minute that is approved."

    def pool(self, price_minor: int, currency: str = "usd") -> int:
        """Give the contributors' part of a price; with our part it adds up to the price exactly."""
        # Times ten, so that where parts must be multiples of ten the weights do not stand in the way.
        return split_in(currency, price_minor, [self.share_percent * 10, 1_000 - self.share_percent * 10])[0]

    def minute_rate(self, quality: Decimal) -> Decimal:
        """Give the cents of one approved minute: a straight line from quality 0 to quality 1."""
        return self.minute_least + (self.minute_most - self.minute_least) * quality

    def minute_fee(self, *, duration_ms: int, quality: Decimal) -> int:
        """Give the cents of an approved clip: rate × minutes, half a cent rounds up."""
        fee = self.minute_rate(quality) * Decimal(duration_ms) / Decimal(60_000)
        return int(fee.quantize(Decimal(1), rounding=ROUND_HALF_UP))


# From the first day; a SplitPolicy row takes over from its own moment on.
FIRST = {
    Vertical.DRIVING: Policy(Vertical.DRIVING, 30, 50, 200),
    Vertical.SPORTS: Policy(Vertical.SPORTS, 80),
}


def in_force(vertical: str, *, at: datetime | None = None) -> Policy:
    """Find the policy of a vertical at a moment, by default now."""
    rows = SplitPolicy.objects.filter(vertical=vertical, starts_at__lte=at or timezone.now())
    row = rows.order_by("-starts_at").first()
    if row is None:
        return FIRST[Vertical(vertical)]
    return Policy(row.vertical, row.share_percent, row.minute_least_minor, row.minute_most_minor)


def all_in_force() -> list[Policy]:
    """List the policy of each vertical as it is now."""
    return [in_force(vertical) for vertical in Vertical.values]


def to_come() -> list[SplitPolicy]:
    """List the policies that are decided and not in force yet, soonest first."""
    return list(SplitPolicy.objects.filter(starts_at__gt=timezone.now()).order_by("starts_at", "vertical"))
