"""Alice sees every cent of hers, from sale to clip to transfer; Mallory sees nothing of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.models import User
from payouts import earnings, ledger, transfers
from payouts.models import Earning, Transfer
from tests import people
from tests.payouts.stage import Simulator, package_of, past_hold, sold

pytestmark = pytest.mark.django_db
PAGE = reverse("payouts:earnings")


@pytest.fixture
def alice() -> User:
    return people.alice()


@pytest.fixture
def at_home(client: Client, alice: User) -> Client:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


def words(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_before_the_first_cent_the_page_says_what_to_do(at_home: Client) -> None:
    page = words(at_home.get(PAGE))
    assert "Nothing earned yet" in page
    assert page.count("$0.00") == 3
    assert "Driving: 30 % of every sale" in page
    assert "Sports: 80 % of every sale" in page
    assert f"on hold for {settings.PAYOUT_HOLD_DAYS} days" in page


def test_a_sale_shows_its_cents_and_how_they_were_worked_out(at_home: Client, alice: User) -> None:
    sold(package_of((alice, 12.4), (people.alice("ann@example.org"), 297.6)))
    page = words(at_home.get(PAGE))
    assert "Package berlin" in page
    assert "Ride of Alice · clip 1" in page
    assert "30 % of $250.00 = $75.00; your clip is 12.4 s of 310.0 s" in page
    assert "$3.00" in page
    available = timezone.now() + timedelta(days=settings.PAYOUT_HOLD_DAYS)
    assert f"On hold until {available.day} {available:%b %Y}" in page
    assert f"becomes available on {available.day} {available:%B %Y}" in page


def test_money_moves_from_pending_to_available_to_paid(sim: Simulator, at_home: Client, alice: User) -> None:
    sold(package_of((alice, 10)))
    assert balance(alice) == (7_500, 0, 0, 0)
    Earning.objects.update(available_on=timezone.now())
    assert balance(alice) == (0, 7_500, 0, 0)
    sim.account_for(alice)
    transfers.run(now=past_hold())  # Stripe has no money of ours yet
    assert balance(alice) == (0, 7_500, 0, 0)
    page = words(at_home.get(PAGE))
    assert "It did not go through, for the reason below." in page
    assert "The buyers&#x27; payments have not reached us yet." in page
    sim.has_money()
    transfers.run(now=past_hold())
    assert balance(alice) == (0, 0, 7_500, 0)
    page = words(at_home.get(PAGE))
    assert Transfer.objects.get().stripe_id in page
    assert "On its way to your Stripe account" in page


def balance(person: User) -> tuple[int, int, int, int]:
    [found] = earnings.balances(person)
    return found.pending, found.available, found.paid, found.in_question


def test_a_long_list_comes_in_pages_that_miss_and_repeat_nothing(at_home: Client, alice: User) -> None:
    sold(package_of(*[(alice, 1 + number) for number in range(60)], price_minor=1_000_000))
    seen: list[str] = []
    address: str = PAGE
    while address:
        answer = at_home.get(address)
        for sale in answer.context["page"].sales:
            assert sale.total == 300_000
            seen += [str(row.pk) for row in sale.rows]
        address = PAGE + answer.context["older_url"] if answer.context["older_url"] else ""
    assert len(seen) == len(set(seen)) == 60
    assert at_home.get(f"{PAGE}?before=nonsense").status_code == 200


def test_the_minutes_of_one_day_stand_together(at_home: Client, alice: User) -> None:
    footage = people.make_footage(alice)
    for position in range(2):
        clip = people.make_clip(footage, position=position, seconds=60, quality="1")
        ledger.post_minute_fee(clip=clip)
    [day] = at_home.get(PAGE).context["page"].sales
    assert (day.title, day.total, len(day.rows)) == ("Approved minutes", 400, 2)


def test_one_month_can_be_looked_at_alone(at_home: Client, alice: User) -> None:
    sold(package_of((alice, 10)))
    sold(package_of((alice, 10), slug="older"), buyer=people.bob("b@b.org", "B"))
    old = Earning.objects.filter(line__title="Package older")
    old.update(earned_at=datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))
    assert [f"{month:%Y-%m}" for month in earnings.months(alice)][-1] == "2026-01"
    page = words(at_home.get(f"{PAGE}?month=2026-01"))
    assert "Package older" in page
    assert "Package berlin" not in page
    assert "Nothing in this month" in words(at_home.get(f"{PAGE}?month=2026-02"))
    assert "Package berlin" in words(at_home.get(f"{PAGE}?month=of-mallory"))


def test_the_table_can_be_kept_as_a_file_and_runs_nothing(at_home: Client, alice: User) -> None:
    package = package_of((alice, 10))
    order = people.make_order(people.bob(), package, state="paid")
    order.lines.update(title='=HYPERLINK("http://evil.test")')
    ledger.post_sale(order=order)
    answer = at_home.get(reverse("payouts:earnings_csv"))
    assert answer["Content-Disposition"] == 'attachment; filename="fairframe-earnings.csv"'
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["amount_minor"], row["currency"]) == ("7500", "usd")
    assert row["sale"] == '\'=HYPERLINK("http://evil.test")'


def test_mallory_sees_nothing_of_alice(at_home: Client, alice: User) -> None:
    sold(package_of((alice, 10)))
    mallory = Client()
    mallory.force_login(people.mallory(), backend="django.contrib.auth.backends.ModelBackend")
    hers = Earning.objects.get(contributor=alice)
    for address in (PAGE, f"{PAGE}?before={hers.pk}", f"{PAGE}?month={hers.earned_at:%Y-%m}"):
        page = words(mallory.get(address))
        assert "Package berlin" not in page
        assert page.count("$0.00") == 3
        assert "$75.00" not in page
    table = b"".join(mallory.get(reverse("payouts:earnings_csv")).streaming_content)  # type: ignore[attr-defined]
    assert table.count(b"\r\n") == 1


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ((2026, 11, 21, 5), (2026, 12, 1, 6)),
        ((2026, 12, 1, 5, 59), (2026, 12, 1, 6)),
        ((2026, 12, 31, 23), (2027, 1, 1, 6)),
    ],
)
def test_the_next_payout_is_the_first_of_the_month(now: tuple[int, ...], then: tuple[int, ...]) -> None:
    assert earnings.next_run(datetime(*now, tzinfo=UTC)) == datetime(*then, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_the_page_asks_the_database_as_often_for_fifty_clips_as_for_two(
    at_home: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    sold(package_of(*[(alice, 1 + number) for number in range(24)], price_minor=1_000_000))
    with django_assert_max_num_queries(18):
        at_home.get(PAGE)
