"""What buyers take back: one look at Stripe brings books, shares and access to where the payment stands."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum

from buyers import documents
from buyers.models import Entitlement, Order
from buyers.stripe_api import client
from marketplace.money import Money
from marketplace.states import OrderState, advance
from payouts import ledger, letters, taken_back
from payouts.early import TooEarly
from payouts.models import (
    AccountKind,
    Dispute,
    Earning,
    LedgerAccount,
    LedgerLine,
    LedgerTransaction,
    Refund,
    RefundState,
    TransactionKind,
)
from payouts.taken_back import Lines, Taken

log = logging.getLogger(__name__)
SOLD = (OrderState.PAID, OrderState.REFUNDED, OrderState.DISPUTED, OrderState.CHARGED_BACK)
GONE = ("failed", "canceled")  # refunds that gave nothing
QUIET = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")  # move no money
MOST = 100


@dataclass(frozen=True)
class Standing:
    """What Stripe says now of the charge of an order."""

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


def follow(*, order: Order) -> str:
    """Book what Stripe gave back or holds of a paid order and open or close its downloads; say what was done.

    Safe at any time and in any order: Stripe is asked under the lock of the order, each movement is booked once by
    Stripe's id for it, and shares follow the sum. Raises TooEarly for an order that is not booked as paid yet.
    """
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if row.state not in SOLD or not row.stripe_charge:
            raise TooEarly("The order of this payment is not paid yet, as far as we know.")
        standing = ask_stripe(row.stripe_charge)
        _lock_people(row)
        taken = taken_back.so_far(row)
        done = [*_refunds(row, standing, taken), *_disputes(row, standing, taken)]
        was = row.state
        move(row, standing.state(row.total_minor))
        if taken.people or was != row.state:
            letters.tell(order=row, was=was, people=taken.people, done=done)
    if was != row.state:
        done.append(f"{row} is {row.state}")
    return f"{'; '.join(done)}." if done else "Nothing new."


def ask_stripe(charge: str) -> Standing:
    """Read the refunds and disputes of a charge, oldest first."""
    expand = ["data.balance_transaction", "data.failure_balance_transaction"]
    refunds = client().v1.refunds.list({"charge": charge, "limit": MOST, "expand": expand})
    disputes = client().v1.disputes.list({"charge": charge, "limit": MOST})
    return Standing(
        list(refunds.auto_paging_iter())[::-1],
        list(disputes.auto_paging_iter())[::-1],
    )


def _lock_people(order: Order) -> None:
    """Let no transfer leave to the people of this sale until their shares are what they will be."""
    people = Earning.objects.filter(transaction__order=order).values("contributor")
    accounts = LedgerAccount.objects.filter(contributor__in=people).order_by("pk")
    list(accounts.select_for_update(no_key=True))


def _refunds(order: Order, standing: Standing, taken: Taken) -> Iterator[str]:
    for found in standing.refunds:
        reason = _mirror(order, found)
        for movement in (found.balance_transaction, getattr(found, "failure_balance_transaction", None)):
            if not movement or _booked(reference := f"refund:{movement.id}"):
                continue
            back = movement.amount > 0  # the buyer's bank did not take it
            minor = found.amount if back else -found.amount
            amount = Money(found.amount, order.currency)
            word = "came back" if back else "was refunded"
            taken_back.book(
                taken,
                kind=TransactionKind.REFUND,
                reference=reference,
                others=cash(movement, minor=minor, currency=order.currency),
                lost=-minor,
                memo=f"{amount} of {order} {word}: {reason}",
                sentence=f"{amount} of a sale of {Money(order.total_minor, order.currency)} {word}",
            )
            if not back:
                note = f"Refund of {order}"
                documents.credit(order=order, amount_minor=minor, reference=reference, reason=note)
            yield f"{amount} {word}"


def _mirror(order: Order, found: Any) -> str:
    """Keep our row of a refund as Stripe has it; one that was made at Stripe gets a row."""
    named = (found.metadata.to_dict() if found.metadata else {}).get("refund", "")
    rows = Refund.objects.select_for_update().filter(order=order)
    row = rows.filter(stripe_id=found.id).first()
    if row is None and named:
        row = rows.filter(pk=named, stripe_id="").first()
    if row is None:
        row = Refund(order=order, reason=found.reason or "Refunded at Stripe")
        row.created_at = datetime.fromtimestamp(found.created, UTC)
    row.amount_minor, row.currency, row.stripe_id = found.amount, found.currency, found.id
    row.state = RefundState.FAILED if found.status in GONE else RefundState.DONE
    row.save()
    return row.reason


def _disputes(order: Order, standing: Standing, taken: Taken) -> Iterator[str]:
    for found in standing.disputes:
        details = found.evidence_details
        due = details.due_by if details else None
        row, _ = Dispute.objects.update_or_create(
            stripe_id=found.id,
            defaults={
                "order": order,
                "amount_minor": found.amount,
                "currency": found.currency,
                "reason": found.reason,
                "status": found.status,
                "opened_at": datetime.fromtimestamp(found.created, UTC),
                "answer_by": datetime.fromtimestamp(due, UTC) if due else None,
            },
        )
        yield from _held(order, found)
        yield from _verdict(order, found, taken)
        if found.status == "needs_response" and row.evidence_sent_at is None:
            log.warning("dispute %s of %s waits for evidence", row.stripe_id, order)


def _held(order: Order, found: Any) -> Iterator[str]:
    """Book what the bank took, and what it gave back, as held: nobody has lost it yet."""
    for movement in found.balance_transactions:
        sign = 1 if movement.amount > 0 else -1
        minor = movement.amount if movement.currency == order.currency else sign * found.amount
        held = (ledger.account(AccountKind.DISPUTES, currency=order.currency), -minor)
        booked = ledger.post_once(
            TransactionKind.DISPUTE,
            reference=f"dispute:{found.id}:{movement.id}",
            lines=[*cash(movement, minor=minor, currency=order.currency), held],
            memo=f"Dispute of {order}: {found.reason}",
            order=order,
        )
        if booked is not None:
            yield f"{Money(abs(minor), order.currency)} {'given back' if sign > 0 else 'held'} by a dispute"


def _verdict(order: Order, found: Any, taken: Taken) -> Iterator[str]:
    """Share out what a lost dispute took; take that back should the bank change its mind."""
    lines = LedgerLine.objects.filter(account__kind=AccountKind.DISPUTES, transaction__order=order)
    mine = lines.filter(
        Q(transaction__reference__startswith=f"dispute:{found.id}:")
        | Q(transaction__reference__startswith=f"verdict:{found.id}:")
    )
    held = mine.aggregate(total=Sum("amount_minor", default=0))["total"]
    lost = found.status == "lost" and held
    undone = found.status == "won" and held < 0
    if not (lost or undone):
        return
    amount = Money(abs(held), order.currency)
    count = order.ledger_transactions.filter(reference__startswith=f"verdict:{found.id}:").count()
    said = f"{amount} of a sale of {Money(order.total_minor, order.currency)}"
    said += " was taken back by the buyer's bank" if held > 0 else " was given back by the buyer's bank"
    taken_back.book(
        taken,
        kind=TransactionKind.VERDICT,
        reference=f"verdict:{found.id}:{count + 1}",
        others=[(ledger.account(AccountKind.DISPUTES, currency=order.currency), -held)],
        lost=held,
        memo=f"Dispute of {order} is {found.status}",
        sentence=said,
    )
    yield f"{amount} {'lost' if held > 0 else 'won back'} in a dispute"


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


def _booked(reference: str) -> bool:
    return LedgerTransaction.objects.filter(reference=reference).exists()


def move(row: Order, wanted: OrderState) -> None:
    """Bring state and access together; only what was closed here is opened again."""
    if row.state == wanted:
        return
    before = row.state_changed_at
    advance(row, wanted)
    mine = Entitlement.objects.filter(line__order=row)
    if wanted == OrderState.PAID:
        mine.filter(revoked_at=before).update(revoked_at=None)
    else:
        mine.filter(Q(revoked_at=None) | Q(revoked_at=before)).update(revoked_at=row.state_changed_at)
