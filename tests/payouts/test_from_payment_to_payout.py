"""The whole way of the money with nothing in between left out: Stripe's page, its webhooks, our worker, the payout."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from buyers import orders
from buyers.models import Order
from marketplace.states import OrderState, TransferState
from payouts import connect, ledger, transfers
from payouts.models import ConnectAccount, StripeEvent, Transfer
from tests import people
from tests.payouts.stage import package_of, past_hold


def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def steer(base: str, path: str, body: dict[str, Any]) -> None:
    """Do on Stripe's side what a person does on its pages."""
    call = urllib.request.Request(  # noqa: S310 - our own child on loopback
        f"{base}/_sim/{path}", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(call, timeout=10).close()  # noqa: S310


@pytest.mark.django_db(transaction=True)
def test_bob_pays_at_stripe_and_alice_is_paid(live_server: Any, worker: None, stripe_simulator: str) -> None:
    alice = people.alice()
    order = people.make_order(people.bob(), package_of((alice, 10)))
    account = connect.open_account(contributor=alice)
    steer(stripe_simulator, f"accounts/{account.stripe_id}", {"onboard": True})
    order = orders.open_payment(order=order)
    steer(stripe_simulator, f"sessions/{order.stripe_session_id}/pay", {"card": "4000000000000077"})

    until(lambda: Order.objects.filter(pk=order.pk, state=OrderState.PAID).exists())
    assert ledger.owed_to(alice) == {"usd": 7_500}
    until(lambda: ConnectAccount.objects.filter(transfers_active=True).exists())
    assert str(transfers.run(now=past_hold())) == "1 new, 1 sent, 0 failed."
    until(lambda: Transfer.objects.filter(state=TransferState.SETTLED).exists())
    until(lambda: not StripeEvent.objects.filter(handled_at=None).exists())
    assert ledger.balance_sum() == {"usd": 0}
