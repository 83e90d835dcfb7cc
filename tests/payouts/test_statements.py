"""Alice's months: what the paper says is what the books say, cent by cent, and a forecast says that it is one."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from marketplace.models import User
from payouts import ledger, statements, transfers, trends
from payouts.models import LedgerLine, LedgerTransaction, TransactionKind, Transfer
from tests import people
from tests.buyers.checkout import pdf_text, signed_in
from tests.payouts import stage
from tests.payouts.stage import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


def owed(person: User) -> int:
    lines = LedgerLine.objects.filter(account__contributor=person)
    return -(lines.aggregate(total=Sum("amount_minor"))["total"] or 0)


def test_a_statement_adds_up_to_the_ledger_with_every_clip_named(sim: Simulator) -> None:
    alice, mallory = people.alice(), people.mallory()
    order = stage.sold(stage.package_of((alice, 20), (alice, 10), (mallory, 7), price_minor=10_001))
    sim.has_money()
    sim.account_for(alice)
    transfers.run(now=stage.past_hold(), minimum_minor=1)
    month = timezone.now().date()
    (found,) = statements.of(alice, month)
    assert found.closing == owed(alice) == 0
    assert found.earned == found.sent == sum(stage.earned(alice)) == Transfer.objects.get().amount_minor
    shares = [row for row in found.entries if not row.transfer]
    assert len(shares) == 2
    assert all(row.sale == order.lines.get().title and "of 37.0 s" in row.how for row in shares)
    text = pdf_text(signed_in(alice).get(f"/film/earnings/statements/{month:%Y-%m}.pdf").content)
    assert Transfer.objects.get().stripe_id in text.replace("\n", "")
    table = signed_in(alice).get(f"/film/earnings/statements/{month:%Y-%m}.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert sum(int(row["amount_minor"]) for row in rows[:-1]) == int(rows[-1]["amount_minor"]) == 0
    page = signed_in(alice).get("/film/earnings/statements/").content.decode()
    assert "so far" in page


def test_nobody_sees_the_papers_or_transfers_of_another(sim: Simulator) -> None:
    alice, mallory = people.alice(), people.mallory()
    stage.sold(stage.package_of((alice, 20), price_minor=10_000))
    sim.has_money()
    sim.account_for(alice)
    transfers.run(now=stage.past_hold(), minimum_minor=1)
    row = Transfer.objects.get()
    assert "Ride of Alice" in signed_in(alice).get(f"/film/earnings/transfers/{row.pk}/").content.decode()
    assert signed_in(mallory).get(f"/film/earnings/transfers/{row.pk}/").status_code == 404
    other = signed_in(mallory).get(f"/film/earnings/statements/{timezone.now():%Y-%m}.csv").content.decode()
    assert other.strip() == ",".join(statements.COLUMNS)
    assert signed_in(alice).get("/film/earnings/statements/2026-99.pdf").status_code == 404
    assert Client().get("/film/earnings/statements/").status_code == 302


def booked_at(person: User, minor: int, at: datetime) -> None:
    """Book a share at another time than now."""
    kinds = ledger.AccountKind
    lines = [
        (ledger.account(kinds.CONTRIBUTOR, currency="usd", contributor=person), -minor),
        (ledger.account(kinds.PLATFORM_REVENUE, currency="usd"), minor),
    ]
    row = LedgerTransaction(kind=TransactionKind.CORRECTION, reference=str(at), memo="", at=at)
    row.save()
    LedgerLine.objects.bulk_create(
        LedgerLine(transaction=row, account=to, amount_minor=amount, currency="usd") for to, amount in lines
    )


class TestBooksByHand:
    """Books made by hand, without the shares that the rules of the books want beside them."""

    @pytest.fixture(autouse=True)
    def _undone(self, db: None) -> Any:
        from django.db import transaction

        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    def test_months_follow_each_other_and_what_the_clips_do_not_explain_is_still_there(
        self,
    ) -> None:
        alice = people.alice()
        stage.sold(stage.package_of((alice, 20), price_minor=10_000))
        kinds = ledger.AccountKind
        after = datetime(timezone.now().year + 1, 1, 15, tzinfo=UTC)
        ledger.post(
            TransactionKind.CORRECTION,
            reference="by hand",
            lines=[
                (ledger.account(kinds.CONTRIBUTOR, currency="usd", contributor=alice), 100),
                (ledger.account(kinds.PLATFORM_REVENUE, currency="usd"), -100),
            ],
            memo="A correction",
        )
        assert [row.amount_minor for row in statements.of(alice, timezone.now().date())[0].entries] == [
            3_000,
            -100,
        ]
        (later,) = statements.of(alice, after.date())
        assert (later.opening, later.entries, later.closing) == (2_900, [], 2_900)

    def test_a_forecast_is_the_mean_of_the_last_whole_months_and_says_so(self) -> None:
        alice, now = people.alice(), datetime(2026, 6, 20, tzinfo=UTC)
        for month, minor in ((1, 900), (3, 1_000), (4, 4_000), (5, 1_000), (6, 70_000)):
            booked_at(alice, minor, datetime(2026, month, 3, tzinfo=UTC))
        (trend,) = trends.of(alice, now=now)
        assert [bar.minor for bar in trend.bars][-6:] == [900, 0, 1_000, 4_000, 1_000, 70_000]
        assert (trend.low, trend.middle, trend.high) == (1_000, 2_000, 4_000), "the running month is not over"
        assert trend.bars[-1].height == 100

    def test_the_page_draws_the_months_and_calls_the_forecast_one(self) -> None:
        alice = people.alice()
        booked_at(alice, 5_000, timezone.now() - timedelta(days=32))
        page = signed_in(alice).get("/film/earnings/").content.decode()
        assert "Forecast, not a promise" in page
        assert "about $50.00" in page
        assert page.count('width="7"') == 12
        assert "style=" not in page

    def test_without_a_whole_month_there_is_no_forecast(self) -> None:
        alice = people.alice()
        booked_at(alice, 5_000, timezone.now())
        page = signed_in(alice).get("/film/earnings/").content.decode()
        assert "A forecast needs a whole month" in page
