"""`check_books` names the rule that is broken and the rows that break it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from buyers.models import Entitlement, Order
from payouts import checks, ledger
from payouts.models import AccountKind, Earning, StripeEvent, TransactionKind, Transfer
from tests import people
from tests.payouts.stage import package_of, sold

pytestmark = pytest.mark.django_db(transaction=True)
BREAKS_THE_BOOKS = True  # on purpose: conftest.py does not check them


def unguarded(statement: str) -> None:
    """Do what the triggers refuse, as somebody with the database's keys could."""
    with connection.cursor() as sql:
        sql.execute("SET session_replication_role = replica")
        try:
            sql.execute(statement)
        finally:
            sql.execute("SET session_replication_role = origin")


def one_line_changed() -> None:
    unguarded("UPDATE payouts_ledgerline SET amount_minor = amount_minor + 1 WHERE amount_minor > 0")


def order_without_sale() -> None:
    people.make_order(
        people.bob("b@b.org", "B"), package_of((people.alice("a@a.org"), 1), slug="b"), state="paid"
    )


def guard_dropped() -> None:
    with connection.cursor() as sql:
        sql.execute("ALTER TABLE payouts_ledgerline DISABLE TRIGGER ledger_line_append_only")


def overpaid() -> None:
    owed = ledger.account(
        AccountKind.CONTRIBUTOR, currency="usd", contributor=Earning.objects.get().contributor
    )
    balance = ledger.account(AccountKind.STRIPE_BALANCE, currency="usd")
    lines = [(owed, 7_501), (balance, -7_501)]
    ledger.post(TransactionKind.TRANSFER, reference="transfer:by hand", lines=lines, memo="By hand")


def event_forgotten() -> None:
    StripeEvent.objects.create(stripe_id="evt_1", kind="x", payload={})
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(minutes=16))


def transfer_not_booked() -> None:
    row = Earning.objects.get()
    row.transfer = Transfer.objects.create(
        contributor=row.contributor, amount_minor=7_500, currency="usd", state="sent", stripe_id="tr_1"
    )
    row.save()


def return_not_booked() -> None:
    row = Earning.objects.get()
    row.transfer = Transfer.objects.create(contributor=row.contributor, amount_minor=7_500, currency="usd")
    row.save()
    row.transfer.state, row.transfer.stripe_id = "settled", "tr_1"
    row.transfer.save()
    owed = ledger.account(AccountKind.CONTRIBUTOR, currency="usd", contributor=row.contributor)
    balance = ledger.account(AccountKind.STRIPE_BALANCE, currency="usd")
    for kind, reference, amount in (
        (TransactionKind.TRANSFER, f"transfer:{row.transfer.pk}", 7_500),
        (TransactionKind.REVERSAL, "reversal:trr_1", -100),
    ):
        ledger.post(kind, reference=reference, lines=[(owed, amount), (balance, -amount)], memo="By hand")


def access_without_payment() -> None:
    Entitlement.objects.update(revoked_at=None)
    Order.objects.update(state="refunded")


@pytest.mark.parametrize(
    ("break_it", "names"),
    [
        (one_line_changed, {"I1", "I2", "I4"}),
        (order_without_sale, {"I3"}),
        (lambda: Order.objects.update(total_minor=1), {"I4"}),
        (lambda: Earning.objects.update(amount_minor=1), {"I5", "I7"}),
        (guard_dropped, {"I6"}),
        (overpaid, {"I7"}),
        (event_forgotten, {"I8"}),
        (transfer_not_booked, {"I7", "I9"}),
        (return_not_booked, {"I7", "I9"}),
        (access_without_payment, {"I10"}),
    ],
)
def test_each_rule_notices_what_breaks_it(break_it: Callable[[], object], names: set[str]) -> None:
    sold(package_of((people.alice(), 10)))
    assert checks.broken() == []
    try:
        break_it()
        assert {rule.name for rule, _ in checks.broken()} == names
        with pytest.raises(CommandError, match=f"{min(names)}b? is broken: .* Ids: "):
            call_command("check_books")
    finally:
        with connection.cursor() as sql:
            sql.execute("ALTER TABLE payouts_ledgerline ENABLE TRIGGER ledger_line_append_only")


def test_books_in_order_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    sold(package_of((people.alice(), 10)))
    call_command("check_books")
    assert capsys.readouterr().out == "The books are in order: 13 rules hold; sum of all lines: 0 usd.\n"


def test_ten_ids_are_enough(capsys: pytest.CaptureFixture[str]) -> None:
    StripeEvent.objects.bulk_create(
        StripeEvent(stripe_id=f"evt_{n}", kind="x", payload={}) for n in range(30)
    )
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(CommandError) as caught:
        call_command("check_books")
    assert str(caught.value).count("evt_") == 10
