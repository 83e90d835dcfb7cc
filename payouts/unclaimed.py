"""Payments that belong to no sale: an order paid twice, or with another amount. They wait to be given back."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from buyers.models import Order
from buyers.stripe_api import client
from payouts import ledger
from payouts.mirrors import ask_stripe, cash
from payouts.models import AccountKind, LedgerTransaction, TransactionKind


def follow(*, order: Order, charge: Any) -> str:
    """Book what moved with such a payment, in and out, as owed to the buyer; say what was done."""
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=order.pk)
        standing = ask_stripe(charge.id)
        paid: Any = client().v1.charges.retrieve(charge.id, {"expand": ["balance_transaction"]})
        movements = [paid.balance_transaction]
        for refund in standing.refunds:
            movements += [refund.balance_transaction, getattr(refund, "failure_balance_transaction", None)]
        for dispute in standing.disputes:
            movements += dispute.balance_transactions
        booked = [_book(order, movement) for movement in movements if movement]
    return f"{order}: {sum(booked)} movements of a payment that is to be given back."


def is_booked(*, charge: Any) -> bool:
    """Say whether a payment is known to belong to no sale; ``charge`` bears its movement's id."""
    return LedgerTransaction.objects.filter(reference=f"unclaimed:{charge.balance_transaction}").exists()


def _book(order: Order, movement: Any) -> bool:
    kept = ledger.account(AccountKind.UNCLAIMED, currency=movement.currency)
    lines = [
        *cash(movement, minor=movement.amount, currency=movement.currency),
        (kept, -movement.amount),
    ]
    memo = f"A payment for {order} that is to be given back"
    reference = f"unclaimed:{movement.id}"
    kind = TransactionKind.UNCLAIMED
    return ledger.post_once(kind, reference=reference, lines=lines, memo=memo, order=order) is not None
