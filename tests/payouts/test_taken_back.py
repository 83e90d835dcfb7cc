"""Refunds and disputes: every share, the tax and the access follow what Stripe says, exactly and once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from buyers.models import Entitlement, Order
from buyers.stripe_api import client
from marketplace.models import User
from marketplace.states import OrderState, TransferState
from payouts import claims, earnings, ledger, transfers
from payouts.models import AccountKind, Earning, LedgerLine
from tests import people
from tests.payouts.stage import Simulator, earned, package_of, past_hold

pytestmark = pytest.mark.django_db
PAID = "checkout.session.completed"
DISPUTE = "charge.dispute."


@pytest.fixture
def ann(db: None) -> User:
    return people.alice("ann@example.org")


@pytest.fixture
def ben(db: None) -> User:
    return people.alice("ben@example.org")


@pytest.fixture
def order(sim: Simulator, ann: User, ben: User) -> Order:
    """Bob paid $250.00: Ann has $50.00 of it, Ben $25.00."""
    order = people.make_order(people.bob(), package_of((ann, 20), (ben, 10)))
    sim.pays(order)
    sim.deliver(PAID)
    order.refresh_from_db()
    mail.outbox.clear()
    return order


def refund(order: Order, amount: int) -> Any:
    return client().v1.refunds.create({"charge": order.stripe_charge, "amount": amount})


def owed(person: User) -> int:
    return ledger.owed_to(person).get("usd", 0)


def on(kind: AccountKind) -> int:
    return sum(LedgerLine.objects.filter(account__kind=kind).values_list("amount_minor", flat=True))


def state(order: Order) -> tuple[str, bool]:
    order.refresh_from_db()
    return order.state, Entitlement.objects.live().filter(line__order=order).exists()


def pay_out(sim: Simulator, *persons: User) -> None:
    sim.has_money()
    for person in persons:
        sim.account_for(person)
    transfers.due(now=past_hold(), minimum_minor=1)
    for transfer in transfers.waiting():
        transfers.send(transfer=transfer)


def test_a_full_refund_takes_everything_back_and_closes_the_downloads(
    sim: Simulator, order: Order, ann: User, ben: User
) -> None:
    assert (owed(ann), owed(ben), on(AccountKind.PLATFORM_REVENUE)) == (5_000, 2_500, -17_500)
    refund(order, 25_000)
    assert sim.deliver("refund.created") == [True]
    assert (owed(ann), owed(ben), on(AccountKind.PLATFORM_REVENUE)) == (0, 0, 0)
    assert on(AccountKind.STRIPE_BALANCE) == -755  # Stripe keeps its fee
    assert state(order) == (OrderState.REFUNDED, False)
    assert sim.deliver("charge.refunded") == [True]  # told twice, booked once
    assert owed(ann) == 0
    assert earned(ann) == [5_000, -5_000]
    row = Earning.objects.get(contributor=ann, amount_minor=-5_000)
    assert row.formula == "$250.00 of a sale of $250.00 was refunded; of your $50.00"


def test_three_partial_refunds_add_up_to_the_cent_and_keep_access_until_the_last(
    sim: Simulator, order: Order, ann: User, ben: User
) -> None:
    left = []
    for amount in (3_333, 3_334, 18_333):
        refund(order, amount)
        sim.deliver("charge.refunded")
        left.append((owed(ann), owed(ben), state(order)[1]))
    assert left == [(4_333, 2_167, True), (3_667, 1_833, True), (0, 0, False)]


def test_refunds_seen_late_and_at_once_end_where_each_in_turn_does(
    sim: Simulator, order: Order, ann: User, ben: User
) -> None:
    refund(order, 3_333)
    refund(order, 3_334)
    told = sim.events("charge.refunded")
    assert sim.take(told[1])  # the later event first
    assert (owed(ann), owed(ben)) == (3_667, 1_833)
    assert sim.take(told[0])
    assert (owed(ann), owed(ben)) == (3_667, 1_833)


def test_a_refund_before_the_transfer_is_netted_in_it(
    sim: Simulator, order: Order, ann: User, ben: User
) -> None:
    refund(order, 12_500)
    sim.deliver("charge.refunded")
    pay_out(sim, ann, ben)
    assert sorted(found.amount for found in sim.transfers()) == [1_250, 2_500]


def test_after_the_payout_the_balance_goes_below_zero_blocks_and_is_netted(
    sim: Simulator, order: Order, ann: User, ben: User
) -> None:
    pay_out(sim, ann, ben)
    sim.deliver("transfer.created")
    refund(order, 25_000)
    sim.deliver("charge.refunded")
    assert (owed(ann), owed(ben)) == (-5_000, -2_500)
    assert earnings.balances(ann)[0].available == -5_000
    second = people.make_order(
        people.bob("eve@example.org", "Eve AI"),
        package_of((ann, 10), price_minor=20_000, slug="second"),
    )
    sim.pays(second)
    sim.deliver(PAID)
    assert owed(ann) == 1_000  # $60.00 earned, $50.00 owed
    assert transfers.due(now=past_hold()) == []  # below the minimum of $25.00
    (transfer,) = transfers.due(now=past_hold(), minimum_minor=1)
    assert transfer.amount_minor == 1_000
    assert transfer.earnings.count() == 2


def test_a_transfer_that_is_made_but_not_sent_waits_when_its_sale_is_refunded(
    sim: Simulator, order: Order, ann: User
) -> None:
    sim.account_for(ann)
    (transfer,) = transfers.due(now=past_hold())
    refund(order, 25_000)
    sim.deliver("charge.refunded")
    sim.has_money()
    sent = transfers.send(transfer=transfer)
    assert sent is not None
    assert sent.state == TransferState.FAILED
    assert "below this amount" in sent.reason
    assert sim.transfers() == []


def test_a_refund_that_the_bank_sends_back_is_undone(sim: Simulator, order: Order, ann: User) -> None:
    made = refund(order, 25_000)
    sim.deliver("charge.refunded")
    sim.control(f"refunds/{made.id}/fail", {})
    assert sim.deliver("refund.failed") == [True]
    assert owed(ann) == 5_000
    assert state(order) == (OrderState.PAID, True)
    assert order.refunds.get().state == "failed"


def test_an_open_dispute_holds_money_and_shares_and_a_won_one_gives_all_back(
    sim: Simulator, order: Order, ann: User
) -> None:
    sim.account_for(ann)
    dispute = sim.control("disputes", {"charge": order.stripe_charge})
    assert sim.deliver(f"{DISPUTE}created") == [True]
    assert state(order) == (OrderState.DISPUTED, False)
    assert (owed(ann), on(AccountKind.DISPUTES)) == (5_000, 25_000)
    assert transfers.due(now=past_hold()) == []
    assert earnings.balances(ann)[0].in_question == 5_000
    sim.control(f"disputes/{dispute['id']}/close", {"status": "won"})
    assert sim.deliver(f"{DISPUTE}closed") == [True]
    assert state(order) == (OrderState.PAID, True)
    assert (owed(ann), on(AccountKind.DISPUTES)) == (5_000, 0)
    assert on(AccountKind.STRIPE_FEES) == 755 + 1_500  # the bank's fee is not given back
    assert [one.amount_minor for one in transfers.due(now=past_hold())] == [5_000]


def test_a_lost_dispute_takes_every_share_for_good(
    sim: Simulator, order: Order, ann: User, ben: User
) -> None:
    dispute = sim.control("disputes", {"charge": order.stripe_charge})
    sim.control(f"disputes/{dispute['id']}/close", {"status": "lost"})
    assert sim.deliver(f"{DISPUTE}created") == [True]  # the first that we hear is its end
    assert state(order) == (OrderState.CHARGED_BACK, False)
    assert (owed(ann), owed(ben), on(AccountKind.DISPUTES)) == (0, 0, 0)
    assert sim.deliver(f"{DISPUTE}closed") == [True]
    assert sim.deliver(f"{DISPUTE}funds_withdrawn") == [True]
    assert owed(ann) == 0


@pytest.mark.parametrize(("status", "beyond", "left"), [("lost", 2_000, 0), ("won", 0, 5_000)])
def test_a_dispute_larger_than_the_payment_costs_contributors_no_more_than_their_share(
    sim: Simulator, order: Order, ann: User, status: str, beyond: int, left: int
) -> None:
    dispute = sim.control("disputes", {"charge": order.stripe_charge, "amount": 27_000})
    sim.deliver(f"{DISPUTE}created")
    sim.control(f"disputes/{dispute['id']}/close", {"status": status})
    sim.deliver(f"{DISPUTE}closed")
    assert (owed(ann), on(AccountKind.FX)) == (left, beyond)


def test_a_dispute_lost_in_part_takes_that_part(sim: Simulator, order: Order, ann: User) -> None:
    dispute = sim.control("disputes", {"charge": order.stripe_charge, "amount": 10_000})
    sim.control(f"disputes/{dispute['id']}/close", {"status": "lost"})
    sim.deliver(f"{DISPUTE}closed")
    assert owed(ann) == 3_000
    assert state(order) == (OrderState.CHARGED_BACK, False)


def test_a_dispute_after_a_partial_refund_is_not_taken_twice(sim: Simulator, order: Order, ann: User) -> None:
    refund(order, 10_000)
    dispute = sim.control("disputes", {"charge": order.stripe_charge})  # of the rest
    sim.deliver("charge.refunded")
    sim.deliver(f"{DISPUTE}created")
    assert owed(ann) == 3_000
    with pytest.raises(Exception, match="charged back"):
        refund(order, 100)
    sim.control(f"disputes/{dispute['id']}/close", {"status": "lost"})
    sim.deliver(f"{DISPUTE}closed")
    assert (owed(ann), on(AccountKind.FX)) == (0, 0)


def test_contributors_and_buyer_are_told_in_a_sentence(
    sim: Simulator, order: Order, ann: User, django_capture_on_commit_callbacks: Any
) -> None:
    pay_out(sim, ann)
    refund(order, 25_000)
    with django_capture_on_commit_callbacks(execute=True):
        claims.follow(order=order)
    told = {letter.to[0]: letter.body for letter in mail.outbox}
    assert "$250.00 was refunded" in told["ann@example.org"]
    assert "Your share of this sale is now $0.00" in told["ann@example.org"]
    assert "Your balance is -$50.00" in told["ann@example.org"]
    assert "Your balance" not in told["ben@example.org"]
    assert "Refunded: the downloads are closed." in told["bob@example.org"]


def test_a_refund_told_before_its_sale_waits(sim: Simulator, ann: User) -> None:
    order = people.make_order(people.bob(), package_of((ann, 20)))
    sim.pays(order)
    intent: Any = (
        client()
        .v1.checkout.sessions.retrieve(order.stripe_session_id, {"expand": ["payment_intent"]})
        .payment_intent
    )
    client().v1.refunds.create({"charge": intent.latest_charge})
    assert sim.deliver("charge.refunded") == [False]
    assert sim.deliver(PAID) == [True]
    assert sim.deliver("charge.refunded") == [True]
    assert owed(ann) == 0
    assert state(order) == (OrderState.REFUNDED, False)


def test_the_second_payment_of_one_order_is_booked_as_owed_to_the_buyer_until_it_is_given_back(
    sim: Simulator, order: Order, ann: User
) -> None:
    again = sim.second_payment(order)
    sim.deliver(PAID)
    assert on(AccountKind.UNCLAIMED) == -25_000
    client().v1.refunds.create({"payment_intent": again})
    assert True in sim.deliver("charge.refunded")
    assert on(AccountKind.UNCLAIMED) == 0
    assert owed(ann) == 5_000
    assert state(order) == (OrderState.PAID, True)
