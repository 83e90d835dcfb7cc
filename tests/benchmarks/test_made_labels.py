"""Labels made for this project, and numbers drawn onto athletes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import jerseys, real
from benchmarks.bench import Bench
from benchmarks.truth import Truth

NAMES = ["r_hip", "l_hip", "r_shoulder", "l_shoulder"]


def test_labelled_clips_lie_inside_their_pictures_and_frames(tmp_path: Path) -> None:
    found = real.clips(Bench(quick=True, work=tmp_path, cache=tmp_path))
    assert {"face", "plate"} == {kind for clip in found for kind in clip.kinds}
    for clip in found:
        width, height = clip.truth.size
        for frame, marks in clip.truth.marks.items():
            assert 0 <= frame < clip.truth.frames
            for mark in marks:
                x, y, w, h = mark.box
                assert w > 0
                assert h > 0
                assert min(x + w, width) - max(x, 0) > 0.3 * w, (mark.track, frame)
                assert min(y + h, height) - max(y, 0) > 0.3 * h, (mark.track, frame)


def test_real_numbers_lie_inside_their_pictures() -> None:
    for row in json.loads(jerseys.MADE.read_text())["images"]:
        for box in row["boxes"]:
            x, y, w, h = box["box"]
            assert 0 <= x < x + w <= row["width"]
            assert 0 <= y < y + h <= row["height"]


def test_masks_of_a_smaller_slower_output_are_laid_over_the_source() -> None:
    truth = Truth(Path("ride.mp4"), (200, 100), 4, complete=True)
    masks = {0: [(1.0, 2.0, 3.0, 4.0)], 1: [(10.0, 10.0, 5.0, 5.0)]}
    moved = real.at_source_frames(masks, {"frames": 2, "width": 100, "height": 50}, truth)
    assert moved[0] == [(2, 4, 6, 8)]
    assert moved[3] == [(20, 20, 10, 10)]
    assert set(moved) == {0, 1, 2, 3}


def test_a_torso_is_taken_upright_from_either_side_and_not_head_down() -> None:
    front = [(60.0, 90.0, 2), (100.0, 90.0, 2), (60.0, 30.0, 2), (100.0, 30.0, 2)]
    behind = [(100.0, 90.0, 2), (60.0, 90.0, 2), (100.0, 30.0, 2), (60.0, 30.0, 2)]
    for points in (front, behind):
        corners = jerseys.torso(NAMES, points)
        assert corners is not None
        assert corners.tolist() == [[60, 30], [100, 30], [100, 90], [60, 90]]
    down = [(60.0, 30.0, 2), (100.0, 30.0, 2), (60.0, 90.0, 2), (100.0, 90.0, 2)]
    assert jerseys.torso(NAMES, down) is None
    hidden = [(60.0, 90.0, 0), *front[1:]]
    assert jerseys.torso(NAMES, hidden) is None


def test_the_box_of_a_drawn_number_holds_what_was_drawn() -> None:
    picture = np.full((240, 240, 3), 70, np.uint8)
    before = picture.copy()
    corners = np.array([[60, 40], [180, 40], [180, 200], [60, 200]], np.float32)
    x, y, w, h = jerseys.draw(picture, corners, "23")
    changed = np.abs(picture.astype(int) - before).max(axis=2) > 90
    ys, xs = np.nonzero(changed)
    assert (xs.min(), xs.max() + 1) == (pytest.approx(x, abs=1), pytest.approx(x + w, abs=1))
    assert (ys.min(), ys.max() + 1) == (pytest.approx(y, abs=1), pytest.approx(y + h, abs=1))
    assert 80 < y < y + h < 160
