"""Our rows of what Stripe has of a payment: its refunds and disputes, and what a bank holds until it decides."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from buyers.models import Order
from buyers.stripe_api import client
from marketplace.money import Money
from marketplace.states import OrderState
from payouts import ledger
from payouts.claim_models import Sold
from payouts.models import (
    AccountKind,
    Dispute,
    LedgerAccount,
    LedgerLine,
    LedgerTransaction,
    Refund,
    RefundState,
    TransactionKind,
)

log = logging.getLogger(__name__)
GONE = ("failed", "canceled")  # refunds that gave nothing
QUIET = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")  # move no money
MOST = 100
Lines = list[tuple[LedgerAccount, int]]


@dataclass(frozen=True)
class Standing:
    """What Stripe says now of a charge."""

    refunds: list[Any]
    disputes: list[Any]

    def state(self, total_minor: int) -> OrderState:
        """Say where the payment stands; it depends on Stripe's objects only, not on the way to them."""
        statuses = [one.status for one in self.disputes if one.status not in QUIET]
        if "lost" in statuses:
            return OrderState.CHARGED_BACK
        if any(status != "won" for status in statuses):
            return OrderState.DISPUTED
        given = sum(one.amount for one in self.refunds if one.status not in GONE)
        return OrderState.REFUNDED if given >= total_minor else OrderState.PAID


def ask_stripe(charge: str) -> Standing:
    """Read the refunds and disputes of a charge, oldest first."""
    expand = ["data.balance_transaction", "data.failure_balance_transaction"]
    refunds = client().v1.refunds.list({"charge": charge, "limit": MOST, "expand": expand})
    disputes = client().v1.disputes.list({"charge": charge, "limit": MOST})
    return Standing(
        list(refunds.auto_paging_iter())[::-1],
        list(disputes.auto_paging_iter())[::-1],
    )


def linked(of: Sold) -> Any:
    """Name what a row is of, as the rows of refunds, disputes and the ledger do."""
    return {"order": of} if isinstance(of, Order) else {"period": of}


def refund(of: Sold, found: Any) -> str:
    """Keep our row of a refund as Stripe has it, and give its reason; one that was made at Stripe gets a row."""
    named = (found.metadata.to_dict() if found.metadata else {}).get("refund", "")
    rows = Refund.objects.select_for_update().filter(**linked(of))
    row = rows.filter(stripe_id=found.id).first()
    if row is None and named:
        row = rows.filter(pk=named, stripe_id="").first()
    if row is None:
        row = Refund(**linked(of), reason=found.reason or "Refunded at Stripe")
        row.created_at = datetime.fromtimestamp(found.created, UTC)
    row.amount_minor, row.currency, row.stripe_id = found.amount, found.currency, found.id
    row.state = RefundState.FAILED if found.status in GONE else RefundState.DONE
    row.save()
    return row.reason


def dispute(of: Sold, found: Any) -> None:
    """Keep our row of a dispute as Stripe has it."""
    details = found.evidence_details
    due = details.due_by if details else None
    row, _ = Dispute.objects.update_or_create(
        stripe_id=found.id,
        defaults={
            **linked(of),
            "amount_minor": found.amount,
            "currency": found.currency,
            "reason": found.reason,
            "status": found.status,
            "opened_at": datetime.fromtimestamp(found.created, UTC),
            "answer_by": datetime.fromtimestamp(due, UTC) if due else None,
        },
    )
    if found.status == "needs_response" and row.evidence_sent_at is None:
        log.warning("dispute %s of %s waits for evidence", row.stripe_id, of)


def hold(of: Sold, found: Any) -> Iterator[str]:
    """Book what the bank took, and what it gave back, as held: nobody has lost it yet."""
    for movement in found.balance_transactions:
        sign = 1 if movement.amount > 0 else -1
        minor = movement.amount if movement.currency == of.currency else sign * found.amount
        held = (ledger.account(AccountKind.DISPUTES, currency=of.currency), -minor)
        booked = ledger.post_once(
            TransactionKind.DISPUTE,
            reference=f"dispute:{found.id}:{movement.id}",
            lines=[*cash(movement, minor=minor, currency=of.currency), held],
            memo=f"Dispute of {of}: {found.reason}",
            **linked(of),
        )
        if booked is not None:
            yield f"{Money(abs(minor), of.currency)} {'given back' if sign > 0 else 'held'} by a dispute"


def undecided(of: Sold, found: Any) -> int:
    """Say what a decided dispute still holds and has to be shared out: above zero lost, below zero won back."""
    lines = LedgerLine.objects.filter(account__kind=AccountKind.DISPUTES, **_of(of))
    mine = lines.filter(
        Q(transaction__reference__startswith=f"dispute:{found.id}:")
        | Q(transaction__reference__startswith=f"verdict:{found.id}:")
    )
    held = int(mine.aggregate(total=Sum("amount_minor", default=0))["total"])
    return held if (found.status == "lost" and held) or (found.status == "won" and held < 0) else 0


def released(of: Sold, held: int) -> tuple[LedgerAccount, int]:
    """Give the line that takes a decided sum out of what is held."""
    return ledger.account(AccountKind.DISPUTES, currency=of.currency), -held


def verdict_reference(of: Sold, found: Any) -> str:
    """Number the verdicts of a dispute: a bank can change its mind."""
    rows: QuerySet[LedgerTransaction] = LedgerTransaction.objects.filter(**linked(of))
    return f"verdict:{found.id}:{rows.filter(reference__startswith=f'verdict:{found.id}:').count() + 1}"


def _of(of: Sold) -> Any:
    return {f"transaction__{name}": row for name, row in linked(of).items()}


def cash(movement: Any, *, minor: int, currency: str) -> Lines:
    """Give the lines of a movement on our balance at Stripe; in the order's currency they sum to ``minor``.

    Another amount or currency there than here goes through the account of exchanges.
    """
    there = movement.currency
    lines = [
        (ledger.account(AccountKind.STRIPE_BALANCE, currency=there), movement.net),
        (ledger.account(AccountKind.STRIPE_FEES, currency=there), movement.fee),
    ]
    if there != currency or movement.amount != minor:
        lines += [
            (ledger.account(AccountKind.EXCHANGE, currency=there), -movement.amount),
            (ledger.account(AccountKind.EXCHANGE, currency=currency), minor),
        ]
    return lines


def is_booked(reference: str) -> bool:
    """Say whether the books have a transaction of this reference."""
    return LedgerTransaction.objects.filter(reference=reference).exists()
