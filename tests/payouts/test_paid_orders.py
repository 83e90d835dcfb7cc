"""Stripe's word makes an order paid and books it, in one go, whatever comes when and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from buyers import orders
from buyers.models import Entitlement, Order
from buyers.stripe_api import client
from marketplace.states import OrderState
from payouts import inbox, ledger, tasks
from payouts.models import AccountKind, Earning, LedgerLine, LedgerTransaction, StripeEvent
from tests import people
from tests.payouts.stage import Simulator, earned, event, package_of, signed

pytestmark = pytest.mark.django_db
PAID = "checkout.session.completed"


@pytest.fixture
def order(db: None) -> Order:
    return people.make_order(people.bob(), package_of((people.alice(), 10)))


def note() -> str:
    return StripeEvent.objects.latest("received_at").note


def test_a_paid_session_makes_the_order_paid_and_books_it(sim: Simulator, order: Order) -> None:
    sim.pays(order)
    assert sim.deliver(PAID) == [True]
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert order.stripe_payment_intent.startswith("pi_")
    assert order.stripe_charge.startswith("ch_")
    assert Entitlement.objects.count() == 1
    assert earned(order.lines.get().version.clips.get().footage.owner) == [7_500]
    fees = LedgerLine.objects.get(account__kind=AccountKind.STRIPE_FEES)
    assert fees.amount_minor == 755  # 2.9 % and 30 cents of $250.00
    assert StripeEvent.objects.get().handled_at is not None


def test_the_same_payment_told_twice_is_booked_once(sim: Simulator, order: Order) -> None:
    sim.pays(order)
    assert sim.deliver(PAID) == [True]
    assert sim.deliver(PAID) == [False]
    told = sim.events(PAID)[0]
    assert sim.take({**told, "id": "evt_other", "type": "checkout.session.async_payment_succeeded"})
    assert note() == "The order was paid already."
    assert LedgerTransaction.objects.filter(kind="sale").count() == 1


def test_the_payload_is_not_trusted(sim: Simulator, order: Order) -> None:
    order = orders.open_payment(order=order)
    session = client().v1.checkout.sessions.retrieve(order.stripe_session_id).to_dict()
    lie = {**session, "payment_status": "paid", "status": "complete"}
    assert sim.take(event(PAID, lie))
    assert note() == "The session is unpaid: the order waits."
    order.refresh_from_db()
    assert order.state == OrderState.PENDING


@pytest.mark.parametrize("change", [{"total_minor": 24_999}, {"currency": "eur"}])
def test_another_amount_or_currency_is_not_a_payment(
    sim: Simulator, order: Order, change: dict[str, Any]
) -> None:
    sim.pays(order)
    Order.objects.filter(pk=order.pk).update(**change)
    assert sim.deliver(PAID) == [True]
    assert note().startswith("NOT PAID: $250.00 was paid for")
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    # What was paid is not lost: it is owed to the buyer until it is given back.
    assert {booked.kind for booked in LedgerTransaction.objects.all()} == {"unclaimed"}
    kept = LedgerLine.objects.get(account__kind=AccountKind.UNCLAIMED)
    assert (kept.amount_minor, kept.currency) == (-25_000, "usd")


def test_an_order_that_is_paid_twice_is_told_to_the_desk(sim: Simulator, order: Order) -> None:
    first = sim.pays(order)
    second = client().v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 25_000,
                        "product_data": {"name": "Again"},
                    },
                    "quantity": 1,
                }
            ],
            "success_url": "http://shop.test/",
            "metadata": {"order": str(order.pk)},
        }
    )
    sim.control(f"sessions/{second.id}/pay", {})
    assert sim.deliver(PAID) == [True, True]
    intent = client().v1.checkout.sessions.retrieve(second.id).payment_intent
    assert (
        StripeEvent.objects.get(payload__data__object__id=second.id).note == f"PAID TWICE: refund {intent}."
    )
    assert LedgerTransaction.objects.filter(kind="sale").count() == 1
    assert first.stripe_session_id != second.id


def test_of_two_payments_the_one_on_the_orders_own_page_counts_in_any_order(
    sim: Simulator, order: Order
) -> None:
    sim.pays(order)
    again = sim.second_payment(order)
    told = sim.events(PAID)
    for found in reversed(told):
        assert sim.take(found)
    order.refresh_from_db()
    assert (order.state, order.stripe_payment_intent != again) == (OrderState.PAID, True)
    kinds = sorted(LedgerTransaction.objects.values_list("kind", flat=True))
    assert kinds == ["sale", "stripe_fee", "unclaimed"]


@pytest.mark.parametrize("metadata", [{}, {"order": "7"}, {"order": ""}])
def test_a_session_of_another_site_on_our_account_is_left_alone(
    sim: Simulator, metadata: dict[str, str]
) -> None:
    session = client().v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "A mug"}},
                    "quantity": 1,
                }
            ],
            "success_url": "http://mugs.test/",
            "metadata": metadata,
        }
    )
    sim.control(f"sessions/{session.id}/pay", {})
    assert sim.deliver(PAID) == [True]
    assert note() == "Not an order of ours."


def test_an_event_before_its_order_waits_and_is_tried_again(sim: Simulator, order: Order) -> None:
    sim.pays(order)
    order.refresh_from_db()
    line = order.lines.get()
    line.delete(keep_parents=True)
    Order.objects.filter(pk=order.pk).delete()  # not committed yet, as far as the inbox can see
    assert sim.deliver(PAID) == [False]
    waits = StripeEvent.objects.get()
    assert (waits.handled_at, waits.attempts) == (None, 1)
    assert waits.note == "The order of this session is not here yet."
    assert tasks.drain_inbox() == 0  # not its turn yet
    order.save(force_insert=True)
    line.pk = None
    line.save(force_insert=True)
    StripeEvent.objects.update(try_at=timezone.now())
    assert tasks.drain_inbox() == 1
    order.refresh_from_db()
    assert order.state == OrderState.PAID


def test_waiting_grows_longer_and_ends_after_three_days(sim: Simulator) -> None:
    stranger = {"id": "cs_unknown"}
    assert not sim.take(event(PAID, stranger))  # Stripe knows no such session
    waits = []
    for _ in range(9):
        row = StripeEvent.objects.get()
        waits.append(round((row.try_at - timezone.now()).total_seconds()))
        inbox.handle(pk=row.pk)
    assert waits[:4] == [30, 60, 120, 240]
    assert waits[-1] == 3_600
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(days=3, minutes=1))
    assert not inbox.handle(pk=StripeEvent.objects.get().pk)
    row = StripeEvent.objects.get()
    assert row.handled_at is not None
    assert row.note.startswith("GIVEN UP after 3 days: ")


def test_one_event_that_we_cannot_handle_does_not_hold_up_the_others(sim: Simulator, order: Order) -> None:
    body, signature = signed(event("transfer.created", {"id": 5}) | {"data": "nonsense"})
    inbox.receive(payload=body.encode(), signature=signature)
    sim.pays(order)
    body, signature = signed(sim.events(PAID)[0])
    inbox.receive(payload=body.encode(), signature=signature)
    StripeEvent.objects.update(try_at=timezone.now())
    assert tasks.drain_inbox() == 1
    bad = StripeEvent.objects.get(kind="transfer.created")
    assert (bad.handled_at, bad.attempts) == (None, 1)
    assert bad.note.startswith("Our own fault")


def test_with_stripe_down_the_event_waits(sim: Simulator, order: Order) -> None:
    sim.pays(order)
    sim.control("fail", {"status": 500, "path": "/v1/checkout/sessions", "method": "GET", "count": 3})
    assert sim.deliver(PAID) == [False]
    assert sim.deliver(PAID) == [True]
    order.refresh_from_db()
    assert order.state == OrderState.PAID


def test_a_session_that_ran_out_closes_the_order_but_never_a_paid_one(sim: Simulator, order: Order) -> None:
    order = orders.open_payment(order=order)
    sim.control("clock", {"advance_s": 2 * 3600})
    told = event("checkout.session.expired", {"id": order.stripe_session_id})
    assert sim.take(told)
    order.refresh_from_db()
    assert order.state == OrderState.EXPIRED
    other = people.make_order(
        people.bob("eve@example.org", "Eve AI"), package_of((people.alice("e@e.org"), 1), slug="x")
    )
    paid = sim.pays(other)
    sim.deliver(PAID)
    sim.take(event("checkout.session.expired", {"id": paid.stripe_session_id}))
    other.refresh_from_db()
    assert other.state == OrderState.PAID


def test_a_fee_that_stripe_tells_later_is_booked_then(sim: Simulator, order: Order) -> None:
    order = sim.pays(order)
    session = client().v1.checkout.sessions.retrieve(order.stripe_session_id, {"expand": ["payment_intent"]})
    intent: Any = session.payment_intent
    paid = {"payment_intent": intent.id, "charge": intent.latest_charge}
    orders.mark_paid(order=order, amount_minor=25_000, currency="usd", **paid)
    ledger.post_sale(order=order)  # as when the charge has no balance transaction in its first seconds
    told = event("charge.updated", {"id": intent.latest_charge})
    assert sim.take(told)
    assert note() == "Stripe's fee is booked."
    assert sim.take({**told, "id": "evt_again"})
    assert note() == "Nothing new."
    assert LedgerLine.objects.get(account__kind=AccountKind.STRIPE_FEES).amount_minor == 755


def test_kinds_we_do_not_know_are_noted(sim: Simulator) -> None:
    assert sim.take(event("customer.created", {"id": "cus_1"}))
    assert note() == "Nothing to do for this kind."
    assert sim.take(event(PAID, {"id": "cs_1"}, account="acct_1"))
    assert note() == "Of a connected account: theirs, not ours."


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_one_event_pay_and_book_once(sim: Simulator) -> None:
    order = people.make_order(people.bob(), package_of((people.alice(), 10)))
    sim.pays(order)
    told = sim.events(PAID)[0]
    # Stripe may tell one thing by two events; written here, so that no worker of another test hears of them.
    rows = [
        StripeEvent.objects.create(stripe_id=f"{told['id']}_{number}", kind=PAID, payload=told).pk
        for number in range(2)
    ]

    def work(pk: int) -> bool:
        try:
            return inbox.handle(pk=pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, rows * 2)) == [False, False, True, True]
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert LedgerTransaction.objects.filter(kind="sale").count() == 1
    assert Earning.objects.count() == 1
    assert len([letter for letter in mail.outbox if "is paid" in letter.subject]) == 1
