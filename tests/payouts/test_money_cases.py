"""The cases M1–M15 of the reliability design, where each is proved, and those that stand nowhere else.

`CASES` names the tests of each; `test_every_case_names_tests_that_exist` looks them up.
M1 forged events · M2 other mode, other site · M3 early, and webhook against return page · M4 other amount ·
M5 refunds · M6 disputes · M7 refused transfers · M8 lost answers · M9 onboarding · M10 currencies ·
M11 splits · M12 withdrawals · M13 two at once · M14 statements and tax · M15 backup.
"""

from __future__ import annotations

import random
from fractions import Fraction
from importlib import import_module
from typing import Any

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from buyers.models import Order
from buyers.stripe_api import client
from marketplace.models import Clip
from marketplace.money import split
from marketplace.states import ClipState, OrderState, TransferState
from payouts import checks, claims, inbox, ledger, stripe_events, transfers
from payouts.models import AccountKind, Earning, LedgerLine, LedgerTransaction, StripeEvent, Transfer
from tests import people
from tests.buyers.checkout import signed_in
from tests.payouts.stage import Simulator, event, package_of, past_hold, post, signed, sold

pytestmark = pytest.mark.django_db
PAID = "checkout.session.completed"
CASES: dict[str, list[str]] = {
    "M1": [
        "test_webhook.test_anything_else_is_refused_and_changes_nothing",
        "test_webhook.test_without_a_secret_the_address_is_closed",
    ],
    "M2": [
        "test_webhook.test_live_events_need_live_keys",
        "test_paid_orders.test_a_session_of_another_site_on_our_account_is_left_alone",
        "test_paying.test_an_invoice_of_another_site_on_the_same_stripe_account_is_ignored",
    ],
    "M3": [
        "test_paid_orders.test_an_event_before_its_order_waits_and_is_tried_again",
        "test_races.test_the_webhook_and_the_buyers_return_pay_one_order_once",
    ],
    "M4": [
        "test_paid_orders.test_another_amount_or_currency_is_not_a_payment",
        "test_money_cases.test_m4_a_payment_of_another_amount_is_given_back_and_the_books_follow",
    ],
    "M5": [
        "test_taken_back.test_a_full_refund_takes_everything_back_and_closes_the_downloads",
        "test_taken_back.test_three_partial_refunds_add_up_to_the_cent_and_keep_access_until_the_last",
        "test_taken_back.test_after_the_payout_the_balance_goes_below_zero_blocks_and_is_netted",
        "test_refunds.test_a_disputed_order_cannot_be_refunded",
        "test_taken_back.test_a_dispute_after_a_partial_refund_is_not_taken_twice",
        "test_races.test_two_people_at_once_refund_one_order_once",
        "test_money_cases.test_m5_a_refund_after_the_contributors_bank_has_the_money",
        "test_money_cases.test_m5_a_refund_made_at_stripe_just_before_a_dispute_of_the_rest",
    ],
    "M6": [
        "test_taken_back.test_a_dispute_larger_than_the_payment_costs_contributors_no_more_than_their_share",
        "test_taken_back.test_a_dispute_lost_in_part_takes_that_part",
        "test_currencies.test_a_sale_in_euros_that_stripe_settles_in_dollars_and_a_dispute_at_another_rate",
        "test_money_cases.test_m6_a_dispute_after_the_payout_blocks_and_one_that_is_won_frees",
    ],
    "M7": [
        "test_transfers.test_a_refusal_is_said_in_words_and_tried_again_under_a_new_key",
        "test_transfers.test_an_account_that_stripe_restricts_meanwhile_is_told_what_to_do",
        "test_connect.test_a_country_that_stripe_does_not_pay_to_is_said",
    ],
    "M8": [
        "test_transfers.test_a_lost_answer_does_not_pay_twice",
        "test_transfers.test_a_worker_that_died_after_stripes_answer_does_not_pay_twice_even_days_later",
        "test_refunds.test_an_answer_that_is_lost_after_the_refund_was_made_refunds_once",
    ],
    "M9": [
        "test_connect.test_a_second_click_and_a_stale_link_lead_to_the_same_account",
        "test_connect.test_mallory_gets_a_link_of_her_own_account_or_none",
        "test_connect.test_stripe_sends_people_back_to_our_own_pages_whatever_the_address_asks_for",
    ],
    "M10": [
        "test_currencies.test_a_sale_is_exact_in_any_currency",
        "test_currencies.test_parts_of_three_decimals_can_be_sent_and_add_up",
    ],
    "M11": [
        "test_money_cases.test_m11_ten_thousand_splits_are_exact_fair_and_the_same_again",
        "test_money_cases.test_m11_ten_thousand_clips_in_one_package",
        "test_shares.test_one_cent_over_seven_clips_goes_to_the_first_of_the_longest",
        "test_sales.test_a_share_that_rounds_to_nothing_leaves_no_row",
    ],
    "M12": [
        "test_sales.test_a_clip_that_is_not_delivered_earns_nothing_and_the_others_share_the_pool",
        "test_sales.test_a_clip_that_is_withdrawn_after_the_sale_keeps_what_it_earned",
        "test_money_cases.test_m12_withdrawn_after_the_sale_and_before_the_transfer_is_still_paid",
    ],
    "M13": [
        "test_races.test_two_people_at_once_refund_one_order_once",
        "test_races.test_two_payout_runs_at_once_pay_once",
    ],
    "M14": [
        "test_statements.test_a_statement_adds_up_to_the_ledger_with_every_clip_named",
        "test_paying.test_tax_is_added_booked_for_the_state_and_never_shared",
    ],
    "M15": ["test_chaos.test_last_nights_backup_and_stripes_events_since_are_everything"],
}


