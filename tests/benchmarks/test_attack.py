"""The matcher: it finds everybody where something shows, and nobody where nothing does."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import attack
from benchmarks.matcher import AROUND_PLATE, OURS, PLATE, plates
from benchmarks.utility import agreement

COUNT = 24


@pytest.fixture(scope="module")
def filmed() -> tuple[attack.Scene, list[np.ndarray]]:
    where = attack.scene("plate", AROUND_PLATE, PLATE, seed=1)
    return where, where.film(plates(COUNT, seed=2))


def test_plates_differ_and_are_the_same_every_time() -> None:
    drawn = plates(COUNT, seed=2)
    assert len({plate.tobytes() for plate in drawn}) == COUNT
    assert all(np.array_equal(a, b) for a, b in zip(drawn, plates(COUNT, seed=2), strict=True))


def test_a_thing_is_where_the_scene_says(filmed: tuple[attack.Scene, list[np.ndarray]]) -> None:
    where, film = filmed
    x, y, w, h = where.boxes[3]
    differs = (film[3].max(axis=0) != film[3].min(axis=0)).any(axis=2)  # between plates: inside the box only
    ys, xs = np.nonzero(differs)
    assert x - 2 <= xs.min()
    assert xs.max() <= x + w + 2
    assert y - 2 <= ys.min()
    assert ys.max() <= y + h + 2


def test_the_engines_flat_fill_leaves_chance(filmed: tuple[attack.Scene, list[np.ndarray]]) -> None:
    where, film = filmed
    found = attack.attack(where, film, attack.METHODS["flat"], seed=3)
    assert found.chance == 1 / COUNT
    assert found.rate == pytest.approx(found.chance)
    assert found.interval[0] <= found.chance <= found.interval[1]


@pytest.mark.parametrize("method", [name for name in attack.METHODS if name not in OURS])
def test_blur_and_mosaic_are_undone(method: str, filmed: tuple[attack.Scene, list[np.ndarray]]) -> None:
    where, film = filmed
    assert attack.attack(where, film, attack.METHODS[method], seed=3).rate > 0.9


def test_agreement_matches_each_box_once_and_leaves_faint_ones_out() -> None:
    before = [[("person", (0.0, 0.0, 10.0, 20.0), 0.9), ("person", (50.0, 0.0, 10.0, 20.0), 0.3)]]
    after = [
        [
            ("person", (0.0, 0.0, 10.0, 20.0), 0.8),
            ("person", (1.0, 0.0, 10.0, 20.0), 0.7),  # the same person twice
            ("person", (50.0, 0.0, 10.0, 20.0), 0.6),  # was faint before
            ("car", (80.0, 0.0, 30.0, 20.0), 0.9),  # another group
        ]
    ]
    assert agreement(before, after, "people") == [(0.8, True), (0.7, False)]
    assert agreement(before, after, "vehicles") == [(0.9, False)]
    assert agreement(before, [[]], "people") == []
