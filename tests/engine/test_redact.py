"""The fill is flat to the last pixel of the padded box, in luma and colour; the feather lies outside."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.video.boxes import Box
from pipeline.video.redact import Planes, Rect, covered_rect, covered_rects, fill
from pipeline.video.track import Track

WIDTH, HEIGHT = 320, 240


def noise() -> tuple[np.ndarray, Planes]:
    buffer = np.random.default_rng(3).integers(16, 235, WIDTH * HEIGHT * 3 // 2, dtype=np.uint8)
    return buffer, Planes.of(buffer, WIDTH, HEIGHT)


def redact(planes: Planes, boxes: list[tuple[Track, Box]], method: str = "flat") -> tuple[list, int]:
    rects = covered_rects(boxes, WIDTH, HEIGHT)
    return rects, fill(planes, rects, method=method)


def track(number: int = 1) -> Track:
    return Track(id=number, kind="plate", first=0)


@pytest.mark.parametrize(
    "box",
    [
        Box("plate", 100.3, 80.7, 61.2, 19.9),
        Box("face", -10, -10, 50, 50),
        Box("face", 300, 220, 50, 50),
        Box("plate", 151, 101, 3, 3),
    ],
)
def test_inside_is_one_colour_and_far_outside_is_untouched(box: Box) -> None:
    before, _ = noise()
    _, planes = noise()
    ((_, rect),), pixels = redact(planes, [(track(), box)])
    assert pixels == rect.area > 0
    assert rect.left <= max(0, box.x)
    assert rect.top <= max(0, box.y)
    assert rect.right >= min(WIDTH, box.x2)
    assert rect.bottom >= min(HEIGHT, box.y2)
    assert len(np.unique(planes.y[rect.top : rect.bottom, rect.left : rect.right])) == 1
    half = (slice(rect.top // 2, rect.bottom // 2), slice(rect.left // 2, rect.right // 2))
    assert len(np.unique(planes.u[half])) == len(np.unique(planes.v[half])) == 1
    untouched = np.ones((HEIGHT, WIDTH), bool)
    untouched[max(0, rect.top - 14) : rect.bottom + 14, max(0, rect.left - 14) : rect.right + 14] = False
    assert np.array_equal(planes.y[untouched], Planes.of(before, WIDTH, HEIGHT).y[untouched])


def test_the_fill_tells_no_more_than_a_few_bits() -> None:
    fills = set()
    for value in range(16, 236):
        buffer = np.full(WIDTH * HEIGHT * 3 // 2, value, np.uint8)
        planes = Planes.of(buffer, WIDTH, HEIGHT)
        redact(planes, [(track(), Box("face", 50, 50, 80, 80))])
        fills.add(int(planes.y[80, 80]))
    assert len(fills) <= 16


def test_the_quantised_fill_is_one_of_three_greys_for_as_long_as_the_track_lasts() -> None:
    fills = set()
    for value in range(16, 236, 5):
        one, kept = track(), set()
        for frame in range(6):
            buffer = np.full(WIDTH * HEIGHT * 3 // 2, min(235, value + 30 * frame), np.uint8)
            planes = Planes.of(buffer, WIDTH, HEIGHT)
            redact(planes, [(one, Box("face", 50, 50, 80, 80))], "quantised")
            kept.add((int(planes.y[80, 80]), int(planes.u[40, 40]), int(planes.v[40, 40])))
        assert len(kept) == 1
        fills |= kept
    assert fills == {(56, 128, 128), (120, 128, 128), (184, 128, 128)}


def test_the_flat_fill_holds_nothing_of_what_it_covers() -> None:
    fills = set()
    for inside in (20, 90, 160, 230):
        buffer = np.full(WIDTH * HEIGHT * 3 // 2, 100, np.uint8)
        planes = Planes.of(buffer, WIDTH, HEIGHT)
        box = Box("face", 60, 60, 80, 80)
        rect = covered_rect(box, WIDTH, HEIGHT)
        planes.y[rect.top : rect.bottom, rect.left : rect.right] = inside
        redact(planes, [(track(), box)])
        fills.add(int(planes.y[100, 100]))
    assert fills == {96}  # the colour around it, in its coarse steps


def test_the_flat_fill_holds_nothing_of_a_neighbour_either() -> None:
    buffer = np.full(WIDTH * HEIGHT * 3 // 2, 100, np.uint8)
    planes = Planes.of(buffer, WIDTH, HEIGHT)
    planes.y[40:160, 50:140] = 230
    boxes = [(track(1), Box("face", 50, 40, 45, 120)), (track(2), Box("face", 95, 40, 45, 120))]
    redact(planes, boxes)
    assert {int(planes.y[100, 60]), int(planes.y[100, 120])} == {96}


def test_the_fill_does_not_flicker() -> None:
    one, fills = track(), []
    for wobble in (0, 3, -3, 4, -4, 2):
        buffer = np.full(WIDTH * HEIGHT * 3 // 2, 120 + wobble, np.uint8)
        planes = Planes.of(buffer, WIDTH, HEIGHT)
        redact(planes, [(one, Box("face", 50, 50, 80, 80))])
        fills.append(int(planes.y[80, 80]))
    assert len(set(fills)) == 1


def test_overlapping_boxes_are_both_flat_and_counted_once() -> None:
    _, planes = noise()
    boxes = [(track(1), Box("face", 50, 50, 60, 60)), (track(2), Box("face", 80, 80, 60, 60))]
    rects, pixels = redact(planes, boxes)
    a, b = (rect for _, rect in rects)
    for rect in (a, b):
        inside = planes.y[rect.top : rect.bottom, rect.left : rect.right]
        assert len(np.unique(inside)) <= 2
    assert pixels < a.area + b.area


def test_chroma_lines_up() -> None:
    assert covered_rect(Box("manual", 11, 13, 20, 20), WIDTH, HEIGHT) == Rect(10, 12, 32, 34)
