"""Alice is onboarded, paid, and money is taken back when it must be."""

from typing import Any

import pytest
import stripe

from tests.stripe_simulator.running import Receiver, Running, until

FORM = {
    "first": "Alice",
    "last": "Driver",
    "country": "US",
    "routing": "110000000",
    "number": "000123456789",
    "agree": "yes",
}


def link(sim: Running, account: str) -> str:
    return sim.client.v2.core.account_links.create({
        "account": account,
        "use_case": {
            "type": "account_onboarding",
            "account_onboarding": {"refresh_url": "http://shop.test/again", "return_url": "http://shop.test/back"},
        },
    }).url  # fmt: skip


def transfers_status(sim: Running, account: str) -> str:
    seen = sim.client.v2.core.accounts.retrieve(account, {"include": ["configuration.recipient"]})
    assert seen.configuration
    assert seen.configuration.recipient
    assert seen.configuration.recipient.capabilities
    balance = seen.configuration.recipient.capabilities.stripe_balance
    assert balance
    assert balance.stripe_transfers
    return balance.stripe_transfers.status


def transfer(sim: Running, account: str, amount: int, **more: Any) -> stripe.Transfer:
    params: Any = {"amount": amount, "currency": "usd", "destination": account, **more}
    return sim.client.v1.transfers.create(params)


def test_onboarding_switches_transfers_on(sim: Running, receiver: Receiver) -> None:
    account = sim.contributor(onboarded=False)
    assert transfers_status(sim, account.id) == "restricted"
    assert account.requirements
    assert account.requirements.entries
    url = link(sim, account.id)
    assert "Account number or IBAN" in sim.get(url)[1]

    assert sim.post(url, FORM)[2] == "http://shop.test/back"

    assert transfers_status(sim, account.id) == "active"
    seen = sim.client.v1.accounts.retrieve(account.id)
    assert seen.payouts_enabled
    assert seen.details_submitted
    assert seen.capabilities
    assert seen.capabilities.transfers == "active"
    told = until(lambda: receiver.of("account.updated"))[0]
    assert (told["account"], told["data"]["object"]["payouts_enabled"]) == (account.id, True)


def test_a_form_with_gaps_is_shown_again_and_saving_for_later_changes_nothing(sim: Running) -> None:
    account = sim.contributor(onboarded=False)
    url = link(sim, account.id)

    page = sim.post(url, {**FORM, "routing": "12", "agree": ""})[1]

    assert "9 digits" in page
    assert "Agree to the terms" in page
    assert 'value="Alice"' in page
    assert 'href="http://shop.test/back"' in page
    assert transfers_status(sim, account.id) == "restricted"


def test_a_link_that_is_used_or_old_leads_to_the_refresh_address(sim: Running) -> None:
    account = sim.contributor(onboarded=False)
    used, old = link(sim, account.id), link(sim, account.id)
    sim.post(used, FORM)
    sim.control("clock", {"advance_s": 301})

    assert sim.get(used)[2] == "http://shop.test/again"
    assert sim.get(old)[2] == "http://shop.test/again"
    assert sim.get("/setup/accl_of_mallory")[0] == 404


def test_the_v1_api_opens_and_onboards_an_account_as_well(sim: Running) -> None:
    account = sim.client.v1.accounts.create(
        {
            "type": "express",
            "country": "FR",
            "email": "alice@example.org",
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {"contributor": "3"},
        }
    )
    assert account.capabilities
    assert account.capabilities.transfers == "inactive"
    made = sim.client.v1.account_links.create({
        "account": account.id, "type": "account_onboarding", "refresh_url": "http://shop.test/again",
        "return_url": "http://shop.test/back",
    })  # fmt: skip

    sim.post(
        made.url, {**FORM, "country": "FR", "number": "FR14 2004 1010 0505 0001 3M02 606", "routing": ""}
    )

    seen = sim.client.v1.accounts.retrieve(account.id)
    assert seen.capabilities
    assert seen.capabilities.transfers == "active"
    assert seen.metadata
    assert seen.metadata["contributor"] == "3"
    page = sim.get(sim.client.v1.accounts.login_links.create(account.id).url)[1]
    assert "Alice Driver" in page
    assert "No payout yet" in page


