"""A plan's month that is refunded or disputed: books, hours, downloads and plan follow; contributors keep theirs."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from buyers import api_keys, plan_documents, plan_hours, plan_terms, subscriptions
from buyers.models import Download, Entitlement, Order, PlanPeriod, Scope, Subscription
from buyers.plans import BY_SLUG, HOUR_MS
from buyers.stripe_api import client
from marketplace.models import User
from moderation.finance import TABLES
from payouts import evidence, ledger, reconcile, refunds, transfers
from payouts.models import Dispute, LedgerTransaction, Refund
from tests import people
from tests.buyers.checkout import signed_in
from tests.payouts import stage
from tests.payouts.plan_stage import everything, in_books, subscribed, takes
from tests.payouts.stage import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob() -> User:
    return people.bob()


def disputed(sim: Simulator, amount: int = 20_000) -> Dispute:
    """Have Bob's bank dispute the one month that was paid."""
    sim.control("disputes", {"charge": PlanPeriod.objects.get().stripe_charge, "amount": amount})
    everything(sim)
    return Dispute.objects.get()


def letters(to: str) -> list[str]:
    return [" ".join(letter.body.split()) for letter in mail.outbox if letter.to == [to]]


@pytest.mark.parametrize("amount", [20_000, 5_000])
def test_a_refund_comes_from_our_part_and_a_whole_one_closes_the_month(
    sim: Simulator, bob: User, amount: int
) -> None:
    alice = people.alice()
    subscribed(sim, bob)
    entitlement = takes(bob, stage.package_of((alice, 3_600)))
    period = PlanPeriod.objects.get()
    refund = refunds.ask(of=period, amount_minor=amount, reason="It was late", actor=None, seen_minor=0)
    assert (refund.state, refund.of) == ("done", period)
    everything(sim)
    period.refresh_from_db()
    whole = amount == 20_000
    assert stage.earned(alice) == [600]
    assert (period.back_minor, period.standing) == (amount, "refunded" if whole else "paid")
    assert (period.revoked_at is not None) is whole
    assert (plan_hours.left_ms(bob.membership.organisation) == 0) is whole
    assert Entitlement.objects.live().filter(pk=entitlement.pk).exists() is not whole
    assert in_books("platform_revenue") == 1_400 - amount
    notes = [one for one in plan_documents.of(bob.membership.organisation) if one.kind == "credit_note"]
    assert [note.total_minor for note in notes] == [-amount]
    assert ledger.balance_sum() == {"usd": 0}
    [day] = reconcile.one_day(day=timezone.now().date())
    assert (day.movements, day.difference_minor) == (2, 0)


def test_a_refund_of_used_hours_is_asked_of_the_month_and_never_twice(sim: Simulator, bob: User) -> None:
    subscribed(sim, bob)
    order = takes(bob, stage.package_of((people.alice(), 3_600))).line.order
    period = PlanPeriod.objects.get()
    with pytest.raises(refunds.RefundRefused, match="refund the plan's month instead"):
        refunds.ask(of=order, amount_minor=1, reason="It was late", actor=None, seen_minor=0)
    refunds.ask(of=period, amount_minor=20_000, reason="It was late", actor=None, seen_minor=0)
    with pytest.raises(refunds.RefundRefused, match="cannot be refunded: Refunded"):
        refunds.ask(of=period, amount_minor=1, reason="Again", actor=None, seen_minor=20_000)
    assert Refund.objects.count() == 1


def test_a_refund_that_came_back_opens_the_month_again(sim: Simulator, bob: User) -> None:
    subscribed(sim, bob)
    takes(bob, stage.package_of((people.alice(), 3_600)))
    refund = client().v1.refunds.create({"charge": PlanPeriod.objects.get().stripe_charge})
    everything(sim)
    assert plan_hours.left_ms(bob.membership.organisation) == 0
    sim.control(f"refunds/{refund.id}/fail", {})
    everything(sim)
    period = PlanPeriod.objects.get()
    assert (period.back_minor, period.standing, Refund.objects.get().state) == (0, "paid", "failed")
    assert Entitlement.objects.live().exists()
    assert plan_hours.left_ms(bob.membership.organisation) == 9 * HOUR_MS
    assert letters("bob@example.org")[-1].count("open again") == 1


