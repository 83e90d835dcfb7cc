"""Where a body is expected: with its person's box, as it was turned; those who lean, or were not seen, are not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from pipeline.video.body import LEANS, LOOKS, TURNS, Body, expected
from pipeline.video.boxes import Box

PERSON = Box("person", 100, 50, 80, 200, 0.9)


@pytest.mark.parametrize(
    ("end", "turn"),
    [((140, 50), 0.0), ((240, 150), math.pi / 2), ((140, 250), math.pi), ((40, 150), -math.pi / 2)],
)
def test_the_square_turns_as_the_body_does(end: tuple[float, float], turn: float) -> None:
    body = Body.of_landmarks((140, 150), end, PERSON)
    assert (body.cx, body.cy, body.side) == pytest.approx((140, 150, 250))
    assert math.cos(body.turn - turn) == pytest.approx(1)


def test_a_body_moves_with_its_box() -> None:
    body = Body.of_landmarks((140, 150), (150, 60), PERSON)
    now = expected([body], Box("person", 130, 60, 80, 200, 0.8))
    assert now is not None
    assert (now.cx - body.cx, now.cy - body.cy) == (30, 10)
    assert (now.side, now.turn, now.looks) == (body.side, body.turn, 1)


def test_everybody_gets_their_own() -> None:
    other = Box("person", 170, 50, 80, 200, 0.9)
    left, right = Body.around(PERSON), Body.around(other)
    now = expected([left, right], replace(other, x=180))
    assert now is not None
    assert now.cx == right.cx + 10


def test_nothing_is_expected_of_who_was_elsewhere_or_leans_or_was_told_by_landmarks_for_long() -> None:
    body = Body.around(PERSON)
    assert expected([], PERSON) is None
    assert expected([body], Box("person", 400, 50, 80, 200)) is None
    assert expected([replace(body, turn=LEANS + 0.01)], PERSON) is None
    assert expected([replace(body, looks=LOOKS)], PERSON) is None
    assert expected([replace(body, turn=LEANS, looks=LOOKS - 1)], PERSON) is not None


def test_a_turn_is_measured_the_short_way() -> None:
    body = Body.around(PERSON)
    assert body.agrees(replace(body, turn=TURNS - 0.01))
    assert not body.agrees(replace(body, turn=TURNS + 0.01))
    assert replace(body, turn=math.pi - 0.05).agrees(replace(body, turn=-math.pi + 0.05))
