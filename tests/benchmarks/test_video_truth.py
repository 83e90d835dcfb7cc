"""Labelled video: the camera's labels sit on what they label, and scores are those worked out by hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import camera, painted
from benchmarks.labels import Label
from benchmarks.truth import Mark, Truth, by_boxes, score

SIZE = (320, 180)


def _truth(tmp_name: str = "ride.mp4") -> Truth:
    truth = Truth(Path(tmp_name), (100, 50), 3, complete=True)
    for frame in range(3):
        truth.marks[frame] = [
            Mark("alice", "face", (10, 10, 20, 20), True),
            Mark("bob", "face", (60, 10, 20, 20), frame < 2),
            Mark("far away", "face", (0, 0, 5, 5), True),
        ]
    return truth


def test_a_frame_without_its_mask_leaks_and_tracks_that_do_not_count_are_left_out() -> None:
    masks = {
        0: [(10.0, 10.0, 20.0, 20.0), (60.0, 10.0, 20.0, 20.0)],
        1: [(10.0, 10.0, 20.0, 20.0)],
        2: [(0.0, 0.0, 40.0, 40.0)],
    }
    truth = _truth()
    found = score(truth, *by_boxes(truth, masks), kind="face")
    assert dict(found.covered) == {"alice": [1, 1, 1], "bob": [1, 0]}
    assert found.frame_recall() == pytest.approx(4 / 5)
    assert found.leaking() == ["bob"]
    assert found.leak_rate() == 0.5
    assert found.masked == 400 + 400 + 400 + 1600
    assert found.true == 3 * (400 + 400 + 25)
    assert found.pixels == 3 * 5000


def test_a_part_of_the_tracks_can_be_scored_alone() -> None:
    truth = _truth()
    found = score(truth, *by_boxes(truth, {}), kind="face", take=lambda track: track == "alice")
    assert list(found.covered) == ["alice"]
    assert found.frame_recall() == 0
    assert score(truth, *by_boxes(truth, {}), kind="plate").frame_recall() is None


def test_the_camera_moves_and_its_labels_stay_on_the_thing() -> None:
    picture = np.full((400, 640, 3), 90, np.uint8)
    cv2.rectangle(picture, (300, 180), (339, 209), (255, 255, 255), -1)
    label = Label(0, "plate", (300, 180, 40, 30), {})
    views = camera.path((640, 400), SIZE, 20, seed=3)
    boxes = []
    for view, frame in zip(views, camera.film(picture, views, SIZE, seed=3), strict=True):
        ((index, _, (x, y, w, h), counts, cut),) = camera.labels_of(view, [label], SIZE)
        assert (index, counts, cut) == (0, True, False)
        ys, xs = np.nonzero(frame.min(axis=2) > 172)
        assert (xs.min(), ys.min()) == (pytest.approx(x, abs=1.5), pytest.approx(y, abs=1.5))
        assert (xs.max() + 1, ys.max() + 1) == (pytest.approx(x + w, abs=1.5), pytest.approx(y + h, abs=1.5))
        boxes.append((x, y))
    assert max(abs(a - b) for a, b in zip(boxes[0], boxes[-1], strict=True)) > 5


def test_a_thing_that_is_mostly_outside_is_shown_but_does_not_count() -> None:
    view = camera.View(left=100, top=0, scale=1)
    inside = Label(0, "face", (120, 10, 20, 20), {})
    leaving = Label(0, "face", (88, 10, 20, 20), {})
    hardly = Label(0, "face", (84, 10, 20, 20), {})
    gone = Label(0, "face", (10, 10, 20, 20), {})
    shown = camera.labels_of(view, [inside, leaving, hardly, gone], SIZE)
    assert [(index, box, counts, cut) for index, _, box, counts, cut in shown] == [
        (0, (20, 10, 20, 20), True, False),
        (1, (0, 10, 8, 20), False, True),
        (2, (0, 10, 4, 20), False, False),
    ]


def test_what_the_edge_cuts_is_scored_on_its_own() -> None:
    truth = Truth(Path("film.mp4"), SIZE, 1, complete=True)
    truth.marks[0] = [
        Mark("whole", "face", (60, 10, 20, 20), True),
        Mark("cut", "face", (0, 10, 8, 20), False, cut=True),
    ]
    masks = by_boxes(truth, {0: [(0, 0, 20, 40)]})
    assert score(truth, *masks, kind="face").covered == {"whole": [0.0]}
    assert score(truth, *masks, kind="face", cut=True).covered == {"cut": [1.0]}


def test_black_paint_is_found_and_dark_things_are_not_taken_for_it() -> None:
    before = np.full((120, 160, 3), 140, np.uint8)
    before[10:40, 100:150] = 5  # a dark car that nobody painted
    before[60:66, 40:46] = 8  # an eye below the paint
    after = before.copy()
    after[50:90, 30:70] = 12
    mask = painted.painted(before, after)
    expected = np.zeros_like(mask)
    expected[50:90, 30:70] = True
    assert np.array_equal(mask, expected)
    shared, masked = painted.by_pixels([mask])
    assert shared(0, (30, 50, 80, 40)) == pytest.approx(0.5)
    assert masked(0) == 1600
    assert shared(1, (30, 50, 10, 10)) == 0  # a frame that the tool dropped is bare


def test_paint_in_the_dark_is_found_though_it_changes_little() -> None:
    noise = np.random.default_rng(1).normal(3, 2, (120, 160, 3))
    before = np.clip(noise, 0, 255).astype(np.uint8)
    before[20:40, 20:40] = 0  # black already, and nobody painted it
    after = before.copy()
    after[60:100, 50:110] = 0
    mask = painted.painted_exactly(before, after)
    assert mask[60:100, 50:110].mean() > 0.99
    mask[60:100, 50:110] = False
    assert not mask.any()
    assert not painted.painted(before, after).any(), "else one would do for both"