def test_a_dispute_holds_the_money_and_closes_the_month_until_it_is_won(sim: Simulator, bob: User) -> None:
    alice = people.alice()
    row = subscribed(sim, bob)
    takes(bob, stage.package_of((alice, 3_600)))
    dispute = disputed(sim)
    assert (dispute.of, dispute.status) == (PlanPeriod.objects.get(), "needs_response")
    assert not Entitlement.objects.live().exists()
    assert plan_hours.left_ms(bob.membership.organisation) == 0
    assert "($200.00) is in dispute at your bank" in signed_in(bob).get("/buy/plan/").content.decode()
    assert (in_books("disputes"), in_books("platform_revenue")) == (-20_000, 1_400)
    assert "You keep your share of $6.00" in letters("alice@example.org")[-1]
    assert "Until your bank decides, the month's hours" in letters("bob@example.org")[-1]
    sim.control(f"disputes/{dispute.stripe_id}/close", {"status": "won"})
    everything(sim)
    assert Entitlement.objects.live().exists()
    assert plan_hours.left_ms(bob.membership.organisation) == 9 * HOUR_MS
    assert (in_books("disputes"), in_books("platform_revenue")) == (0, 1_400)
    row.refresh_from_db()
    assert not row.ends_with_period
    assert "stands after all" in letters("alice@example.org")[-1]


@pytest.mark.parametrize("amount", [20_000, 8_000, 23_000])
def test_a_lost_dispute_is_ours_to_bear_and_ends_the_plan_with_its_month(
    sim: Simulator, bob: User, amount: int
) -> None:
    """M6 for plans, too: a part of the payment, and more than it as rates moved."""
    alice = people.alice()
    sim.account_for(alice)
    sim.has_money()
    row = subscribed(sim, bob)
    takes(bob, stage.package_of((alice, 3_600 * 5)))
    dispute = disputed(sim, amount)
    # What hours earned stays earned, so it waits for no bank.
    assert transfers.run(now=stage.past_hold()).sent == 1
    sim.control(f"disputes/{dispute.stripe_id}/close", {"status": "lost"})
    everything(sim)
    period = PlanPeriod.objects.get()
    row.refresh_from_db()
    assert (period.standing, period.back_minor) == ("charged_back", amount)
    assert row.ends_with_period
    assert stage.earned(alice) == [3_000]
    beyond = max(amount - 20_000, 0)
    assert (in_books("disputes"), in_books("fx")) == (0, -beyond)
    assert in_books("platform_revenue") == 7_000 - (amount - beyond)
    assert Order.objects.get().state == "charged_back"
    assert "the plan does not renew" in letters("bob@example.org")[-1]
    assert ledger.balance_sum() == {"usd": 0}
    # An owner may keep the plan all the same; hearing of the dispute once more does not end it again.
    client().v1.subscriptions.update(row.stripe_id, {"cancel_at_period_end": False})
    for event in sim.events("charge.dispute.closed"):
        sim.take({**event, "id": f"{event['id']}_again"})
    assert not client().v1.subscriptions.retrieve(row.stripe_id).cancel_at_period_end


def test_what_two_months_paid_for_stands_as_the_worse_of_them(sim: Simulator, bob: User) -> None:
    subscribed(sim, bob)
    sim.control("clock", {"advance_s": 31 * 86_400})
    everything(sim)
    PlanPeriod.objects.update(starts_at=timezone.now() - timedelta(hours=1))
    takes(bob, stage.package_of((people.alice(), 11 * 3_600)))
    first, second = PlanPeriod.objects.order_by("ends_at")
    sim.control("disputes", {"charge": first.stripe_charge})
    client().v1.refunds.create({"charge": second.stripe_charge, "amount": 100})
    everything(sim)
    assert Order.objects.get().state == "disputed"
    client().v1.refunds.create({"charge": second.stripe_charge})
    for event in sim.events("charge.refunded")[-1:]:
        sim.take(event)
    assert Order.objects.get().state == "disputed"


