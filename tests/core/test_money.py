"""Shares are exact to the minor unit, always the same, and fair to within one unit."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.money import Money, split


@given(
    total=st.integers(min_value=-(10**12), max_value=10**12),
    weights=st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=60),
)
def test_parts_sum_to_the_total_and_are_fair(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    assert parts == split(total, weights)
    base = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(parts, base, strict=True):
        assert abs(Fraction(part) - Fraction(total * weight, sum(base))) < 1


def test_one_cent_over_seven_people_goes_to_one_of_them() -> None:
    assert split(1, [1] * 7) == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("weights", [[], [3, -1]])
def test_no_weights_or_a_negative_one_is_an_error(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weight"):
        split(100, weights)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(123450, "usd", "$1,234.50"), (-300, "eur", "-€3.00"), (500, "jpy", "¥500"), (7, "chf", "CHF 0.07")],
)
def test_money_shows_its_currency_and_its_cents(minor: int, currency: str, text: str) -> None:
    assert str(Money(minor, currency)) == text
