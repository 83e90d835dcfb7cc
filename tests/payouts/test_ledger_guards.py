"""The database itself refuses books that do not balance, and any change of what is booked."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from payouts import ledger
from payouts.models import AccountKind, LedgerLine, LedgerTransaction, TransactionKind

pytestmark = pytest.mark.django_db(transaction=True)


def book(*amounts: int, reference: str = "test:1") -> LedgerTransaction:
    """Book these amounts on one account after the other."""
    kinds = [AccountKind.STRIPE_BALANCE, AccountKind.PLATFORM_REVENUE, AccountKind.STRIPE_FEES]
    lines = [
        (ledger.account(kind, currency="usd"), amount) for kind, amount in zip(kinds, amounts, strict=False)
    ]
    with transaction.atomic():
        return ledger.post(TransactionKind.CORRECTION, reference=reference, lines=lines, memo="A test")


def test_lines_that_sum_to_zero_are_booked() -> None:
    book(100, -70, -30)
    assert LedgerLine.objects.count() == 3
    assert ledger.balance_sum() == {"usd": 0}


@pytest.mark.parametrize("amounts", [(100, -99), (100,), ()])
def test_other_lines_are_refused_at_commit(amounts: tuple[int, ...]) -> None:
    with pytest.raises(IntegrityError, match=r"does not balance|has no lines"):
        book(*amounts)
    assert not LedgerTransaction.objects.exists()


def test_raw_sql_cannot_add_a_line_later() -> None:
    booked = book(100, -100)
    with (
        pytest.raises(IntegrityError, match="does not balance"),
        transaction.atomic(),
        connection.cursor() as sql,
    ):
        sql.execute(
            "INSERT INTO payouts_ledgerline (transaction_id, account_id, amount_minor, currency) "
            "SELECT transaction_id, account_id, 1, currency FROM payouts_ledgerline LIMIT 1"
        )
    assert booked.lines.count() == 2


def test_each_currency_balances_by_itself() -> None:
    lines = [
        (ledger.account(AccountKind.STRIPE_BALANCE, currency="usd"), 100),
        (ledger.account(AccountKind.PLATFORM_REVENUE, currency="eur"), -100),
    ]
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        ledger.post(TransactionKind.CORRECTION, reference="test:fx", lines=lines, memo="A test")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payouts_ledgerline SET amount_minor = amount_minor * 2",
        "DELETE FROM payouts_ledgerline",
        "UPDATE payouts_ledgertransaction SET memo = 'nothing happened'",
        "DELETE FROM payouts_ledgertransaction",
    ],
)
def test_raw_sql_cannot_change_or_delete_what_is_booked(statement: str) -> None:
    book(100, -100)
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as sql:
        sql.execute(statement)
    assert sorted(LedgerLine.objects.values_list("amount_minor", flat=True)) == [-100, 100]


def test_the_same_thing_is_booked_once() -> None:
    book(100, -100)
    with pytest.raises(IntegrityError):
        book(100, -100)
    book(100, -100, reference=f"test:{uuid.uuid4()}")
    assert LedgerTransaction.objects.count() == 2
