"""What a sale's loss takes from whom: every share, the tax and our part in proportion, exact to the minor unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Subquery, Sum
from django.utils import timezone

from buyers.models import Order
from marketplace.models import PackageClip
from marketplace.money import Money, split_in
from payouts import ledger
from payouts.models import (
    AccountKind,
    Earning,
    LedgerAccount,
    LedgerLine,
    LedgerTransaction,
    TransactionKind,
)

LOSSES = (TransactionKind.REFUND, TransactionKind.VERDICT)
Lines = list[tuple[LedgerAccount, int]]


@dataclass
class Taken:
    """What of one sale was taken from whom until now; positive is taken."""

    order: Order
    earnings: list[Earning]
    of_earning: list[int]
    tax: int
    ours: int
    beyond: int
    whole_tax: int
    whole_ours: int
    people: set[Any] = field(default_factory=set)

    @property
    def total(self) -> int:
        """Sum up what was taken."""
        return sum(self.of_earning) + self.tax + self.ours + self.beyond


def so_far(order: Order) -> Taken:
    """Read what was taken of a paid order's sale."""
    sale = LedgerTransaction.objects.get(order=order, kind=TransactionKind.SALE)
    # In the order in which they were shared out: of equal remainders the same ones get the cent, whatever came when.
    place = PackageClip.objects.filter(version=OuterRef("line__version"), clip=OuterRef("clip")).values(
        "position"
    )
    earnings = list(
        Earning.objects.filter(transaction=sale, about=None)
        .select_related("contributor")
        .order_by("line_id", Subquery(place[:1]), "pk")
    )
    changes = Earning.objects.filter(about__in=earnings).order_by().values_list("about")
    changed = dict(changes.annotate(total=Sum("amount_minor")))
    lost = _sums(transaction__order=order, transaction__kind__in=LOSSES)
    sold = _sums(transaction=sale)
    return Taken(
        order=order,
        earnings=earnings,
        of_earning=[-changed.get(row.pk, 0) for row in earnings],
        tax=lost[AccountKind.TAX],
        ours=lost[AccountKind.PLATFORM_REVENUE],
        beyond=lost[AccountKind.FX],
        whole_tax=-sold[AccountKind.TAX],
        whole_ours=-sold[AccountKind.PLATFORM_REVENUE],
    )


def _sums(**of: Any) -> dict[str, int]:
    rows = LedgerLine.objects.filter(**of).order_by().values_list("account__kind")
    return defaultdict(int, rows.annotate(total=Sum("amount_minor")))


def book(
    taken: Taken, *, kind: TransactionKind, reference: str, others: Iterable[tuple[LedgerAccount, int]], lost: int,
    memo: str, sentence: str,
) -> None:  # fmt: skip
    """Book that ``lost`` more of a sale was taken (below zero: given again); ``others`` are the lines of the money.

    What each has lost after it depends on the sum that was lost only, not on the steps to it: everyone's part of the
    price, by the largest remainder. What goes beyond the price is nobody's share and has an account of its own.
    """
    order = taken.order
    after = taken.total + lost
    weights = [*(row.amount_minor for row in taken.earnings), taken.whole_tax, taken.whole_ours]
    *shares, tax, ours = split_in(order.currency, max(min(after, order.total_minor), 0), weights)
    beyond = after - sum(shares) - tax - ours
    steps = [now - was for now, was in zip(shares, taken.of_earning, strict=True)]
    lines = [*others]
    for account_kind, step in (
        (AccountKind.TAX, tax - taken.tax),
        (AccountKind.PLATFORM_REVENUE, ours - taken.ours),
        (AccountKind.FX, beyond - taken.beyond),
    ):
        lines.append((ledger.account(account_kind, currency=order.currency), step))
    by_person: dict[Any, int] = defaultdict(int)
    for row, step in zip(taken.earnings, steps, strict=True):
        by_person[row.contributor] += step
    for person, step in by_person.items():
        lines.append(
            (ledger.account(AccountKind.CONTRIBUTOR, currency=order.currency, contributor=person), step)
        )
    booked = ledger.post(kind, reference=reference, lines=lines, memo=memo, order=order)
    now = timezone.now()
    Earning.objects.bulk_create(
        Earning(
            contributor=row.contributor,
            transaction=booked,
            clip_id=row.clip_id,
            line_id=row.line_id,
            about=row,
            amount_minor=-step,
            currency=order.currency,
            formula=f"{sentence}; of your {Money(row.amount_minor, order.currency)}"[:300],
            earned_at=now,
            # With the share itself, so that both meet in one transfer; at once when that has been made.
            available_on=now if row.transfer_id else row.available_on,
        )
        for row, step in zip(taken.earnings, steps, strict=True)
        if step
    )
    taken.of_earning, taken.tax, taken.ours, taken.beyond = shares, tax, ours, beyond
    taken.people |= {person for person, step in by_person.items() if step}