def test_a_claim_that_comes_before_its_month_waits_for_it(sim: Simulator, bob: User) -> None:
    """The charge of an invoice names nothing of ours: Stripe is asked which invoice it paid."""
    subscribed_at_stripe(sim, bob)
    invoice = client().v1.invoices.list({"limit": 1}).data[0]
    [payment] = client().v1.invoice_payments.list({"invoice": invoice.id}).data
    client().v1.refunds.create({"payment_intent": str(payment.payment.payment_intent)})
    [told] = sim.events("charge.refunded")
    assert not sim.take(told)
    sim.deliver("invoice.paid")
    assert PlanPeriod.objects.get().standing == "paid"
    assert sim.take(told)
    assert PlanPeriod.objects.get().standing == "refunded"


def subscribed_at_stripe(sim: Simulator, user: User) -> Subscription:
    row = subscriptions.start(owner=user.membership, slug="start")
    sim.control(f"sessions/{row.stripe_session_id}/pay", {})
    return row


def test_the_pack_proves_acceptance_hours_and_use_of_the_api(sim: Simulator, bob: User) -> None:
    row = subscribed(sim, bob)
    entitlement = takes(bob, stage.package_of((people.alice(), 3_600)))
    api_key, secret = api_keys.make(
        owner=bob.membership, name="Trainer", scopes=[Scope.READ, Scope.DOWNLOAD], days=30
    )
    network = {"REMOTE_ADDR": "198.51.100.7", "headers": {"Authorization": f"Bearer {secret}"}}
    assert Client().get(reverse("buyers:api_root"), **network).status_code == 200  # type: ignore[arg-type]
    Download.objects.create(
        entitlement=entitlement, user=bob, key=api_key, path="clips/1.mp4", address_prefix="198.51.100.0/24"
    )
    dispute = disputed(sim)
    with zipfile.ZipFile(io.BytesIO(evidence.pack(dispute))) as zipped:
        files = {name: zipped.read(name).decode() for name in zipped.namelist()}
    [accepted] = json.loads(files["plan-acceptances.json"])
    assert (accepted["by"], accepted["address_prefix"]) == ("bob@example.org", "203.0.113.0/24")
    words = files[f"plan-terms-{accepted['text_sha256'][:12]}.txt"]
    assert words == plan_terms.text(BY_SLUG["start"]) == row.acceptances.get().text
    assert json.loads(files["hours.json"])[0]["time"] == "1 h 00 min"
    [used] = csv.DictReader(io.StringIO(files["api-log.csv"]))
    assert (used["address_prefix"], used["made_by"]) == ("198.51.100.0/24", "bob@example.org")
    [download] = csv.DictReader(io.StringIO(files["downloads.csv"]))
    assert (download["path"], download["key"]) == ("clips/1.mp4", str(api_key))
    assert "accepted the terms of Start" in files["summary.txt"]
    evidence.send(dispute=dispute)
    there = client().v1.disputes.retrieve(dispute.stripe_id).evidence
    assert "API key Trainer" in (there.access_activity_log or "")
    assert "Plan Start: $200.00 a month" in (there.cancellation_policy_disclosure or "")


def test_fin_refunds_a_month_at_the_desk_and_sees_its_dispute(sim: Simulator, bob: User) -> None:
    subscribed(sim, bob)
    period = PlanPeriod.objects.get()
    fin = signed_in(people.staff("fin@example.org", "Finance"))
    page = reverse("admin:buyers_planperiod_refund", args=[period.pk])
    assert b"contributors keep what used hours earned" in fin.get(page).content
    form = {"amount": "50.00", "reason": "It was late", "sure": "on", "seen": "0"}
    assert fin.post(page, form).status_code == 302
    everything(sim)
    assert Refund.objects.get().amount_minor == 5_000
    dispute = disputed(sim, 15_000)
    listed = fin.get(reverse("admin:payouts_dispute_changelist")).content.decode()
    assert "Dispute of start from" in listed
    rows = list(TABLES["disputes"].rows())
    assert [row[1:3] for row in rows] == [(str(period), "Bob Robotics")]
    assert dispute.of == period
    mo = signed_in(people.mo())
    assert mo.get(page).status_code == 403
    assert LedgerTransaction.objects.filter(period=period, kind="dispute").count() == 1
