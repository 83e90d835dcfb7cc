"""Each night every movement at Stripe is in the books, and beat brings home what was not delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from buyers import orders
from buyers.models import Order
from buyers.stripe_api import client
from marketplace.states import OrderState
from payouts import checks, inbox, ledger, reconcile, sweeping, tasks, transfers
from payouts.models import Reconciliation, StripeEvent
from tests import people
from tests.payouts.stage import Simulator, package_of, past_hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sim: Simulator, db: None) -> Order:
    return people.make_order(people.bob(), package_of((people.alice(), 10)))


def tomorrow() -> list[Reconciliation]:
    return reconcile.recent(today=timezone.now().date() + timedelta(days=1))


def test_a_day_with_everything_in_it_has_no_difference(sim: Simulator, order: Order) -> None:
    sim.has_money()
    sim.pays(order)
    sim.deliver("checkout.session.completed")
    order.refresh_from_db()
    made = client().v1.refunds.create({"charge": order.stripe_charge, "amount": 5_000})
    sim.control(f"refunds/{made.id}/fail", {})
    dispute = sim.control("disputes", {"charge": order.stripe_charge, "amount": 26_000})
    sim.control(f"disputes/{dispute['id']}/close", {"status": "won"})
    again = sim.second_payment(order)
    sim.deliver("checkout.session.completed")
    client().v1.refunds.create({"payment_intent": again})
    for kind in ("charge.refunded", "charge.dispute.closed", "refund.failed"):
        sim.deliver(kind)
    alice = order.lines.get().version.clips.get().footage.owner
    sim.account_for(alice)
    transfers.run(now=past_hold())
    sent = sim.transfers()[0]
    client().v1.transfers.reversals.create(sent.id, {"amount": 500})
    sim.deliver("transfer.reversed")
    (row,) = tomorrow()
    assert (row.difference_minor, row.missing) == (0, [])
    assert row.movements == 10
    assert row.stripe_minor == row.ours_minor
    here, there = reconcile.whole()["usd"]
    assert here == there


def test_a_movement_that_the_books_miss_is_named_until_it_is_booked(sim: Simulator, order: Order) -> None:
    sim.pays(order)
    (row,) = tomorrow()
    assert (row.stripe_minor, row.ours_minor, row.difference_minor) == (24_245, 0, 24_245)
    assert row.missing[0].startswith("txn_")
    assert [rule.name for rule, _ in checks.broken()] == ["I9b"]
    sim.deliver("checkout.session.completed")
    assert tasks.reconcile_recent() == 0  # today is not over
    (row,) = tomorrow()
    assert row.difference_minor == 0
    assert Reconciliation.objects.count() == 1


def test_a_fee_that_no_event_told_in_time_is_booked_at_night(sim: Simulator, order: Order) -> None:
    order = sim.pays(order)
    session: Any = client().v1.checkout.sessions.retrieve(
        order.stripe_session_id, {"expand": ["payment_intent"]}
    )
    intent = session.payment_intent
    orders.mark_paid(
        order=order,
        payment_intent=intent.id,
        charge=intent.latest_charge,
        amount_minor=25_000,
        currency="usd",
    )
    ledger.post_sale(order=order)  # as when the charge has no movement yet
    (row,) = tomorrow()
    assert (row.difference_minor, row.ours_minor) == (0, 24_245)


def test_events_that_were_never_delivered_are_fetched(sim: Simulator, order: Order) -> None:
    sim.pays(order)
    assert sweeping.catch_up() >= 1
    assert sweeping.catch_up() == 0
    for row in StripeEvent.objects.all():
        inbox.handle(pk=row.pk)
    order.refresh_from_db()
    assert order.state == OrderState.PAID


def test_orders_that_nobody_paid_are_closed_and_paid_ones_found(sim: Simulator, order: Order) -> None:
    lost = order  # never got a payment page
    paid = people.make_order(
        people.bob("eve@example.org", "Eve AI"), package_of((people.alice("e@e.org"), 1), slug="x")
    )
    open_still = people.make_order(
        people.bob("ida@example.org", "Ida AI"), package_of((people.alice("i@e.org"), 1), slug="y")
    )
    sim.pays(paid)
    orders.open_payment(order=open_still)
    assert sweeping.close_unpaid() == 0
    assert sweeping.close_unpaid(now=timezone.now() + timedelta(hours=25)) == 2
    for row, state in ((lost, "expired"), (paid, "paid"), (open_still, "pending")):
        row.refresh_from_db()
        assert row.state == state
