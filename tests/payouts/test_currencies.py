"""Currencies: exact in those without and with three decimals; Stripe's exchange is booked, not lost."""

from __future__ import annotations

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from buyers.models import Order
from buyers.stripe_api import client
from marketplace.money import Money, split_in
from payouts import claims, ledger, reconcile
from payouts.models import AccountKind, LedgerLine
from tests import people
from tests.payouts.stage import Simulator, package_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (500, "jpy", "¥500"),
        (-1_234_567, "kwd", "-KWD 1,234.567"),
        (5, "bhd", "BHD 0.005"),
        (250, "ugx", "UGX 250"),
    ],
)
def test_money_is_written_with_the_decimals_of_its_currency(minor: int, currency: str, said: str) -> None:
    assert str(Money(minor, currency)) == said


@given(
    total=st.integers(min_value=1, max_value=10**8).map(lambda n: n * 10),
    weights=st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=60),
)
def test_parts_of_three_decimals_can_be_sent_and_add_up(total: int, weights: list[int]) -> None:
    parts = split_in("kwd", total, [weight * 10 for weight in weights])
    assert sum(parts) == total
    assert all(part % 10 == 0 for part in parts)


@pytest.mark.parametrize(
    ("currency", "price", "share"), [("jpy", 1_001, 300), ("isk", 10_000, 3_000), ("kwd", 1_010, 300)]
)
def test_a_sale_is_exact_in_any_currency(currency: str, price: int, share: int) -> None:
    alice = people.alice()
    order = people.make_order(people.bob(), package_of((alice, 10), price_minor=price), state="paid")
    Order.objects.filter(pk=order.pk).update(currency=currency)
    order.refresh_from_db()
    ledger.post_sale(order=order)
    assert ledger.owed_to(alice) == {currency: share}


def sums(currency: str) -> dict[str, int]:
    rows = LedgerLine.objects.filter(currency=currency).order_by().values_list("account__kind")
    return dict(rows.annotate(total=Sum("amount_minor")))


def test_a_sale_in_euros_that_stripe_settles_in_dollars_and_a_dispute_at_another_rate(sim: Simulator) -> None:
    """M6: the bank takes more dollars than came in; nobody's share pays for it."""
    sim.control("rates", {"eur": 1.10})
    alice = people.alice()
    order = people.make_order(people.bob(), package_of((alice, 10)))
    Order.objects.filter(pk=order.pk).update(currency="eur")
    order.refresh_from_db()
    sim.pays(order)
    sim.deliver("checkout.session.completed")
    order.refresh_from_db()
    assert sums("eur")[AccountKind.STRIPE_BALANCE] == 0
    assert sums("usd") == {"stripe_balance": 27_500 - 831, "stripe_fees": 831, "exchange": -27_500}
    sim.control("rates", {"eur": 1.20})
    dispute = sim.control("disputes", {"charge": order.stripe_charge})
    sim.control(f"disputes/{dispute['id']}/close", {"status": "lost"})
    claims.follow(order=order)
    assert ledger.owed_to(alice) == {"eur": 0}
    assert sums("usd")["exchange"] == 30_000 - 27_500  # what the rate cost us
    assert {name: total for name, total in sums("eur").items() if total} == {}
    here, there = reconcile.whole()["usd"]
    assert here == there


def test_a_refund_in_euros_comes_out_of_dollars(sim: Simulator) -> None:
    sim.control("rates", {"eur": 1.10})
    alice = people.alice()
    order = people.make_order(people.bob(), package_of((alice, 10)))
    Order.objects.filter(pk=order.pk).update(currency="eur")
    sim.pays(Order.objects.get(pk=order.pk))
    sim.deliver("checkout.session.completed")
    order.refresh_from_db()
    client().v1.refunds.create({"charge": order.stripe_charge, "amount": 12_500})
    sim.deliver("charge.refunded")
    assert ledger.owed_to(alice) == {"eur": 3_750}
    assert sums("usd")["exchange"] == -27_500 + 13_750