def test_every_case_names_tests_that_exist() -> None:
    assert list(CASES) == [f"M{number}" for number in range(1, 16)]
    for case, names in CASES.items():
        for name in names:
            module, _, test = name.partition(".")
            assert callable(getattr(import_module(f"tests.payouts.{module}"), test, None)), f"{case}: {name}"


def paid(sim: Simulator, person: Any) -> Order:
    """Have Bob pay $250.00 for a package of one person's clip: $75.00 is theirs."""
    order = people.make_order(people.bob(), package_of((person, 10)))
    sim.pays(order)
    sim.deliver(PAID)
    order.refresh_from_db()
    return order


def paid_out(sim: Simulator, person: Any) -> Transfer:
    """Send them what they earned."""
    sim.has_money()
    sim.account_for(person)
    transfers.run(now=past_hold(), minimum_minor=1)
    sim.deliver("transfer.created")
    return Transfer.objects.get()


def test_m1_none_of_the_forgeries_reaches_a_handler(sim: Simulator) -> None:
    body, signature = signed(event("charge.refunded", {"id": "ch_1"}))
    assert post(body + " ", signature).status_code == 400
    assert post(body, signature.replace("v1=", "v1=0")).status_code == 400
    assert StripeEvent.objects.count() == 0


def test_m5_a_refund_after_the_contributors_bank_has_the_money(sim: Simulator) -> None:
    """Nothing can be taken back from the account any more: the balance goes below zero and later earnings net it."""
    alice = people.alice()
    order = paid(sim, alice)
    sent = paid_out(sim, alice)
    sim.control("clock", {"advance_s": 10 * 86_400})
    sim.control("payouts", {"account": alice.connect_account.stripe_id})
    client().v1.refunds.create({"charge": order.stripe_charge})
    sim.deliver("charge.refunded")
    assert ledger.owed_to(alice) == {"usd": -7_500}
    with pytest.raises(transfers.NotTakenBack):
        transfers.take_back(transfer=sent)
    sold(package_of((alice, 10), price_minor=50_000, slug="next"), people.bob("eve@example.org", "Eve AI"))
    (row,) = transfers.due(now=past_hold())
    assert row.amount_minor == 15_000 - 7_500


def test_m5_a_refund_made_at_stripe_just_before_a_dispute_of_the_rest(sim: Simulator) -> None:
    """Both are told at once, the dispute first; nothing is deducted twice (gumroad#4372)."""
    alice = people.alice()
    order = paid(sim, alice)
    client().v1.refunds.create({"charge": order.stripe_charge, "amount": 5_000})
    dispute = sim.control("disputes", {"charge": order.stripe_charge, "amount": 20_000})
    sim.control(f"disputes/{dispute['id']}/close", {"status": "lost"})
    for kind in ("charge.dispute.closed", "charge.dispute.created", "charge.refunded", "refund.created"):
        sim.deliver(kind)
    assert ledger.owed_to(alice) == {"usd": 0}
    order.refresh_from_db()
    assert order.state == OrderState.CHARGED_BACK


def test_m4_a_payment_of_another_amount_is_given_back_and_the_books_follow(sim: Simulator) -> None:
    order = people.make_order(people.bob(), package_of((people.alice(), 10)))
    order = sim.pays(order)
    Order.objects.update(total_minor=24_999)
    sim.deliver(PAID)
    session: Any = client().v1.checkout.sessions.retrieve(order.stripe_session_id)
    client().v1.refunds.create({"payment_intent": session.payment_intent})
    assert sim.deliver("charge.refunded") == [True]
    kept = LedgerLine.objects.filter(account__kind=AccountKind.UNCLAIMED)
    assert sorted(kept.values_list("amount_minor", flat=True)) == [-25_000, 25_000]


