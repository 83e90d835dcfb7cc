"""Refunds and disputes take the money back out."""

import pytest
import stripe

from tests.stripe_simulator.running import Receiver, Running, until


def test_refunds_in_parts_until_nothing_is_left(sim: Running, receiver: Receiver) -> None:
    charge = sim.charge(10_000)
    refunds = sim.client.v1.refunds

    refunds.create({"charge": charge.id, "amount": 4_000, "reason": "requested_by_customer"})
    with pytest.raises(
        stripe.InvalidRequestError, match=r"\$60\.01.*greater than unrefunded amount.*\$60\.00"
    ):
        refunds.create({"charge": charge.id, "amount": 6_001})
    refunds.create({"payment_intent": charge.payment_intent})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refunds.create({"charge": charge.id, "amount": 1})

    assert caught.value.code == "charge_already_refunded"
    seen = sim.client.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (seen.refunded, seen.amount_refunded) == (True, 10_000)
    assert seen.refunds
    assert [refund.amount for refund in seen.refunds] == [6_000, 4_000]
    # Stripe keeps its fee of 3.20.
    sums = sim.client.v1.balance.retrieve()
    assert sums.available[0].amount + sums.pending[0].amount == -320
    until(lambda: len(receiver.of("charge.refunded")) == 2 and len(receiver.of("refund.created")) == 2)


@pytest.mark.parametrize(("verdict", "left"), [("won", 9_680 - 1_500), ("lost", 9_680 - 1_500 - 10_000)])
def test_a_dispute_takes_the_money_and_winning_brings_it_back(
    sim: Running, receiver: Receiver, verdict: str, left: int
) -> None:
    charge = sim.charge(10_000)
    opened = sim.control("disputes", {"charge": charge.id, "reason": "product_not_received"})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sim.client.v1.refunds.create({"charge": charge.id})
    assert caught.value.code == "charge_disputed"

    sim.control(f"disputes/{opened['id']}/close", {"status": verdict})

    dispute = sim.client.v1.disputes.retrieve(opened["id"])
    assert (dispute.status, dispute.amount, dispute.charge) == (verdict, 10_000, charge.id)
    sums = sim.client.v1.balance.retrieve()
    assert sums.available[0].amount + sums.pending[0].amount == left
    closed = until(lambda: receiver.of("charge.dispute.closed"))[0]
    assert closed["data"]["object"]["status"] == verdict
    assert receiver.of("charge.dispute.created")


def test_evidence_goes_to_the_bank_and_the_test_words_decide(sim: Running) -> None:
    charge = sim.charge(card="pm_card_createDispute")
    dispute = sim.client.v1.disputes.list({"charge": charge.id}).data[0]
    assert dispute.status == "needs_response"

    sent = sim.client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})

    assert sent.status == "won"
    assert sent.evidence_details.submission_count == 1


def test_a_dispute_may_exceed_the_payment(sim: Running) -> None:
    charge = sim.charge(10_000)

    opened = sim.control("disputes", {"charge": charge.id, "amount": 10_250})

    assert opened["amount"] == 10_250
    assert opened["balance_transactions"][0]["net"] == -11_750
