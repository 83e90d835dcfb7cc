"""Finance staff refund an order: once, with a reason, whatever Stripe answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from buyers.models import Order
from buyers.stripe_api import client
from marketplace.states import OrderState
from payouts import ledger, refunds, tasks
from payouts.models import Refund, RefundState
from tests import people
from tests.payouts.stage import Simulator, package_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sim: Simulator, db: None) -> Order:
    return bought(sim)


def bought(sim: Simulator) -> Order:
    order = people.make_order(people.bob(), package_of((people.alice(), 10)))
    sim.pays(order)
    sim.deliver("checkout.session.completed")
    order.refresh_from_db()
    return order


def ask(order: Order, amount: int = 10_000, *, seen: int = 0, reason: str = "A clip was broken") -> Refund:
    return refunds.ask(of=order, amount_minor=amount, reason=reason, actor=None, seen_minor=seen)


def at_stripe(order: Order) -> list[int]:
    return [one.amount for one in client().v1.refunds.list({"charge": order.stripe_charge}).data]


def test_a_refund_goes_to_stripe_and_into_the_books_at_once(sim: Simulator, order: Order) -> None:
    refund = ask(order)
    assert refund.state == RefundState.DONE
    assert at_stripe(order) == [10_000]
    alice = order.lines.get().version.clips.get().footage.owner
    assert ledger.owed_to(alice) == {"usd": 4_500}  # $75.00 less 40 %
    sim.deliver("charge.refunded")
    assert Refund.objects.count() == 1
    ask(order, 15_000, seen=10_000)
    order.refresh_from_db()
    assert order.state == OrderState.REFUNDED


@pytest.mark.parametrize(
    ("amount", "seen", "reason", "said"),
    [
        (0, 0, "Why", "Between $0.01 and $250.00"),
        (25_001, 0, "Why", "Between $0.01 and $250.00"),
        (100, 5, "Why", "Somebody refunded a part"),
        (100, 0, "  ", "Say why"),
    ],
)
def test_what_cannot_be_refunded_says_why(
    sim: Simulator, order: Order, amount: int, seen: int, reason: str, said: str
) -> None:
    with pytest.raises(refunds.RefundRefused, match=said.replace("$", r"\$")):
        ask(order, amount, seen=seen, reason=reason)
    assert (at_stripe(order), Refund.objects.count()) == ([], 0)


def test_a_disputed_order_cannot_be_refunded(sim: Simulator, order: Order) -> None:
    sim.control("disputes", {"charge": order.stripe_charge})
    sim.deliver("charge.dispute.created")
    with pytest.raises(refunds.RefundRefused, match="In dispute at the bank"):
        ask(order)


@pytest.mark.parametrize("fault", [{"status": 500}, {"timeout": True}])
def test_an_answer_that_is_lost_after_the_refund_was_made_refunds_once(
    sim: Simulator, order: Order, fault: dict[str, Any]
) -> None:
    sim.control("fail", {**fault, "when": "after", "method": "POST", "path": "/v1/refunds", "count": 3})
    first = ask(order)
    assert first.state in (RefundState.ASKED, RefundState.DONE)
    Refund.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    for waiting in refunds.waiting():
        refunds.send(refund=waiting)
    assert Refund.objects.get().state == RefundState.DONE
    assert at_stripe(order) == [10_000]


def test_what_stripe_refuses_is_said_and_can_be_tried_again(sim: Simulator, order: Order) -> None:
    client().v1.refunds.create({"charge": order.stripe_charge, "amount": 20_000})  # in Stripe's dashboard
    refund = ask(order)
    assert refund.state == RefundState.REFUSED
    assert "greater than unrefunded amount" in refund.note
    sim.deliver("charge.refunded")
    assert ask(order, 5_000, seen=20_000).state == RefundState.DONE


def test_beat_asks_again_when_stripe_was_away(sim: Simulator, order: Order) -> None:
    sim.control("fail", {"status": 500, "path": "/v1/refunds", "count": 3})
    assert ask(order).state == RefundState.ASKED
    assert at_stripe(order) == []
    Refund.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    tasks.catch_up()
    assert at_stripe(order) == [10_000]
