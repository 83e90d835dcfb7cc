"""Each night Stripe's own list of movements against the books: every movement booked, to the cent."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from buyers.models import Order
from buyers.stripe_api import client
from payouts import ledger
from payouts.models import AccountKind, LedgerLine, Reconciliation, TransactionKind, Transfer

log = logging.getLogger(__name__)
LATE_DAYS = 4  # Stripe sends an event again for three days
# Money that moves between Stripe and our bank, and Stripe's bills: nobody tells us of it but this list.
BANK = frozenset(["payout", "payout_failure", "payout_cancel", "topup", "topup_reversal"])
FEES = frozenset(["stripe_fee", "stripe_fx_fee", "tax_fee"])
MOST_SHOWN = 10


def recent(*, today: date) -> list[Reconciliation]:
    """Compare the days before ``today`` (UTC) whose events may still have come late."""
    return [row for back in range(LATE_DAYS, 0, -1) for row in one_day(day=today - timedelta(days=back))]


def one_day(*, day: date) -> list[Reconciliation]:
    """Compare one day's movements with the books and keep what was found, a row a currency."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    since, until = int(first.timestamp()), int((first + timedelta(days=1)).timestamp())
    listed = client().v1.balance_transactions.list({"created": {"gte": since, "lt": until}, "limit": 100})
    by_currency: dict[str, list[Any]] = defaultdict(list)
    for movement in listed.auto_paging_iter():
        by_currency[movement.currency].append(movement)
    for known in Reconciliation.objects.filter(day=day):
        by_currency.setdefault(known.currency, [])
    return [_compare(day, currency, found) for currency, found in sorted(by_currency.items())]


def _compare(day: date, currency: str, movements: list[Any]) -> Reconciliation:
    for movement in movements:
        _book_ours(movement)
    booked = _booked(currency, movements)
    if [one for one in movements if booked[one.id] != one.net and _settled_late(one)]:
        booked = _booked(currency, movements)
    missing = [one.id for one in movements if booked[one.id] != one.net]
    ours, theirs = sum(booked.values()), sum(one.net for one in movements)
    if missing:
        log.error("%s %s: %d of Stripe's movements are not in the books", day, currency, len(missing))
    row, _ = Reconciliation.objects.update_or_create(
        day=day,
        currency=currency,
        defaults={
            "movements": len(movements),
            "stripe_minor": theirs,
            "ours_minor": ours,
            # Two errors must not hide each other: what each movement is off by is added up.
            "difference_minor": sum(abs(one.net - booked[one.id]) for one in movements),
            "missing": missing[:MOST_SHOWN],
            "checked_at": timezone.now(),
        },
    )
    return row


def _settled_late(movement: Any) -> bool:
    """Book the fee of a sale that Stripe told of while the sale itself was being booked; True when this call did."""
    order = Order.objects.filter(stripe_charge=str(movement.source)).exclude(stripe_charge="").first()
    if order is None or movement.type not in ("charge", "payment"):
        return False
    return ledger.post_settlement(order=order, movement=movement)


def _book_ours(movement: Any) -> None:
    kind = AccountKind.BANK if movement.type in BANK else AccountKind.STRIPE_FEES
    if movement.type not in BANK | FEES:
        return
    at_stripe = ledger.account(AccountKind.STRIPE_BALANCE, currency=movement.currency)
    other = ledger.account(kind, currency=movement.currency)
    lines = [(at_stripe, movement.net), (other, -movement.net)]
    memo = movement.description or movement.type
    with transaction.atomic():
        ledger.post_once(TransactionKind.BANK, reference=f"bank:{movement.id}", lines=lines, memo=memo)


def _booked(currency: str, movements: list[Any]) -> dict[str, int]:
    """Read what the books say of each movement: whatever they have under the references it can have."""
    sources = {str(one.source) for one in movements}
    orders = dict(Order.objects.filter(stripe_charge__in=sources).values_list("stripe_charge", "pk"))
    transfers = dict(Transfer.objects.filter(stripe_id__in=sources).values_list("stripe_id", "pk"))
    of: dict[str, str] = {}
    for one in movements:
        names = [f"{word}:{one.id}" for word in ("refund", "unclaimed", "bank")]
        names += [f"dispute:{one.source}:{one.id}"]
        if one.type == "transfer_refund":
            names += [f"reversal:{one.source}"]
        if one.source in transfers and one.type == "transfer":
            names += [f"transfer:{transfers[one.source]}"]
        if one.type in ("charge", "payment"):
            names += [f"income:{one.source}"]
            if pk := orders.get(one.source):
                names += [f"{word}:{pk}" for word in ("sale", "exchange", "fee")]
        of |= dict.fromkeys(names, one.id)
    found = dict.fromkeys((one.id for one in movements), 0)
    references = list(of)
    for start in range(0, len(references), 2_000):
        rows = LedgerLine.objects.filter(
            account__kind=AccountKind.STRIPE_BALANCE,
            currency=currency,
            transaction__reference__in=references[start : start + 2_000],
        )
        sums = rows.order_by().values_list("transaction__reference").annotate(total=Sum("amount_minor"))
        for reference, total in sums:
            found[of[reference]] += total
    return found


def whole() -> dict[str, tuple[int, int]]:
    """Give, by currency, Stripe's whole balance (available and pending) and what the books say it is."""
    stripe: dict[str, int] = defaultdict(int)
    now: Any = client().v1.balance.retrieve()
    for part in [*now.available, *now.pending]:
        stripe[part.currency] += part.amount
    rows = LedgerLine.objects.filter(account__kind=AccountKind.STRIPE_BALANCE)
    ours = dict(rows.order_by().values_list("currency").annotate(total=Sum("amount_minor")))
    return {name: (stripe[name], ours.get(name, 0)) for name in sorted({*stripe, *ours})}
