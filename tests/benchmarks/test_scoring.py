"""Scores on cases small enough to work out by hand."""

from __future__ import annotations

import math

import pytest

from benchmarks.scoring import average_precision, coverage, iou, leaking_tracks, union_area, wilson


def test_coverage_counts_an_overlap_of_masks_once() -> None:
    box = (10.0, 10.0, 20.0, 10.0)
    assert coverage(box, []) == 0
    assert coverage(box, [(0, 0, 100, 100)]) == 1
    assert coverage(box, [(10, 10, 10, 10)]) == pytest.approx(0.5)
    assert coverage(box, [(10, 10, 12, 10), (12, 10, 8, 10)]) == pytest.approx(0.6, abs=0.03)
    assert coverage(box, [(10, 10, 20, 5), (10, 10, 10, 10)]) == pytest.approx(0.75)


def test_coverage_tells_nine_tenths_from_a_little_less() -> None:
    assert coverage((0, 0, 100, 20), [(0, 0, 91, 20)]) >= 0.9
    assert coverage((0, 0, 100, 20), [(0, 0, 89, 20)]) < 0.9


def test_an_empty_box_has_nothing_to_leak() -> None:
    assert coverage((5, 5, 0, 0), []) == 1


def test_union_area_is_clipped_to_the_picture() -> None:
    assert union_area([], 10, 10) == 0
    assert union_area([(-5, -5, 10, 10)], 10, 10) == 25
    assert union_area([(0, 0, 4, 4), (2, 2, 4, 4)], 10, 10) == 28


def test_iou_of_disjoint_equal_and_half_shifted_boxes() -> None:
    assert iou((0, 0, 10, 10), (20, 0, 10, 10)) == 0
    assert iou((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert iou((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)


def test_one_bare_frame_makes_a_track_leak() -> None:
    covered = {"alice": [1.0, 0.95, 0.9], "bob": [1.0, 0.89, 1.0], "mallory": [0.0]}
    assert leaking_tracks(covered) == ["bob", "mallory"]
    assert leaking_tracks(covered, least=0.5) == ["mallory"]


def test_the_interval_holds_the_share_and_narrows_with_more_trials() -> None:
    low, high = wilson(5, 10)
    assert low == pytest.approx(0.2366, abs=1e-3)
    assert high == pytest.approx(0.7634, abs=1e-3)
    narrow = wilson(500, 1000)
    assert low < narrow[0] < 0.5 < narrow[1] < high
    assert wilson(0, 1000)[0] == 0
    assert wilson(0, 0) == (0.0, 1.0)


def test_average_precision_of_a_worked_example() -> None:
    assert average_precision([(0.9, True), (0.8, True)], positives=2) == 1
    assert average_precision([(0.9, True), (0.8, False), (0.7, True)], positives=2) == pytest.approx(
        (1 + 2 / 3) / 2
    )
    assert average_precision([(0.9, True)], positives=4) == pytest.approx(0.25)
    assert average_precision([], positives=3) == 0
    assert math.isnan(average_precision([(0.5, False)], positives=0))
