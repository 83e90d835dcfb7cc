"""The books: double entry, append-only; a sale and an approved minute become lines and earnings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from buyers.models import Order, OrderLine
from marketplace.models import Clip
from marketplace.models.event import record
from marketplace.money import Money, split
from marketplace.states import ClipState
from payouts.models import (
    AccountKind,
    Earning,
    LedgerAccount,
    LedgerLine,
    LedgerTransaction,
    TransactionKind,
)
from payouts.policies import POLICIES, minute_fee, minute_rate


@dataclass(frozen=True)
class Share:
    """What one clip earns of one order line, in minor units, and how that was worked out."""

    clip: Clip
    amount_minor: int
    formula: str


def account(kind: AccountKind, *, currency: str, contributor: Any = None) -> LedgerAccount:
    """Find or open one account."""
    found, _ = LedgerAccount.objects.get_or_create(kind=kind, currency=currency, contributor=contributor)
    return found


def post(
    kind: TransactionKind,
    *,
    reference: str,
    lines: Iterable[tuple[LedgerAccount, int]],
    memo: str,
    order: Order | None = None,
) -> LedgerTransaction:
    """Book one transaction: debits above zero, credits below; the database refuses it unless it sums to zero.

    ``reference`` is unique: booking the same thing twice raises IntegrityError.
    """
    booked = LedgerTransaction.objects.create(kind=kind, reference=reference, memo=memo[:300], order=order)
    LedgerLine.objects.bulk_create(
        LedgerLine(transaction=booked, account=to, amount_minor=amount, currency=to.currency)
        for to, amount in lines
        if amount
    )
    return booked


def post_sale(*, order: Order, fee_minor: int = 0) -> LedgerTransaction:
    """Book a paid order: what came in, Stripe's fee, each contributor's share, and the rest as our revenue.

    Call it in the transaction that marks the order paid. The fee is ours to bear: shares are of the price.
    """
    with transaction.atomic():
        currency = order.currency
        shares: list[tuple[OrderLine, Share]] = []
        for line in order.lines.select_related("version__package").order_by("pk"):
            shares += [(line, share) for share in shares_of(line, currency=currency)]
        owed: dict[Any, int] = defaultdict(int)
        for _, share in shares:
            owed[share.clip.footage.owner] += share.amount_minor
        lines = [(account(AccountKind.STRIPE_BALANCE, currency=currency), order.total_minor - fee_minor)]
        if fee_minor:
            lines.append((account(AccountKind.STRIPE_FEES, currency=currency), fee_minor))
        for contributor, amount in owed.items():
            lines.append(
                (account(AccountKind.CONTRIBUTOR, currency=currency, contributor=contributor), -amount)
            )
        rest = order.total_minor - sum(owed.values())
        lines.append((account(AccountKind.PLATFORM_REVENUE, currency=currency), -rest))
        booked = post(
            TransactionKind.SALE, reference=f"sale:{order.pk}", lines=lines, memo=str(order), order=order
        )
        _earn(booked, shares, currency)
        record("ledger.sale", subject=order, data={"transaction": str(booked.pk), "fee_minor": fee_minor})
    return booked


def shares_of(line: OrderLine, *, currency: str) -> list[Share]:
    """Share one line out: the contributors' per cent of its price, by the milliseconds of each clip, exactly.

    A clip that was withdrawn before this sale is not delivered with it, so it earns nothing of it and the others
    share; a clip that is withdrawn later keeps what it earned, because it had been sold.
    """
    package = line.version.package
    policy = POLICIES[package.vertical]
    pool, _ = split(line.price_minor, [policy.share_percent, 100 - policy.share_percent])
    members = line.version.members.select_related("clip__footage__owner").order_by("position")
    clips = [member.clip for member in members if member.clip.state != ClipState.WITHDRAWN]
    if not clips:
        return []
    parts = split(pool, [clip.duration_ms for clip in clips])
    whole = sum(clip.duration_ms for clip in clips) / 1000
    head = f"{policy.share_percent} % of {Money(line.price_minor, currency)} = {Money(pool, currency)}"
    return [
        Share(clip, part, f"{head}; this clip is {clip.duration_ms / 1000:.1f} s of {whole:.1f} s")
        for clip, part in zip(clips, parts, strict=True)
        if part
    ]


def _earn(booked: LedgerTransaction, shares: Iterable[tuple[OrderLine | None, Share]], currency: str) -> None:
    now = timezone.now()
    Earning.objects.bulk_create(
        Earning(
            contributor=share.clip.footage.owner,
            transaction=booked,
            clip=share.clip,
            line=line,
            amount_minor=share.amount_minor,
            currency=currency,
            formula=share.formula,
            earned_at=now,
            available_on=now + timedelta(days=settings.PAYOUT_HOLD_DAYS),
        )
        for line, share in shares
    )


def post_minute_fee(*, clip: Clip) -> LedgerTransaction | None:
    """Book the per-minute fee of an approved clip, once in its life; nothing for verticals that pay none."""
    if not POLICIES[clip.footage.vertical].pays_minutes:
        return None
    reference = f"minutes:{clip.pk}"
    amount = minute_fee(duration_ms=clip.duration_ms, quality=clip.quality)
    if not amount or LedgerTransaction.objects.filter(reference=reference).exists():
        return None
    currency, owner = "usd", clip.footage.owner
    rate = minute_rate(clip.quality) / 100
    formula = f"${rate:.4f} a minute at quality {clip.quality} × {clip.duration_ms / 60_000:.3f} minutes"
    with transaction.atomic():
        lines = [
            (account(AccountKind.MINUTE_FEES, currency=currency), amount),
            (account(AccountKind.CONTRIBUTOR, currency=currency, contributor=owner), -amount),
        ]
        booked = post(TransactionKind.MINUTE_FEE, reference=reference, lines=lines, memo=f"Minutes of {clip}")
        _earn(booked, [(None, Share(clip, amount, formula))], currency)
    return booked


def balance_sum() -> dict[str, int]:
    """Sum every line of the books by currency; each must be 0."""
    rows = LedgerLine.objects.values("currency").annotate(total=Sum("amount_minor")).order_by("currency")
    return {row["currency"]: row["total"] for row in rows}


def owed_to(contributor: Any) -> dict[str, int]:
    """Say what the books owe a contributor, by currency; below zero they owe us."""
    lines = LedgerLine.objects.filter(account__contributor=contributor)
    rows = lines.values("currency").annotate(total=Sum("amount_minor")).order_by("currency")
    return {row["currency"]: -row["total"] for row in rows}
