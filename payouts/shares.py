"""Who gets what of a sale or an approved minute, and the sentence that says how it was worked out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from buyers.models import OrderLine
from marketplace.models import Clip
from marketplace.money import Money, split_in
from marketplace.states import ClipState
from payouts.policies import MINUTE_CURRENCY, Policy

# Not delivered with the sale, so not paid from it.
NOT_SOLD = frozenset([ClipState.WITHDRAWN, ClipState.REJECTED])


@dataclass(frozen=True)
class Share:
    """What one clip earns, in minor units, and how that was worked out."""

    clip: Clip
    amount_minor: int
    formula: str


def of_line(line: OrderLine, *, currency: str, net_minor: int, policy: Policy) -> list[Share]:
    """Share one order line out: the contributors' per cent of its price, by the milliseconds of each clip, exactly.

    ``net_minor`` is what the line cost without tax and after discounts.

    A clip that was withdrawn or refused before this sale is not delivered with it and earns nothing of it: the
    contributors of what the buyer does get share the same pool (the consent to sell ends with the withdrawal, and
    our own part does not grow by one). A clip that is withdrawn later keeps what it earned, as the terms promise.
    A clip that moderators look at again was sold and is paid. Shares that round to nothing are left out.
    """
    pool = policy.pool(net_minor, currency)
    members = line.version.members.select_related("clip__footage__owner").order_by("position", "pk")
    clips = [member.clip for member in members if member.clip.state not in NOT_SOLD]
    if not clips:
        return []
    whole = sum(clip.duration_ms for clip in clips)
    head = f"{policy.share_percent} % of {Money(net_minor, currency)} = {Money(pool, currency)}"
    return [
        Share(clip, part, f"{head}; your clip is {_seconds(clip.duration_ms)} of {_seconds(whole)}")
        for clip, part in zip(
            clips, split_in(currency, pool, [clip.duration_ms * 10 for clip in clips]), strict=True
        )
        if part
    ]


def of_minutes(clip: Clip, *, policy: Policy) -> Share | None:
    """Work out the fee of an approved clip; None where its vertical pays none or it rounds to nothing."""
    if not policy.pays_minutes:
        return None
    quality = Decimal(clip.quality)
    amount = policy.minute_fee(duration_ms=clip.duration_ms, quality=quality)
    if not amount:
        return None
    rate = policy.minute_rate(quality) / 100
    least = Money(policy.minute_least, MINUTE_CURRENCY)
    more = Money(policy.minute_most - policy.minute_least, MINUTE_CURRENCY)
    formula = (
        f"{least} + {more} × quality {quality:.3f} = ${rate:.4f} a minute; "
        f"your clip is {_seconds(clip.duration_ms)} = {Money(amount, MINUTE_CURRENCY)}"
    )
    return Share(clip, amount, formula)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:,.1f} s"
