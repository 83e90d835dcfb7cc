"""Lists come in pages, and everything outlives a restart."""

from pathlib import Path

import pytest
import stripe

from tests.stripe_simulator.running import Receiver, Running


def test_a_long_list_comes_in_pages_newest_first(sim: Running) -> None:
    ids = [sim.client.v1.customers.create({"name": f"Bob {n}"}).id for n in range(7)]
    listed = sim.client.v1.customers.list

    first = listed({"limit": 3})

    assert [c.id for c in first.data] == ids[:3:-1]
    assert first.has_more is True
    assert [c.id for c in first.auto_paging_iter()] == ids[::-1]
    assert [c.id for c in listed({"limit": 2, "ending_before": ids[2]}).data] == [ids[4], ids[3]]
    assert listed({"limit": 7}).has_more is False
    with pytest.raises(stripe.InvalidRequestError):
        listed({"limit": 101})


def test_lists_are_filtered_and_expanded(sim: Running) -> None:
    sim.charge(1_000, transfer_group="order_1")
    wanted = sim.charge(2_000, transfer_group="order_2")

    found = sim.client.v1.charges.list(
        {"transfer_group": "order_2", "expand": ["data.balance_transaction"]}
    ).data

    assert [charge.id for charge in found] == [wanted.id]
    entry = found[0].balance_transaction
    assert isinstance(entry, stripe.BalanceTransaction)
    assert entry.fee == 88
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sim.client.v1.charges.retrieve(wanted.id, {"expand": ["nonsense"]})


def test_accounts_of_v2_come_in_pages(sim: Running) -> None:
    ids = {sim.contributor(onboarded=False).id for _ in range(3)}

    listed = sim.client.v2.core.accounts.list({"limit": 2})

    assert len(listed.data) == 2
    assert {account.id for account in listed.auto_paging_iter()} == ids


def test_each_account_sees_only_its_own(sim: Running) -> None:
    alice = sim.contributor()
    bob = sim.client.v1.customers.create({"name": "Bob"})

    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.client.v1.customers.retrieve(bob.id, None, {"stripe_account": alice.id})
    with pytest.raises(stripe.PermissionError):
        sim.client.v1.customers.list(None, {"stripe_account": "acct_of_mallory"})

    assert caught.value.code == "resource_missing"


def test_a_restart_keeps_objects_keys_money_and_unsent_events(tmp_path: Path, receiver: Receiver) -> None:
    receiver.clear()
    before = Running(hook=receiver.url, data=tmp_path)
    before.control("delivery", {"pause": True})
    session = before.session(key="order-7")
    before.pay(session.url)
    account, charge = before.contributor(), before.charge(card="pm_card_bypassPending")
    # The most sudden end there is.
    before.process.kill()
    before.process.wait(10)

    after = Running(hook=receiver.url, data=tmp_path)
    try:
        assert after.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
        assert after.session(key="order-7").id == session.id
        made = after.client.v1.transfers.create(
            {"amount": 100, "currency": "usd", "destination": account.id, "source_transaction": charge.id}
        )
        assert made.amount == 100
        assert after.control("", method="GET")["delivery"]["pause"] is True
        after.control("deliver")
        assert [event["data"]["object"]["id"] for event in receiver.of("checkout.session.completed")] == [
            session.id
        ]
    finally:
        assert after.stop() == 0
