"""The books: double entry, append-only; a sale, a fee and an approved minute become lines and earnings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from buyers.models import Order, OrderLine, PlanPeriod
from marketplace.models import Clip
from payouts import policies, shares
from payouts.models import (
    AccountKind,
    Earning,
    LedgerAccount,
    LedgerLine,
    LedgerTransaction,
    SoldLine,
    TransactionKind,
)
from payouts.policies import MINUTE_CURRENCY
from payouts.shares import Share


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
    period: PlanPeriod | None = None,
) -> LedgerTransaction:
    """Book one transaction: debits above zero, credits below; the database refuses it unless it sums to zero.

    ``reference`` is unique: booking the same thing twice raises IntegrityError.
    """
    with transaction.atomic():
        booked = LedgerTransaction.objects.create(
            kind=kind, reference=reference, memo=memo[:300], order=order, period=period
        )
        LedgerLine.objects.bulk_create(
            LedgerLine(transaction=booked, account=to, amount_minor=amount, currency=to.currency)
            for to, amount in lines
            if amount
        )
    return booked


def post_sale(
    *, order: Order, tax_minor: int = 0, paid_from: AccountKind = AccountKind.STRIPE_BALANCE
) -> LedgerTransaction:
    """Book a paid order: what came in, each contributor's share, the state's tax, and the rest as our revenue.

    The lines' prices (after discounts, without tax) and ``tax_minor`` must be the order's total, else ValueError.
    Call it in the transaction that marks the order paid; ``paid_from`` is where its money is: on our balance at Stripe,
    or among the hours of a plan that were paid before.
    The policy in force at that moment is frozen with each line. Stripe's fee is ours to bear and has a transaction
    of its own (``post_settlement``): Stripe may tell it later, and shares are of the price.
    """
    currency = order.currency
    with transaction.atomic():
        lines_sold = list(order.lines.select_related("version__package").order_by("pk"))
        if sum(line.price_minor for line in lines_sold) + tax_minor != order.total_minor:
            raise ValueError(f"{order}: its lines and tax are not what was paid.")
        sold: list[tuple[OrderLine | None, Share]] = []
        kept = []
        for line in lines_sold:
            policy = policies.in_force(line.version.package.vertical, at=order.paid_at)
            found = shares.of_line(line, currency=currency, net_minor=line.price_minor, policy=policy)
            sold += [(line, share) for share in found]
            kept.append(
                SoldLine(
                    line=line,
                    net_minor=line.price_minor,
                    share_percent=policy.share_percent,
                    pool_minor=sum(share.amount_minor for share in found),
                )
            )
        owed: dict[Any, int] = defaultdict(int)
        for _, share in sold:
            owed[share.clip.footage.owner] += share.amount_minor
        lines = [(account(paid_from, currency=currency), order.total_minor)]
        lines += [
            (account(AccountKind.CONTRIBUTOR, currency=currency, contributor=contributor), -amount)
            for contributor, amount in owed.items()
        ]
        lines.append((account(AccountKind.TAX, currency=currency), -tax_minor))
        ours = order.total_minor - tax_minor - sum(owed.values())
        lines.append((account(AccountKind.PLATFORM_REVENUE, currency=currency), -ours))
        booked = post(
            TransactionKind.SALE, reference=f"sale:{order.pk}", lines=lines, memo=str(order), order=order
        )
        for row in kept:
            row.transaction = booked
        SoldLine.objects.bulk_create(kept)
        _earn(booked, sold, currency)
    return booked


def post_settlement(*, order: Order, movement: Any) -> bool:
    """Book how Stripe settled a sale, once: its fee, and the exchange where its currency is another one.

    ``movement`` is the balance transaction of the charge. True when this call booked something.
    """
    there, here = movement.currency, order.currency
    done = False
    if there != here:
        clearing = AccountKind.EXCHANGE
        lines = [
            (account(AccountKind.STRIPE_BALANCE, currency=here), -order.total_minor),
            (account(clearing, currency=here), order.total_minor),
            (account(AccountKind.STRIPE_BALANCE, currency=there), movement.amount),
            (account(clearing, currency=there), -movement.amount),
        ]
        reference, memo = f"exchange:{order.pk}", f"Exchanged by Stripe, {order}"
        kind = TransactionKind.EXCHANGE
        done = post_once(kind, reference=reference, lines=lines, memo=memo, order=order) is not None
    if movement.fee:
        lines = [
            (account(AccountKind.STRIPE_FEES, currency=there), movement.fee),
            (account(AccountKind.STRIPE_BALANCE, currency=there), -movement.fee),
        ]
        kind, memo = TransactionKind.STRIPE_FEE, f"Stripe's fee, {order}"
        fee = post_once(kind, reference=f"fee:{order.pk}", lines=lines, memo=memo, order=order)
        done = fee is not None or done
    return done


def post_minute_fee(*, clip: Clip) -> LedgerTransaction | None:
    """Book the per-minute fee of an approved clip, once in its life; None for verticals that pay none, or again."""
    share = shares.of_minutes(clip, policy=policies.in_force(clip.footage.vertical))
    reference = f"minutes:{clip.pk}"
    if share is None or LedgerTransaction.objects.filter(reference=reference).exists():
        return None
    currency, owner = MINUTE_CURRENCY, clip.footage.owner
    lines = [
        (account(AccountKind.MINUTE_FEES, currency=currency), share.amount_minor),
        (account(AccountKind.CONTRIBUTOR, currency=currency, contributor=owner), -share.amount_minor),
    ]
    with transaction.atomic():
        kind, memo = TransactionKind.MINUTE_FEE, f"Approved minutes of {clip}"
        booked = post_once(kind, reference=reference, lines=lines, memo=memo)
        if booked is not None:
            _earn(booked, [(None, share)], currency)
    return booked


def post_once(
    kind: TransactionKind,
    *,
    reference: str,
    lines: Iterable[tuple[LedgerAccount, int]],
    memo: str,
    order: Order | None = None,
    period: PlanPeriod | None = None,
) -> LedgerTransaction | None:
    """Book a transaction unless its reference is booked already: then None."""
    if LedgerTransaction.objects.filter(reference=reference).exists():
        return None
    try:
        with transaction.atomic():
            return post(kind, reference=reference, lines=lines, memo=memo, order=order, period=period)
    except IntegrityError:
        if LedgerTransaction.objects.filter(reference=reference).exists():
            return None  # somebody else was faster
        raise


def _earn(booked: LedgerTransaction, found: Iterable[tuple[OrderLine | None, Share]], currency: str) -> None:
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
        for line, share in found
    )


def balance_sum() -> dict[str, int]:
    """Sum every line of the books by currency; each must be 0."""
    rows = LedgerLine.objects.values("currency").annotate(total=Sum("amount_minor")).order_by("currency")
    return {row["currency"]: row["total"] for row in rows}


def owed_to(contributor: Any) -> dict[str, int]:
    """Say what the books owe a contributor, by currency; below zero they owe us."""
    lines = LedgerLine.objects.filter(account__contributor=contributor)
    rows = lines.values("currency").annotate(total=Sum("amount_minor")).order_by("currency")
    return {row["currency"]: -row["total"] for row in rows}
