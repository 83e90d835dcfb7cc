"""Boxes move as what is in them moves."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.video.boxes import Box
from pipeline.video.motion import Step, carried

SCALE = 4.0


def walker(box: Box, dx: float) -> Step:
    """A still wall before which the middle of a box, 0.6 of each side, moves dx pixels to the right."""
    flow = np.zeros((90, 160, 2), np.float16)
    x, y = (round((at - 0.3 * size) / SCALE) for at, size in ((box.cx, box.w), (box.cy, box.h)))
    w, h = (round(0.6 * size / SCALE) for size in (box.w, box.h))
    flow[y : y + h, x : x + w, 0] = dx / SCALE
    return Step(flow=flow, cut=False, same=False, difference=1.0)


@pytest.mark.parametrize(
    ("kind", "back", "moved"), [("face", False, 8), ("face", True, -8), ("plate", False, 0)]
)
def test_a_face_moves_as_its_middle_and_a_plate_as_all_of_it(kind: str, back: bool, moved: float) -> None:
    box = Box(kind, 200, 100, 80, 80, 0.9)
    now = carried(box, walker(box, 8), SCALE, back=back)
    assert now.cx - box.cx == pytest.approx(moved)
    assert now.w == pytest.approx(box.w)


def test_a_small_face_moves_as_all_of_it() -> None:
    """A third of it would be a few pixels, whose flow is noise."""
    box = Box("face", 200, 100, 24, 24, 0.9)
    assert carried(box, walker(box, 8), SCALE).cx == pytest.approx(box.cx)


@pytest.mark.parametrize("kind", ["face", "plate"])
def test_what_comes_nearer_grows(kind: str) -> None:
    flow = np.zeros((90, 160, 2), np.float16)
    flow[..., 0] = (np.arange(160) - 60) * 0.01
    flow[..., 1] = ((np.arange(90) - 35) * 0.01)[:, None]
    box = Box(kind, 200, 100, 80, 80, 0.9)
    now = carried(box, Step(flow=flow, cut=False, same=False, difference=1.0), SCALE)
    assert now.w == pytest.approx(1.01 * box.w, rel=2e-3)
