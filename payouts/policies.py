"""How a sale and an approved minute are shared out: the policy of each vertical, in figures and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from marketplace.money import split


@dataclass(frozen=True)
class Policy:
    """What contributors get of a sale (per cent), and whether approved minutes are paid."""

    vertical: str
    share_percent: int
    pays_minutes: bool
    sentence: str

    def pool(self, price_minor: int) -> int:
        """Give the contributors' part of a price; with our part it adds up to the price exactly."""
        return split(price_minor, [self.share_percent, 100 - self.share_percent])[0]


POLICIES = {
    "driving": Policy(
        "driving",
        30,
        True,
        "Driving: 30 % of every sale, shared by the seconds of each clip in the package, and $0.50 to $2.00, by "
        "quality, for every minute that is approved.",
    ),
    "sports": Policy(
        "sports",
        80,
        False,
        "Sports: 80 % of every sale, shared by the seconds of each clip in the package.",
    ),
}
MINUTE_CURRENCY = "usd"
MINUTE_LEAST, MINUTE_MOST = Decimal(50), Decimal(200)  # cents


def minute_rate(quality: Decimal) -> Decimal:
    """Give the cents of one approved minute: $0.50 at quality 0, $2.00 at quality 1, a straight line between."""
    return MINUTE_LEAST + (MINUTE_MOST - MINUTE_LEAST) * quality


def minute_fee(*, duration_ms: int, quality: Decimal) -> int:
    """Give the cents of an approved clip: rate × minutes, half a cent rounds up."""
    fee = minute_rate(quality) * Decimal(duration_ms) / Decimal(60_000)
    return int(fee.quantize(Decimal(1), rounding=ROUND_HALF_UP))
