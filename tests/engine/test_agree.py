"""Telemetry that moves while the picture stands still is said to be wrong, with the offset that would be right."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.telemetry.private import Hidden
from pipeline.telemetry.ride import Ride, ride
from pipeline.telemetry.track import make
from pipeline.video.agree import contradiction
from tests.engine.test_tagging import FPS, scene

END_S = 120.0


def drive(*, later_s: float = 0.0, hidden: list[Hidden] | None = None) -> Ride:
    """Two minutes at 12 m/s with a stop from second 40 to 70, by a clock that may be late."""
    t = np.arange(0.0, END_S + 1)
    speed = np.where((t >= 40 + later_s) & (t < 70 + later_s), 0.0, 12.0)
    north = np.concatenate([[0.0], np.cumsum(speed[:-1])])
    rows = [
        (float(a), 48.2 + n / 111_195, 16.37, float(v), float("nan"))
        for a, n, v in zip(t, north, speed, strict=True)
    ]
    track = make("csv", rows)
    assert track is not None
    measured = ride(track, duration_s=END_S, hidden=hidden or [])
    assert measured is not None
    return measured


@pytest.fixture(scope="module")
def pictures() -> object:
    """The same two minutes as the camera saw them."""
    t = np.arange(round(END_S * FPS)) / FPS
    return scene(END_S, speed=np.where((t >= 40) & (t < 70), 0.0, 0.3 / FPS * 1.0))


def test_what_belongs_together_raises_no_doubt(pictures: object) -> None:
    assert contradiction(drive(), pictures, FPS, END_S) is None  # type: ignore[arg-type]
    assert contradiction(drive(later_s=2), pictures, FPS, END_S) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("late", [30, -20])
def test_a_wrong_clock_is_noticed_and_the_right_offset_named(pictures: object, late: int) -> None:
    said = contradiction(drive(later_s=late), pictures, FPS, END_S)  # type: ignore[arg-type]
    assert said is not None
    assert "its clock is off" in said
    named = float(said.rpartition("should be ")[2].removesuffix(" s."))
    assert named == pytest.approx(-late, abs=2)


def test_another_trip_is_noticed(pictures: object) -> None:
    t = np.arange(round(END_S * FPS)) / FPS
    parked = scene(END_S, speed=np.zeros(len(t)))
    said = contradiction(drive(), parked, FPS, END_S)
    assert said is not None
    assert "Choose the right file" in said


def test_what_is_private_is_not_judged(pictures: object) -> None:
    away = [Hidden(0.0, END_S - 5, "zone")]
    assert contradiction(drive(later_s=30, hidden=away), pictures, FPS, END_S) is None  # type: ignore[arg-type]
