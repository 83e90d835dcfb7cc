"""A sale is shared among the people whose clips were sold, to the cent, and each can read how."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from marketplace.models import Clip
from marketplace.states import ClipState
from payouts import ledger
from payouts.models import AccountKind, Earning, LedgerLine, LedgerTransaction
from tests import people
from tests.payouts.stage import earned, package_of, sold

pytestmark = pytest.mark.django_db


def on(kind: AccountKind) -> int:
    return sum(LedgerLine.objects.filter(account__kind=kind).values_list("amount_minor", flat=True))


def test_a_driving_sale_gives_30_percent_by_the_seconds_of_each_clip() -> None:
    alice, ann = people.alice(), people.alice("ann@example.org")
    sold(package_of((alice, 12.4), (ann, 297.6)))
    assert (earned(alice), earned(ann)) == ([300], [7_200])
    assert on(AccountKind.STRIPE_BALANCE) == 25_000
    assert on(AccountKind.PLATFORM_REVENUE) == -17_500
    assert ledger.owed_to(alice) == {"usd": 300}
    row = Earning.objects.get(contributor=alice)
    assert row.formula == "30 % of $250.00 = $75.00; your clip is 12.4 s of 310.0 s"
    hold = timedelta(days=settings.PAYOUT_HOLD_DAYS)
    assert abs(row.available_on - timezone.now() - hold) < timedelta(minutes=1)


def test_a_sports_sale_gives_80_percent() -> None:
    alice, ann = people.alice(), people.alice("ann@example.org")
    sold(package_of((alice, 10), (ann, 20), price_minor=1_999, vertical="sports"))
    assert (earned(alice), earned(ann)) == ([533], [1_066])
    assert on(AccountKind.PLATFORM_REVENUE) == -400


def test_cents_that_do_not_divide_go_to_the_first_of_equal_clips() -> None:
    three = [people.alice(f"{name}@example.org") for name in ("a", "b", "c")]
    sold(package_of(*[(person, 10) for person in three], price_minor=25_003))
    assert [earned(person) for person in three] == [[2_501], [2_500], [2_500]]


def test_a_share_that_rounds_to_nothing_leaves_no_row() -> None:
    seven = [people.alice(f"{number}@example.org") for number in range(7)]
    sold(package_of(*[(person, 10) for person in seven], price_minor=3))
    assert [earned(person) for person in seven] == [[1], [], [], [], [], [], []]


def test_two_clips_of_one_person_are_two_rows_and_one_ledger_line() -> None:
    alice = people.alice()
    sold(package_of((alice, 10), (alice, 30)))
    assert sorted(earned(alice)) == [1_875, 5_625]
    assert LedgerLine.objects.filter(account__contributor=alice).count() == 1


def test_several_packages_in_one_order_are_shared_each_by_its_own_rule() -> None:
    alice, ann = people.alice(), people.alice("ann@example.org")
    driving = package_of((alice, 10))
    sports = package_of((ann, 10), price_minor=1_000, vertical="sports", slug="hoops")
    order = people.make_order(people.bob(), driving, sports, state="paid")
    ledger.post_sale(order=order)
    assert (earned(alice), earned(ann)) == ([7_500], [800])
    assert on(AccountKind.STRIPE_BALANCE) == 26_000


@pytest.mark.parametrize("state", [ClipState.WITHDRAWN, ClipState.REJECTED])
def test_a_clip_that_is_not_delivered_earns_nothing_and_the_others_share_the_pool(state: str) -> None:
    alice, ann = people.alice(), people.alice("ann@example.org")
    package = package_of((alice, 10), (ann, 30))
    Clip.objects.filter(footage__owner=alice).update(state=state)
    sold(package)
    assert (earned(alice), earned(ann)) == ([], [7_500])


def test_a_clip_that_is_withdrawn_after_the_sale_keeps_what_it_earned() -> None:
    alice = people.alice()
    order = sold(package_of((alice, 10)))
    Clip.objects.filter(footage__owner=alice).update(state=ClipState.WITHDRAWN)
    assert earned(alice) == [7_500]
    assert ledger.owed_to(alice) == {"usd": 7_500}
    assert order.ledger_transactions.count() == 1


def test_a_clip_that_is_looked_at_again_was_sold_and_is_paid() -> None:
    alice = people.alice()
    package = package_of((alice, 10))
    Clip.objects.update(state=ClipState.IN_MODERATION)
    sold(package)
    assert earned(alice) == [7_500]


def test_a_sale_is_booked_once() -> None:
    order = sold(package_of((people.alice(), 10)))
    with pytest.raises(IntegrityError):
        ledger.post_sale(order=order)


def test_stripes_fee_is_ours_to_bear_and_booked_once() -> None:
    alice = people.alice()
    order = sold(package_of((alice, 10)))
    assert ledger.post_settlement(
        order=order, movement=SimpleNamespace(fee=755, currency="usd", amount=25_000)
    )
    assert not ledger.post_settlement(
        order=order, movement=SimpleNamespace(fee=755, currency="usd", amount=25_000)
    )
    assert on(AccountKind.STRIPE_FEES) == 755
    assert on(AccountKind.STRIPE_BALANCE) == 25_000 - 755
    assert ledger.owed_to(alice) == {"usd": 7_500}
    assert LedgerTransaction.objects.count() == 2


@pytest.mark.parametrize(("quality", "fee"), [("0.000", 50), ("0.800", 170), ("1.000", 200)])
def test_an_approved_driving_minute_earns_by_its_quality_and_once(quality: str, fee: int) -> None:
    alice = people.alice()
    clip = people.make_clip(people.make_footage(alice), seconds=60, quality=quality)
    assert ledger.post_minute_fee(clip=clip) is not None
    assert ledger.post_minute_fee(clip=clip) is None
    assert earned(alice) == [fee]
    assert on(AccountKind.MINUTE_FEES) == fee
    formula = Earning.objects.get().formula
    assert f"quality {quality} = ${fee / 100:.4f} a minute; your clip is 60.0 s = ${fee / 100:.2f}" in formula


def test_sports_clips_and_a_tenth_of_a_second_earn_no_minutes() -> None:
    alice = people.alice()
    sports = people.make_clip(people.make_footage(alice, vertical="sports"), seconds=60)
    short = people.make_clip(people.make_footage(alice), seconds=0.1)
    assert ledger.post_minute_fee(clip=sports) is None
    assert ledger.post_minute_fee(clip=short) is None
    assert not LedgerTransaction.objects.exists()
