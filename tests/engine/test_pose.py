"""People get one pose each, in pixels of the frame, with COCO's keypoints beside MediaPipe's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.video import weights
from pipeline.video.body import LOOKS
from pipeline.video.boxes import Box, iou
from pipeline.video.detectors import Detectors
from pipeline.video.pose import Pose, PoseEstimator
from pipeline.video.process import process
from tests.media import Picture, make_video, shared, texture

NOSE, LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE = 0, 5, 6, 11, 12, 13, 14


@pytest.fixture(scope="module")
def estimator() -> Iterator[PoseEstimator]:
    made = PoseEstimator()
    yield made
    made.close()


@pytest.fixture(scope="module")
def portrait() -> Picture:
    """The astronaut in RGB, 512 × 512: head and trunk."""
    return cv2.cvtColor(cv2.imread(str(weights.path("astronaut"))), cv2.COLOR_BGR2RGB)


def well_formed(pose: Pose, width: int, height: int) -> None:
    assert len(pose.landmarks) == 33
    assert len(pose.keypoints) == 17
    assert 0 <= pose.score <= 1
    for x, y, v in pose.keypoints:
        assert v in (0, 1, 2)
        assert (x, y) == (0, 0) if v == 0 else (0 <= x < width and 0 <= y < height)


def astronaut_at(pose: Pose, left: float, top: float, side: float) -> None:
    """Check that nose and shoulders are where the portrait has them."""
    nose, first, second = (pose.keypoints[i] for i in (NOSE, LEFT_SHOULDER, RIGHT_SHOULDER))
    assert abs(nose[0] - (left + 0.45 * side)) < 0.08 * side
    assert abs(nose[1] - (top + 0.23 * side)) < 0.08 * side
    assert first[0] > nose[0] > second[0]  # her left is on the right of the picture
    assert min(first[1], second[1]) > nose[1]


def test_a_lone_person_is_found_without_a_box(estimator: PoseEstimator, portrait: Picture) -> None:
    (pose,) = estimator.people(portrait, [])
    well_formed(pose, 512, 512)
    astronaut_at(pose, 0, 0, 512)


def test_a_person_with_a_box_is_given_once(estimator: PoseEstimator, portrait: Picture) -> None:
    (pose,) = estimator.people(portrait, [Box("person", 20, 10, 400, 500, 0.9)])
    astronaut_at(pose, 0, 0, 512)


def test_poses_are_in_pixels_of_the_frame(estimator: PoseEstimator, portrait: Picture) -> None:
    frame = cv2.cvtColor(texture((1280, 720), seed=5), cv2.COLOR_BGR2RGB)
    small = cv2.resize(portrait, (300, 300), interpolation=cv2.INTER_AREA)
    places = [(60, 200), (500, 380), (940, 100)]
    for left, top in places:
        frame[top : top + 300, left : left + 300] = small
    boxes = [Box("person", left, top, 290, 300, 0.9) for left, top in places]
    poses = sorted(estimator.people(frame, boxes), key=lambda pose: pose.box.x)
    assert len(poses) == 3
    for pose, (left, top) in zip(poses, places, strict=True):
        well_formed(pose, 1280, 720)
        astronaut_at(pose, left, top, 300)


def test_two_boxes_of_one_person_are_one_pose(estimator: PoseEstimator, portrait: Picture) -> None:
    boxes = [Box("person", 20, 10, 400, 500, 0.9), Box("person", 40, 20, 390, 490, 0.6)]
    assert len(estimator.people(portrait, boxes)) == 1


def placed(portrait: Picture, left: int) -> Picture:
    """Lay the portrait over a wall."""
    frame = cv2.cvtColor(texture((1280, 720), seed=5), cv2.COLOR_BGR2RGB)
    frame[60:572, left : left + 512] = portrait
    return frame


def looks_of_the_detector(estimator: PoseEstimator, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows by one whenever BlazePose's own detector is asked."""
    asked: list[None] = []
    detector = estimator._detector()

    class Counting:
        def process(self, given: dict[str, Any]) -> Any:
            asked.append(None)
            return detector.process(given)

    monkeypatch.setattr(estimator, "_detector", Counting)
    return asked


