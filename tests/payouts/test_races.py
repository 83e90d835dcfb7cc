"""Two of the same at the same instant: one happens. ``make storm`` runs each race 100 times."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from buyers.models import Order
from payouts import inbox, ledger, refunds, sweeping, transfers
from payouts.models import LedgerTransaction, StripeEvent
from tests import people
from tests.payouts.stage import Simulator, package_of, past_hold

RACES = int(os.environ.get("RACES", "10"))
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300 + 6 * RACES)]
PAID = "checkout.session.completed"


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make these calls at one moment, each with a connection of its own."""

    def work(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(work, calls))


def test_the_webhook_and_the_buyers_return_pay_one_order_once(sim: Simulator) -> None:
    """M3: the event is handled twice and swept once while Bob's browser comes back from Stripe."""
    bob, package = people.bob(), package_of((people.alice(), 10))
    for race in range(RACES):
        order = sim.pays(people.make_order(bob, package))
        told = sim.events(PAID)[-1]
        rows = [
            StripeEvent.objects.create(stripe_id=f"{told['id']}_{number}", kind=PAID, payload=told).pk
            for number in range(2)
        ]
        browser = Client()
        browser.force_login(bob)
        page = reverse("buyers:order", args=[order.pk]) + "?paid=1"
        mail.outbox.clear()
        results = at_once(
            lambda pk=rows[0]: inbox.handle(pk=pk),  # type: ignore[misc]
            lambda pk=rows[1]: inbox.handle(pk=pk),  # type: ignore[misc]
            lambda browser=browser, page=page: browser.get(page).status_code,  # type: ignore[misc]
            sweeping.close_unpaid,
        )
        assert results[:3] == [True, True, 200], race
        order.refresh_from_db()
        assert order.state == "paid"
        assert len([letter for letter in mail.outbox if "is paid" in letter.subject]) == 1, race
        assert LedgerTransaction.objects.filter(order=order, kind="sale").count() == 1


def test_two_people_at_once_refund_one_order_once(sim: Simulator) -> None:
    """M13."""
    order = sim.pays(people.make_order(people.bob(), package_of((people.alice(), 10))))
    sim.deliver(PAID)
    order.refresh_from_db()
    for race in range(RACES):
        seen = refunds.given_minor(order)

        def give(seen: int = seen, order: Order = order) -> int:
            try:
                made = refunds.ask(
                    of=order, amount_minor=100, reason="Both saw it", actor=None, seen_minor=seen
                )
            except refunds.RefundRefused:
                return 0
            return made.amount_minor

        assert sorted(at_once(give, give)) == [0, 100], race
    assert refunds.given_minor(order) == 100 * RACES
    assert sum(event["data"]["object"]["amount"] for event in sim.events("refund.created")) == 100 * RACES


def test_two_payout_runs_at_once_pay_once(sim: Simulator) -> None:
    """M13."""
    alice = people.alice()
    sim.account_for(alice)
    sim.has_money()
    for race in range(RACES):
        clip = people.make_clip(people.make_footage(alice), seconds=15 * 60, quality="1")
        ledger.post_minute_fee(clip=clip)
        outcomes = at_once(*[lambda: transfers.run(now=past_hold())] * 2)
        assert sum(outcome.made for outcome in outcomes) == 1, race
        assert sum(outcome.sent for outcome in outcomes) == 1, race
    assert [one["data"]["object"]["amount"] for one in sim.events("transfer.created")] == [3_000] * RACES
