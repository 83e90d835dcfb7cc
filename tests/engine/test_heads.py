"""A head that the face detector misses is covered when a pose shows where it is; bodies are not taken for faces."""

from __future__ import annotations

from pipeline.video import heads
from pipeline.video.body import Body
from pipeline.video.boxes import Box
from pipeline.video.pose import Pose


def pose(*, nose_y: float = 110.0, score: float = 0.9) -> Pose:
    """A person of 200 pixels at x = 100, upright when the nose is above the shoulders (y = 140)."""
    marks = [(100.0, nose_y + (i % 3) * 2, 0.0, 1.0) for i in range(33)]
    for index, (x, y) in {11: (80, 140), 12: (120, 140), 23: (85, 200), 24: (115, 200)}.items():
        marks[index] = (float(x), float(y), 0.0, 1.0)
    box = Box("person", 60, 95, 80, 200)
    absent = tuple((0.0, 0.0, 0) for _ in range(17))
    return Pose(box, tuple(marks), absent, score, Body.around(box))


PERSON = Box("person", 60, 90, 80, 210, 0.8)


def test_a_head_without_a_face_gets_a_box() -> None:
    (box,) = heads.of_poses([pose()], [], [PERSON])
    assert box.kind == "face"
    assert box.x < 100 < box.x2
    assert box.y < 110 < box.y2
    assert 20 < box.h < 60


def test_a_face_that_was_found_is_enough() -> None:
    assert heads.of_poses([pose()], [Box("face", 90, 98, 20, 26, 0.9)], [PERSON]) == []


def test_a_lone_athlete_whom_the_person_detector_missed_is_covered_too() -> None:
    assert len(heads.of_poses([pose()], [], [])) == 1


def test_a_pose_made_of_legs_is_not_believed() -> None:
    assert heads.of_poses([pose(nose_y=260)], [], [PERSON]) == []
    assert heads.of_poses([pose(score=0.3)], [], [PERSON]) == []


def test_a_weak_face_as_large_as_a_person_is_the_person() -> None:
    body = Box("face", 58, 88, 90, 200, 0.55)
    small = Box("face", 90, 98, 20, 26, 0.55)
    sure = Box("face", 58, 88, 90, 200, 0.9)
    assert heads.plausible([body, small, sure], [PERSON]) == [small, sure]
