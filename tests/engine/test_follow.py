"""A thing is found again by its look: where it went, how much it grew, and not where it is gone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.video.boxes import Box, iou, moved
from pipeline.video.follow import Look
from tests.media import plate_picture, texture

Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
START = Box("plate", 500, 300, 60, 20)


def street(plate: Box | None) -> Luma:
    """A still street with a plate that may lie between pixels."""
    scene = texture((960, 540), seed=5)
    if plate is not None:
        picture = cv2.resize(plate_picture("AB 123 C", width=240), (240, 80), interpolation=cv2.INTER_AREA)
        scale = np.array([[plate.w / 240, 0, plate.x], [0, plate.h / 80, plate.y]])
        shrunk = cv2.GaussianBlur(picture, (0, 0), 0.4 * 240 / plate.w)
        cv2.warpAffine(shrunk, scale, (960, 540), dst=scene, borderMode=cv2.BORDER_TRANSPARENT)
    return cv2.cvtColor(scene, cv2.COLOR_BGR2GRAY)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (moved(START, 7.4, -3.6), START),
        (moved(START, -16, 4), START),
        (Box("plate", 512, 305, 65, 21.7), START),
        (Box("plate", 430, 296, 56, 18.7), moved(START, -60, 0)),
    ],
)
def test_a_plate_is_found_where_it_went(now: Box, expected: Box) -> None:
    look = Look.of(street(START), START)
    assert look is not None
    found = look.find(street(now), expected)
    assert found is not None
    assert found.kind == "plate"
    assert iou(found, now) > 0.82


def test_what_is_gone_is_not_found() -> None:
    look = Look.of(street(START), START)
    assert look is not None
    assert look.find(street(None), START) is None
    assert look.find(np.full((540, 960), 90, np.uint8), START) is None


def test_a_flat_tiny_or_cut_off_thing_has_no_look() -> None:
    assert Look.of(np.full((540, 960), 90, np.uint8), START) is None
    assert Look.of(street(START), Box("plate", 500, 300, 2, 1)) is None
    assert Look.of(street(START), Box("plate", 940, 300, 60, 20)) is None
    assert Look.of(street(START), Box("plate", -5, 300, 60, 20)) is None


@pytest.mark.parametrize("expected", [Box("plate", 2, 2, 60, 20), Box("plate", 930, 525, 60, 20)])
def test_the_search_may_reach_over_the_border(expected: Box) -> None:
    look = Look.of(street(START), START)
    assert look is not None
    assert look.find(street(None), expected) is None
