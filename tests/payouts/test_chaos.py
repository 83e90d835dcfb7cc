"""With a network that fails, loses answers, drops, doubles and delays, money ends where it should."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.utils import timezone

from buyers import orders
from buyers.models import Order
from marketplace.states import OrderState, TransferState
from payouts import inbox, reconcile, refunds, sweeping, transfers
from payouts.models import Refund, RefundState, StripeEvent, Transfer
from tests import people
from tests.payouts.backup import Backup, figures
from tests.payouts.stage import Simulator, package_of, past_hold

pytestmark = pytest.mark.django_db(transaction=True)
WILD = {"seed": 5, "fail": 0.15, "lose": 0.15, "drop": 0.4, "double": 0.5, "delay_s": 0.5}


def beat(rounds: int = 1) -> None:
    """Do what beat does, as often as this; Stripe may be away each time."""
    for _ in range(rounds):
        with suppress(stripe.StripeError):
            sweeping.catch_up()
        StripeEvent.objects.filter(handled_at=None).update(try_at=timezone.now())
        for pk in inbox.waiting():
            inbox.handle(pk=pk)
        for refund in Refund.objects.filter(state=RefundState.ASKED):
            refunds.send(refund=refund)
        for transfer in transfers.waiting():
            transfers.send(transfer=transfer)


def test_after_the_chaos_everything_is_paid_once_and_stripes_list_is_the_books(
    live_server: Any, sim: Simulator
) -> None:
    alice, bob = people.alice(), people.bob()
    sim.has_money()
    sim.account_for(alice)
    placed = [
        people.make_order(bob, package_of((alice, 10), slug=f"package-{number}")) for number in range(5)
    ]
    sim.control("delivery", {"pause": False})
    sim.control("chaos", WILD)
    for order in placed:
        for _ in range(20):
            with suppress(orders.StripeAway):
                orders.open_payment(order=order)
                break
        order.refresh_from_db()
        sim.control(f"sessions/{order.stripe_session_id}/pay", {})
    beat(4)
    first: Order = placed[0]
    first.refresh_from_db()
    if first.state == OrderState.PAID:
        refunds.ask(of=first, amount_minor=10_000, reason="Half of it", actor=None, seen_minor=0)
    for charge in Order.objects.filter(pk=placed[1].pk, state=OrderState.PAID).values_list(
        "stripe_charge", flat=True
    ):
        sim.control("disputes", {"charge": charge})
    transfers.run(now=past_hold())
    beat(4)
    sim.control("chaos", {})
    time.sleep(1)  # the last delayed deliveries
    beat(2)
    assert not StripeEvent.objects.filter(handled_at=None).exists()
    states = [Order.objects.get(pk=order.pk).state for order in placed]
    assert states == ["paid", "disputed", "paid", "paid", "paid"]
    assert [one.state for one in Refund.objects.all()] == [RefundState.DONE]
    sent = {row.stripe_id: row.amount_minor for row in Transfer.objects.all()}
    assert {found.id: found.amount for found in sim.transfers()} == sent
    assert set(Transfer.objects.values_list("state", flat=True)) == {TransferState.SETTLED}
    reconcile.one_day(day=timezone.now().date())
    here, there = reconcile.whole()["usd"]
    assert here == there
    dropped = [one for one in sim.control("deliveries")["data"] if one["state"] == "dropped"]
    assert dropped


def test_last_nights_backup_and_stripes_events_since_are_everything(sim: Simulator, tmp_path: Path) -> None:
    """M15: orders paid, refunded and sent after the backup come back from Stripe, with no difference."""
    alice, bob = people.alice(), people.bob()
    sim.has_money()
    sim.account_for(alice)
    paid = people.make_order(bob, package_of((alice, 10)))
    sim.pays(paid)
    sim.deliver("checkout.session.completed")
    open_still = orders.open_payment(order=people.make_order(bob, package_of((alice, 10), slug="other")))
    transfers.due(now=past_hold())
    backup = Backup.take(tmp_path)
    transfers.run(now=past_hold())
    sim.control(f"sessions/{open_still.stripe_session_id}/pay", {})
    beat()
    paid.refresh_from_db()
    refunds.ask(of=paid, amount_minor=5_000, reason="One clip", actor=None, seen_minor=0)
    beat()
    after = figures()
    backup.restore()
    assert Transfer.objects.get().state == TransferState.DUE
    assert Order.objects.get(pk=open_still.pk).state == OrderState.PENDING
    sweeping.catch_up(since=backup.at)
    beat(2)
    assert figures() == after
    reconcile.one_day(day=timezone.now().date())
    here, there = reconcile.whole()["usd"]
    assert here == there