def test_a_transfer_moves_money_and_a_reversal_brings_it_back(sim: Running, receiver: Receiver) -> None:
    account, charge = sim.contributor(), sim.charge(10_000)

    made = transfer(sim, account.id, 3_000, source_transaction=charge.id, metadata={"row": "1"})
    back = sim.client.v1.transfers.reversals.create(made.id, {"amount": 1_000})

    seen = sim.client.v1.transfers.retrieve(made.id)
    assert (seen.amount, seen.amount_reversed, seen.reversed) == (3_000, 1_000, False)
    assert [reversal.id for reversal in seen.reversals] == [back.id]
    assert back.amount == 1_000
    assert seen.metadata
    assert seen.metadata["row"] == "1"
    theirs = sim.client.v1.balance.retrieve(None, {"stripe_account": account.id})
    assert theirs.pending[0].amount == 2_000
    # 100 less 2.9 % and 30 cents, less what Alice has.
    assert sim.client.v1.balance.retrieve().pending[0].amount == 9_680 - 2_000
    kinds = [entry.type for entry in sim.client.v1.balance_transactions.list()]
    assert kinds == ["transfer_refund", "transfer", "charge"]
    until(lambda: receiver.of("transfer.created") and receiver.of("transfer.reversed"))


def test_transfers_cannot_exceed_their_source_charge(sim: Running) -> None:
    account, charge = sim.contributor(), sim.charge(10_000)
    transfer(sim, account.id, 6_000, source_transaction=charge.id)

    with pytest.raises(stripe.InvalidRequestError, match=r"must not exceed the source amount of \$100\.00"):
        transfer(sim, account.id, 4_001, source_transaction=charge.id)

    assert transfer(sim, account.id, 4_000, source_transaction=charge.id).amount == 4_000


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"destination": "acct_nobody"}, "resource_missing"),
        ({"source_transaction": "ch_none"}, "resource_missing"),
        ({}, "balance_insufficient"),
        ({"amount": 0}, "parameter_invalid_integer"),
    ],
)
def test_a_transfer_that_cannot_be_made_is_refused(sim: Running, more: dict[str, Any], code: str) -> None:
    params: Any = {"amount": 100, "currency": "usd", "destination": sim.contributor().id, **more}

    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.client.v1.transfers.create(params)

    assert caught.value.code == code
    assert sim.client.v1.transfers.list().data == []


def test_an_account_without_the_capability_gets_nothing(sim: Running) -> None:
    account, charge = sim.contributor(), sim.charge()
    sim.control(f"accounts/{account.id}", {"disabled_reason": "rejected.fraud"})

    with pytest.raises(stripe.InvalidRequestError) as caught:
        transfer(sim, account.id, 100, source_transaction=charge.id)

    assert caught.value.code == "insufficient_capabilities_for_transfer"
    requirements = sim.client.v1.accounts.retrieve(account.id).requirements
    assert requirements
    assert requirements.disabled_reason == "rejected.fraud"


def test_money_becomes_available_and_is_paid_out_to_the_bank(sim: Running, receiver: Receiver) -> None:
    account, charge = sim.contributor(), sim.charge()
    transfer(sim, account.id, 5_000, source_transaction=charge.id)
    theirs: Any = {"stripe_account": account.id}

    sim.control("clock", {"advance_s": 6 * 86_400})

    paid = until(lambda: receiver.of("payout.paid"))[0]
    assert (paid["account"], paid["data"]["object"]["amount"]) == (account.id, 5_000)
    assert [payout.status for payout in sim.client.v1.payouts.list(None, theirs)] == ["paid"]
    assert sim.client.v1.balance.retrieve(None, theirs).available[0].amount == 0


def test_what_was_paid_out_cannot_be_reversed(sim: Running) -> None:
    account = sim.contributor()
    made = transfer(sim, account.id, 5_000, source_transaction=sim.charge(card="pm_card_bypassPending").id)
    sim.control("payouts", {"account": account.id})

    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.client.v1.transfers.reversals.create(made.id)

    assert caught.value.code == "balance_insufficient"