def test_who_was_seen_before_is_followed_without_the_detector(
    estimator: PoseEstimator, portrait: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = looks_of_the_detector(estimator, monkeypatch)
    before: list[Pose] = []
    for left in (100, 118, 136, 154):
        before = estimator.people(
            placed(portrait, left), [Box("person", left + 20, 70, 400, 500, 0.9)], before
        )
        (pose,) = before
        astronaut_at(pose, left, 60, 512)
    assert len(asked) == 1


def test_a_body_that_turns_is_left_to_the_detector(
    estimator: PoseEstimator, portrait: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    upright = estimator.people(placed(portrait, 300), [Box("person", 320, 70, 400, 500, 0.9)])
    asked = looks_of_the_detector(estimator, monkeypatch)
    lying = placed(np.rot90(portrait), 300)
    (pose,) = estimator.people(lying, [Box("person", 310, 150, 500, 400, 0.9)], upright)
    assert asked
    nose, first, second = (pose.keypoints[i] for i in (NOSE, LEFT_SHOULDER, RIGHT_SHOULDER))
    assert nose[0] < min(first[0], second[0])  # she lies with her head on the left


def test_landmarks_alone_are_not_believed_for_ever(
    estimator: PoseEstimator, portrait: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = looks_of_the_detector(estimator, monkeypatch)
    frame = placed(portrait, 300)
    before: list[Pose] = []
    for _ in range(2 * LOOKS + 2):
        before = estimator.people(frame, [Box("person", 320, 70, 400, 500, 0.9)], before)
    assert len(asked) == 2


def test_nobody_has_no_pose(estimator: PoseEstimator) -> None:
    assert estimator.people(np.zeros((360, 640, 3), np.uint8), []) == []
    assert estimator.people(np.full((360, 640, 3), 128, np.uint8), [Box("person", 600, 300, 8, 20)]) == []


def test_mediapipe_is_silent() -> None:
    code = (
        "import numpy as np; from pipeline.video.pose import PoseEstimator; e = PoseEstimator(); "
        "e.people(np.zeros((64, 64, 3), np.uint8), []); e.close(); import sys; print('told', file=sys.stderr)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stderr == "told\n"


def test_a_crowd_may_come_first() -> None:
    """Its graph is then the first of the process: it must not need what another one's module has loaded."""
    code = (
        "import numpy as np; from pipeline.video.boxes import Box; from pipeline.video.pose import PoseEstimator; "
        "e = PoseEstimator(); boxes = [Box('person', 100 * n, 20, 90, 200, 0.9) for n in range(3)]; "
        "print(len(e.people(np.zeros((240, 320, 3), np.uint8), boxes)))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def pictures(path: Path, every: int, count: int) -> Iterator[Picture]:
    import av

    with av.open(str(path)) as container:
        for frame in islice(container.decode(video=0), 0, every * count, every):
            yield frame.to_ndarray(format="bgr24")


@pytest.mark.media
@pytest.mark.parametrize("name", ["tfjs_squats", "chonyy_basketball_shot"])
def test_a_lone_athlete_has_a_pose_in_every_frame(estimator: PoseEstimator, name: str) -> None:
    detectors = Detectors("sports", threads=2)
    found = 0
    for picture in pictures(shared(f"video/sports/{name}.mp4"), every=6, count=8):
        height, width = picture.shape[:2]
        people = [box for box in detectors.objects(picture) if box.kind == "person" and box.h > 0.11 * height]
        poses = estimator.people(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), people)
        assert len(poses) <= max(1, len(people))
        for pose in poses:
            well_formed(pose, width, height)
        found += bool(poses and poses[0].score > 0.6)
    assert found >= 7


@pytest.mark.media
def test_people_of_a_crowd_have_their_own_poses(estimator: PoseEstimator) -> None:
    detectors = Detectors("sports", threads=2)
    counts = []
    for picture in pictures(shared("video/street/openpose_paris.avi"), every=40, count=3):
        people = [box for box in detectors.objects(picture) if box.kind == "person" and box.h > 80]
        poses = estimator.people(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), people)
        for number, pose in enumerate(poses):
            assert all(iou(pose.box, other.box) < 0.5 for other in poses[:number])
        counts.append(len(poses))
    assert np.mean(counts) >= 2


def test_poses_between_two_looks_for_people_belong_to_them_too(tmp_path: Path, portrait: Picture) -> None:
    """She moves across the picture; poses come five times a second, people are looked for three times."""
    source = tmp_path / "a.mp4"
    truth = make_video(source, 3, (960, 540), 25, face=cv2.cvtColor(portrait, cv2.COLOR_RGB2BGR))
    report = process(source, tmp_path / "out", vertical="sports", workers=2)
    poses = list(report["poses"])
    assert len(poses) >= 12
    assert len({pose["track"] for pose in poses}) == 1
    assert None not in {pose["track"] for pose in poses}
    assert {"pose_landmarks"} <= {model["name"] for model in report["models"]}
    for pose in poses:
        left, top, side, _ = truth.boxes["portrait"][pose["frame"]]
        x, y, _ = pose["keypoints17"][NOSE]
        assert abs(x - left - 0.45 * side) < 0.08 * side
        assert abs(y - top - 0.23 * side) < 0.08 * side
