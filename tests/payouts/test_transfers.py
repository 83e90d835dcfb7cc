"""What is past its hold reaches the contributor once, whatever is lost on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from buyers.stripe_api import client
from marketplace.models import User
from marketplace.states import TransferState
from payouts import earnings, ledger, sending, tasks, transfers
from payouts.models import AccountKind, ConnectAccount, Earning, LedgerTransaction, TransactionKind, Transfer
from tests import people
from tests.payouts.stage import Simulator, event, package_of, past_hold, sold

pytestmark = pytest.mark.django_db
LOST = {"when": "after", "timeout": True, "method": "POST", "path": "/v1/transfers"}


@pytest.fixture
def alice(sim: Simulator) -> User:
    """Alice has earned $75.00 and can be paid; Stripe has money of ours."""
    alice = people.alice()
    sold(package_of((alice, 10)))
    sim.account_for(alice)
    sim.has_money()
    return alice


def state(transfer: Transfer) -> str:
    transfer.refresh_from_db()
    return transfer.state


def test_after_the_hold_what_she_earned_is_sent_and_booked(sim: Simulator, alice: User) -> None:
    assert str(transfers.run(now=timezone.now())) == "0 new, 0 sent, 0 failed."
    outcome = transfers.run(now=past_hold(), actor=alice)
    assert (outcome.made, outcome.sent, outcome.failed) == (1, 1, 0)
    row = Transfer.objects.get()
    there = sim.transfers()
    assert [(one.id, one.amount, one.metadata["transfer"]) for one in there] == [
        (row.stripe_id, 7_500, str(row.pk))
    ]
    assert (row.state, row.amount_minor) == (TransferState.SENT, 7_500)
    assert ledger.owed_to(alice) == {"usd": 0}
    assert [earning.transfer for earning in Earning.objects.all()] == [row]
    assert str(transfers.run(now=past_hold())) == "0 new, 0 sent, 0 failed."


def test_below_the_minimum_it_waits_for_more(sim: Simulator, alice: User) -> None:
    assert transfers.due(now=past_hold(), minimum_minor=7_501) == []
    assert [one.amount_minor for one in transfers.due(now=past_hold(), minimum_minor=7_500)] == [7_500]


def test_the_minimum_of_the_settings_is_25_dollars(sim: Simulator) -> None:
    ann = people.alice("ann@example.org")
    sim.account_for(ann)
    sold(package_of((ann, 10), price_minor=8_330))
    assert transfers.due(now=past_hold()) == []  # $24.99
    people.make_clip(people.make_footage(ann), seconds=1.0, quality="0")
    ledger.post_minute_fee(clip=ann.footage.latest("created_at").clips.get())  # one cent more
    assert [one.amount_minor for one in transfers.due(now=past_hold())] == [2_500]


@pytest.mark.parametrize("lacking", ["account", "onboarding", "open account"])
def test_without_an_account_that_can_take_it_it_stays_available(sim: Simulator, lacking: str) -> None:
    alice = people.alice()
    sold(package_of((alice, 10)))
    if lacking != "account":
        sim.account_for(alice, onboarded=lacking != "onboarding")
    if lacking == "open account":
        User.objects.filter(pk=alice.pk).update(is_active=False)
    assert transfers.due(now=past_hold()) == []
    assert Earning.objects.get().transfer is None


def test_a_lost_answer_does_not_pay_twice(sim: Simulator, alice: User) -> None:
    sim.control("fail", LOST)
    transfers.run(now=past_hold())
    assert len(sim.transfers()) == 1
    assert state(Transfer.objects.get()) == TransferState.SENT
    assert LedgerTransaction.objects.filter(kind="transfer").count() == 1


def test_a_worker_that_died_after_stripes_answer_does_not_pay_twice_even_days_later(
    sim: Simulator, alice: User
) -> None:
    [row] = transfers.due(now=past_hold())
    destination = ConnectAccount.objects.get().stripe_id
    client().v1.transfers.create(
        {
            "amount": 7_500,
            "currency": "usd",
            "destination": destination,
            "transfer_group": f"payout_{row.pk}",
            "metadata": {"transfer": str(row.pk)},
        },
        {"idempotency_key": str(row.pk)},
    )
    sim.control("clock", {"advance_s": 2 * 86_400})  # Stripe has forgotten the key
    transfers.run(now=past_hold())
    assert state(row) == TransferState.SENT
    assert [one.id for one in sim.transfers()] == [row.stripe_id]


def test_while_stripe_is_down_it_fails_with_a_sentence_and_is_sent_the_next_day(
    sim: Simulator, alice: User
) -> None:
    sim.control("fail", {"status": 500, "path": "/v1/transfers", "count": 3})
    assert str(transfers.run(now=past_hold())) == "1 new, 0 sent, 1 failed."
    row = Transfer.objects.get()
    assert (row.state, row.attempts) == (TransferState.FAILED, 0)
    assert row.reason == "Stripe did not answer. Nothing is lost: we ask again every day."
    assert ledger.owed_to(alice) == {"usd": 7_500}
    assert str(transfers.run(now=past_hold())) == "0 new, 1 sent, 0 failed."
    assert (state(row), row.reason) == (TransferState.SENT, "")


def test_a_refusal_is_said_in_words_and_tried_again_under_a_new_key(sim: Simulator) -> None:
    alice = people.alice()
    sold(package_of((alice, 10)))
    sim.account_for(alice)
    for attempt in (1, 2):
        transfers.run(now=past_hold())
        row = Transfer.objects.get()
        assert (row.state, row.attempts) == (TransferState.FAILED, attempt)
        assert row.reason == "The buyers' payments have not reached us yet. We try again every day."
    sim.has_money()
    transfers.run(now=past_hold())
    assert state(row) == TransferState.SENT
    assert len(sim.transfers()) == 1


def test_an_account_that_stripe_restricts_meanwhile_is_told_what_to_do(sim: Simulator, alice: User) -> None:
    [row] = transfers.due(now=past_hold())
    sim.control(
        f"accounts/{ConnectAccount.objects.get().stripe_id}", {"disabled_reason": "requirements.past_due"}
    )
    sim.deliver("account.updated")
    assert not ConnectAccount.objects.get().transfers_active
    transfers.send(transfer=row)
    assert state(row) == TransferState.FAILED
    assert "Finish its set-up" in row.reason
    sim.control(f"accounts/{ConnectAccount.objects.get().stripe_id}", {"disabled_reason": None})
    sim.deliver("account.updated")
    transfers.send(transfer=row)
    assert state(row) == TransferState.SENT


def test_a_negative_balance_blocks_the_next_transfer(sim: Simulator, alice: User) -> None:
    [row] = transfers.due(now=past_hold())
    owed = ledger.account(AccountKind.CONTRIBUTOR, currency="usd", contributor=alice)
    revenue = ledger.account(AccountKind.PLATFORM_REVENUE, currency="usd")
    lines = [(owed, 5_000), (revenue, -5_000)]
    ledger.post(TransactionKind.CORRECTION, reference="refund:1", lines=lines, memo="A sale was refunded")
    transfers.send(transfer=row)
    assert state(row) == TransferState.FAILED
    assert row.reason.startswith("A sale was taken back")
    clip = people.make_clip(people.make_footage(alice), seconds=15 * 60, quality="1")
    ledger.post_minute_fee(clip=clip)
    # $30.00 more: 75 + 30 - 50 is less than 75 that is promised and 30 that is new
    assert transfers.due(now=past_hold()) == []
    transfers.send(transfer=row)
    assert state(row) == TransferState.FAILED
    assert sim.transfers() == []
    [balance] = earnings.balances(alice)
    assert (balance.pending + balance.available, balance.in_question) == (10_500, -5_000)


def test_stripes_events_settle_it_and_take_it_back(sim: Simulator, alice: User) -> None:
    transfers.run(now=past_hold())
    row = Transfer.objects.get()
    assert sim.deliver("transfer.created") == [True]
    assert state(row) == TransferState.SETTLED
    client().v1.transfers.reversals.create(row.stripe_id, {"amount": 1_000})
    sim.deliver("transfer.reversed")
    assert state(row) == TransferState.SETTLED
    assert ledger.owed_to(alice) == {"usd": 1_000}
    [balance] = earnings.balances(alice)
    assert (balance.paid, balance.in_question) == (6_500, 1_000)
    client().v1.transfers.reversals.create(row.stripe_id)
    sim.deliver("transfer.reversed")
    assert state(row) == TransferState.REVERSED
    assert ledger.owed_to(alice) == {"usd": 7_500}
    [balance] = earnings.balances(alice)
    assert (balance.pending, balance.available, balance.paid, balance.in_question) == (0, 0, 0, 7_500)
    assert str(transfers.run(now=past_hold())) == "0 new, 0 sent, 0 failed."


def test_stripes_event_brings_a_lost_transfer_home(sim: Simulator, alice: User) -> None:
    [row] = transfers.due(now=past_hold())
    destination = ConnectAccount.objects.get().stripe_id
    client().v1.transfers.create(
        {
            "amount": 7_500,
            "currency": "usd",
            "destination": destination,
            "metadata": {"transfer": str(row.pk)},
        }
    )
    sim.deliver("transfer.created")
    assert state(row) == TransferState.SETTLED
    assert ledger.owed_to(alice) == {"usd": 0}
    assert transfers.send(transfer=row) is None
    assert len(sim.transfers()) == 1


def test_a_transfer_of_another_amount_is_not_taken_for_ours(sim: Simulator, alice: User) -> None:
    [row] = transfers.due(now=past_hold())
    destination = ConnectAccount.objects.get().stripe_id
    client().v1.transfers.create(
        {"amount": 1, "currency": "usd", "destination": destination, "metadata": {"transfer": str(row.pk)}}
    )
    sim.deliver("transfer.created")
    assert state(row) == TransferState.DUE


def test_transfers_that_somebody_made_by_hand_are_left_alone(sim: Simulator, alice: User) -> None:
    made = client().v1.transfers.create(
        {"amount": 100, "currency": "usd", "destination": ConnectAccount.objects.get().stripe_id}
    )
    assert sim.deliver("transfer.created") == [True]
    assert sim.take(event("transfer.reversed", {"id": made.id}))
    assert not LedgerTransaction.objects.filter(kind__in=["transfer", "reversal"]).exists()


def test_many_transfers_leave_the_desk_waiting_for_25_only(sim: Simulator) -> None:
    alice = people.alice()
    Transfer.objects.bulk_create(
        Transfer(contributor=alice, amount_minor=1, currency="usd") for _ in range(transfers.SENT_AT_ONCE + 2)
    )
    outcome = transfers.run(now=timezone.now())
    assert (outcome.failed, outcome.queued) == (transfers.SENT_AT_ONCE, 2)
    assert str(outcome) == "0 new, 0 sent, 25 failed, 2 on their way."
    Transfer.objects.all().delete()


def test_beat_gathers_monthly_and_sends_daily(sim: Simulator, alice: User) -> None:
    Earning.objects.update(available_on=timezone.now() - timedelta(minutes=1))
    assert tasks.run_payouts() == 1
    assert tasks.send_waiting() == 1
    tasks.send_transfer(str(Transfer.objects.get().pk))
    assert state(Transfer.objects.get()) == TransferState.SENT
    assert tasks.send_waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_four_runs_at_once_make_one_transfer(sim: Simulator, alice: User) -> None:
    when = past_hold()

    def work(_: int) -> transfers.Outcome:
        try:
            return transfers.run(now=when)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(work, range(4)))
    assert sum(outcome.made for outcome in outcomes) == 1
    assert sum(outcome.sent for outcome in outcomes) == 1
    assert sum(outcome.failed for outcome in outcomes) == 0
    assert [one.amount for one in sim.transfers()] == [7_500]
    assert LedgerTransaction.objects.filter(kind="transfer").count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_senders_of_one_transfer_send_it_once(sim: Simulator, alice: User) -> None:
    [row] = transfers.due(now=past_hold())
    sim.control("fail", LOST)

    def work(_: int) -> Transfer | None:
        try:
            return sending.send(transfer=row)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [found for found in pool.map(work, range(4)) if found is not None]
    assert [found.state for found in done] == [TransferState.SENT]
    assert len(sim.transfers()) == 1