@pytest.mark.parametrize(("status", "left"), [("won", 0), ("lost", -7_500)])
def test_m6_a_dispute_after_the_payout_blocks_and_one_that_is_won_frees(
    sim: Simulator, status: str, left: int
) -> None:
    alice = people.alice()
    order = paid(sim, alice)
    paid_out(sim, alice)
    dispute = sim.control("disputes", {"charge": order.stripe_charge})
    sim.deliver("charge.dispute.created")
    assert ledger.owed_to(alice) == {"usd": 0}  # nobody has lost it yet
    sim.control(f"disputes/{dispute['id']}/close", {"status": status})
    sim.deliver("charge.dispute.closed")
    assert ledger.owed_to(alice) == {"usd": left}
    assert claims.follow(order=order) == "Nothing new."
    sold(package_of((alice, 10), slug="next"), people.bob("eve@example.org", "Eve AI"))
    made = transfers.due(now=past_hold())
    assert [row.amount_minor for row in made] == ([7_500] if status == "won" else [])


def test_m11_ten_thousand_splits_are_exact_fair_and_the_same_again() -> None:
    rng = random.Random(11)
    for _ in range(10_000):
        total = rng.choice([rng.randrange(20), rng.randrange(10**7)])
        weights = [rng.choice([0, 1, rng.randrange(1, 10**6)]) for _ in range(rng.randint(1, 12))]
        parts = split(total, weights)
        whole = sum(weights) or len(weights)
        assert sum(parts) == total
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - Fraction(total * (weight if any(weights) else 1), whole)) < 1
        assert split(total, weights) == parts


def test_m11_ten_thousand_clips_in_one_package() -> None:
    rng = random.Random(12)
    lengths = [rng.randrange(1_000, 60_000) for _ in range(10_000)]
    parts = split(750_000, lengths)
    assert (sum(parts), len(parts)) == (750_000, 10_000)
    fair = [Fraction(750_000 * length, sum(lengths)) for length in lengths]
    assert max(abs(part - exact) for part, exact in zip(parts, fair, strict=True)) < 1


def test_m12_withdrawn_after_the_sale_and_before_the_transfer_is_still_paid(sim: Simulator) -> None:
    alice = people.alice()
    paid(sim, alice)
    Clip.objects.update(state=ClipState.WITHDRAWN)
    sent = paid_out(sim, alice)
    assert (sent.amount_minor, sent.state) == (7_500, TransferState.SETTLED)
    Clip.objects.update(state=ClipState.APPROVED)


def test_m3_a_refund_that_is_handled_while_its_order_is_being_marked_paid(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storm found it: the order is paid between two looks, and its own payment is taken for a stray one."""
    alice = people.alice()
    order = people.make_order(people.bob(), package_of((alice, 10)))
    order = sim.pays(order)
    session: Any = client().v1.checkout.sessions.retrieve(
        order.stripe_session_id, {"expand": ["payment_intent"]}
    )
    client().v1.refunds.create({"charge": session.payment_intent.latest_charge, "amount": 10_000})
    meanwhile = iter([PAID])

    def between(*, charge: str) -> None:
        for kind in meanwhile:
            sim.deliver(kind)

    told = sim.events("charge.refunded")[0]
    monkeypatch.setattr(stripe_events.plan_claims, "follow", between)
    assert sim.take(told)
    assert ledger.owed_to(alice) == {"usd": 4_500}
    assert not LedgerLine.objects.filter(account__kind=AccountKind.UNCLAIMED).exists()


def test_two_deliveries_of_one_event_are_handled_once(sim: Simulator) -> None:
    """I8: the row of an event is handled in the transaction that says so."""
    paid(sim, people.alice())
    row = StripeEvent.objects.get(kind=PAID)
    assert not inbox.handle(pk=row.pk)
    assert LedgerTransaction.objects.filter(kind="sale").count() == 1


def test_beat_checks_pays_and_compares_when_the_design_says() -> None:
    beat = settings.CELERY_BEAT_SCHEDULE
    assert beat["check-books"] == {"task": "payouts.tasks.check_books", "schedule": 900.0}
    assert beat["monthly-payouts"]["schedule"] == crontab(minute=0, hour=6, day_of_month=1)
    assert beat["reconcile"]["schedule"] == crontab(minute=15, hour=3)
    assert {rule.name.rstrip("b") for rule in checks.RULES} >= {f"I{number}" for number in range(1, 11)}
    assert (settings.PAYOUT_HOLD_DAYS, settings.PAYOUT_MINIMUM_MINOR) == (7, 2_500)


def test_fin_runs_payouts_on_demand_and_mo_cannot(sim: Simulator) -> None:
    alice = people.alice()
    paid(sim, alice)
    sim.has_money()
    sim.account_for(alice)
    Earning.objects.update(available_on=timezone.now())
    run = reverse("admin:payouts_transfer_run_payouts")
    assert signed_in(people.mo()).post(run).status_code == 403
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    assert b"Everyone whose earnings are past the hold" in fin.get(run).content
    assert not Transfer.objects.exists()
    assert b"1 new, 1 sent, 0 failed." in fin.post(run, follow=True).content
    assert [one.amount for one in sim.transfers()] == [7_500]
