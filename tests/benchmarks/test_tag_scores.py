"""Tag and pose scores count what they say they count."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks import pose, tags
from benchmarks.tags import Counts, Table
from pipeline.video.ego import Event


def test_precision_and_recall() -> None:
    table = Table()
    for there, said, held in (
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ):
        table.add("odd.weather.fog", there=there, said=said, held=held)
    assert table.everything["odd.weather.fog"] == Counts(1, 1, 1)
    assert table.held_out["odd.weather.fog"] == Counts(1, 0, 0)
    precision, recall = tags.figures("odd.weather.fog", "all", Counts(3, 1, 2))
    assert (precision.value, recall.value) == (0.75, 0.6)
    assert tags.figures("ego.stopped", "all", Counts()) == []


def test_an_event_counts_once_and_only_near_its_label() -> None:
    counts: dict[str, Counts] = defaultdict(Counts)
    labelled: list[dict[str, Any]] = [
        {"event": "hard_brake", "start_s": 10.0, "end_s": 12.0},
        {"event": "hard_brake", "start_s": 50.0, "end_s": 52.0},
        {"event": "non_aggressive", "start_s": 70.0, "end_s": 72.0},
    ]
    said = [
        Event("hard_brake", 10, 12, 11.0, 0.9),
        Event("hard_brake", 10, 12, 11.5, 0.9),
        Event("swerve", 1, 2, 1.5, 0.5),
    ]
    tags.score_events(counts, labelled, said)
    assert counts["event.hard_brake"] == Counts(1, 1, 1)
    assert counts["event.swerve or lane_change"] == Counts(0, 1, 0)


def test_a_night_and_a_day_picture(tmp_path: Path) -> None:
    day = np.tile(np.linspace(90, 220, 320, dtype=np.uint8)[None, :, None], (240, 1, 3))
    cv2.imwrite(str(tmp_path / "day.png"), day)
    cv2.imwrite(str(tmp_path / "night.png"), day // 5)
    assert tags.tag_still(tmp_path / "day.png")[0] == "day"
    assert tags.tag_still(tmp_path / "night.png")[0] == "night_unlit"


def labelled() -> pose.Labelled:
    names = [f"joint {i}" for i in range(17)]
    points = [[100.0 + 10 * (i % 4), 50.0 + 12 * i, 2] for i in range(17)]
    return pose.Labelled(
        Path("a.jpg"), 640, 480, names, [{"keypoints": points, "bbox": [90.0, 40.0, 60.0, 210.0]}]
    )


def test_the_truth_scores_one_and_noise_scores_less(tmp_path: Path) -> None:
    still = labelled()
    exact = SimpleNamespace(keypoints=still.people[0]["keypoints"], score=0.9)
    (ap, *_) = pose.oks_ap([still], {"a.jpg": [exact]}, tmp_path)
    assert ap.value == pytest.approx(1.0)
    shaken = [[x + 25, y - 25, v] for x, y, v in still.people[0]["keypoints"]]
    (worse, *_) = pose.oks_ap([still], {"a.jpg": [SimpleNamespace(keypoints=shaken, score=0.9)]}, tmp_path)
    assert (worse.value or 0.0) < 0.5
    (none, *_) = pose.oks_ap([still], {"a.jpg": []}, tmp_path)
    assert none.value == 0.0


def test_joints_within_a_share_of_the_torso() -> None:
    names = list(pose.LSP)
    points = [[100.0, 100.0, 2] for _ in names]
    for name in pose.HIPS:
        points[names.index(name)] = [100.0, 200.0, 2]
    still = pose.Labelled(Path("a.jpg"), 640, 480, names, [{"keypoints": points}])
    marks = np.full((33, 4), 1.0)
    for name, index in pose.LSP.items():
        marks[index, :2] = points[names.index(name)][:2]
    marks[pose.LSP["l_wrist"], 0] += 31  # a torso is 100 long
    found: dict[str, list[Any]] = {"a.jpg": [SimpleNamespace(landmarks=marks)]}
    assert pose.correct_joints([still], found, only_held_out=False) == (11, 12, 1, 1)
    assert pose.correct_joints([still], {"a.jpg": []}, only_held_out=False) == (0, 12, 0, 1)
