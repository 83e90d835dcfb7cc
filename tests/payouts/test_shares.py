"""A price is shared out exactly, the same way every time, and nobody is a cent from fair."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.models import Vertical
from marketplace.money import split
from payouts.policies import FIRST

LENGTHS = st.lists(st.integers(min_value=1, max_value=3_600_000), min_size=1, max_size=80)


@given(
    price=st.integers(min_value=1, max_value=10**9), lengths=LENGTHS, vertical=st.sampled_from(list(FIRST))
)
def test_the_parts_of_any_sale_add_up_to_its_price(price: int, lengths: list[int], vertical: str) -> None:
    policy = FIRST[Vertical(vertical)]
    pool = policy.pool(price)
    ours = split(price, [policy.share_percent, 100 - policy.share_percent])[1]
    parts = split(pool, lengths)
    assert sum(parts) + ours == price
    assert parts == split(policy.pool(price), list(lengths))
    for part, length in zip(parts, lengths, strict=True):
        assert abs(part - Fraction(pool * length, sum(lengths))) < 1
    assert abs(pool - Fraction(price * policy.share_percent, 100)) <= Fraction(1, 2)


@pytest.mark.parametrize(("vertical", "pool"), [("driving", 7_501), ("sports", 20_002)])
def test_half_a_cent_goes_to_the_contributors(vertical: str, pool: int) -> None:
    assert FIRST[Vertical(vertical)].pool(25_003) == pool


def test_one_cent_over_seven_clips_goes_to_the_first_of_the_longest() -> None:
    assert split(1, [9_000, 10_000, 10_000, 1, 1, 1, 1]) == [0, 1, 0, 0, 0, 0, 0]


@given(
    milliseconds=st.integers(min_value=1, max_value=10**8),
    quality=st.decimals(min_value=0, max_value=1, places=3),
)
def test_a_minute_is_worth_50_cents_to_2_dollars(milliseconds: int, quality: Decimal) -> None:
    assert 50 <= FIRST[Vertical.DRIVING].minute_rate(quality) <= 200
    fee = FIRST[Vertical.DRIVING].minute_fee(duration_ms=milliseconds, quality=quality)
    exact = Fraction(FIRST[Vertical.DRIVING].minute_rate(quality)) * milliseconds / 60_000
    assert abs(fee - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("milliseconds", "quality", "fee"),
    [
        (60_000, "0", 50),
        (60_000, "1", 200),
        (60_000, "0.800", 170),
        (600, "0", 1),
        (599, "0", 0),
        (90_000, "0.333", 150),
    ],
)
def test_the_fee_is_rate_times_minutes_and_half_a_cent_rounds_up(
    milliseconds: int, quality: str, fee: int
) -> None:
    assert FIRST[Vertical.DRIVING].minute_fee(duration_ms=milliseconds, quality=Decimal(quality)) == fee
