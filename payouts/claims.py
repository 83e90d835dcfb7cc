"""What buyers take back: one look at Stripe brings books, shares and access to where the payment stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q

from buyers import documents
from buyers.models import Entitlement, Order
from marketplace.money import Money
from marketplace.states import OrderState, advance
from payouts import letters, mirrors, taken_back
from payouts.early import TooEarly
from payouts.mirrors import Standing
from payouts.models import Earning, LedgerAccount, TransactionKind
from payouts.taken_back import Taken

SOLD = (OrderState.PAID, OrderState.REFUNDED, OrderState.DISPUTED, OrderState.CHARGED_BACK)


def follow(*, order: Order) -> str:
    """Book what Stripe gave back or holds of a paid order and open or close its downloads; say what was done.

    Safe at any time and in any order: Stripe is asked under the lock of the order, each movement is booked once by
    Stripe's id for it, and shares follow the sum. Raises TooEarly for an order that is not booked as paid yet.
    """
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if row.state not in SOLD or not row.stripe_charge:
            raise TooEarly("The order of this payment is not paid yet, as far as we know.")
        standing = mirrors.ask_stripe(row.stripe_charge)
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


def _lock_people(order: Order) -> None:
    """Let no transfer leave to the people of this sale until their shares are what they will be."""
    people = Earning.objects.filter(transaction__order=order).values("contributor")
    accounts = LedgerAccount.objects.filter(contributor__in=people).order_by("pk")
    list(accounts.select_for_update(no_key=True))


def _refunds(order: Order, standing: Standing, taken: Taken) -> Iterator[str]:
    for found in standing.refunds:
        reason = mirrors.refund(order, found)
        for movement in (found.balance_transaction, getattr(found, "failure_balance_transaction", None)):
            if not movement or mirrors.is_booked(reference := f"refund:{movement.id}"):
                continue
            back = movement.amount > 0  # the buyer's bank did not take it
            minor = found.amount if back else -found.amount
            amount = Money(found.amount, order.currency)
            word = "came back" if back else "was refunded"
            taken_back.book(
                taken,
                kind=TransactionKind.REFUND,
                reference=reference,
                others=mirrors.cash(movement, minor=minor, currency=order.currency),
                lost=-minor,
                memo=f"{amount} of {order} {word}: {reason}",
                sentence=f"{amount} of a sale of {Money(order.total_minor, order.currency)} {word}",
            )
            if not back:
                note = f"Refund of {order}"
                documents.credit(order=order, amount_minor=minor, reference=reference, reason=note)
            yield f"{amount} {word}"


def _disputes(order: Order, standing: Standing, taken: Taken) -> Iterator[str]:
    for found in standing.disputes:
        mirrors.dispute(order, found)
        yield from mirrors.hold(order, found)
        yield from _verdict(order, found, taken)


def _verdict(order: Order, found: Any, taken: Taken) -> Iterator[str]:
    """Share out what a lost dispute took; take that back should the bank change its mind."""
    held = mirrors.undecided(order, found)
    if not held:
        return
    amount = Money(abs(held), order.currency)
    said = f"{amount} of a sale of {Money(order.total_minor, order.currency)}"
    said += " was taken back by the buyer's bank" if held > 0 else " was given back by the buyer's bank"
    taken_back.book(
        taken,
        kind=TransactionKind.VERDICT,
        reference=mirrors.verdict_reference(order, found),
        others=[mirrors.released(order, held)],
        lost=held,
        memo=f"Dispute of {order} is {found.status}",
        sentence=said,
    )
    yield f"{amount} {'lost' if held > 0 else 'won back'} in a dispute"


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
