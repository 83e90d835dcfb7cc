"""Athletes on their heads and on their sides are covered like those who stand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.video import tumbling, weights
from pipeline.video.boxes import Box, covered
from pipeline.video.detectors import Detectors
from pipeline.video.options import Options
from pipeline.video.process import process
from pipeline.video.schedule import TURNS, Schedule
from pipeline.video.turned import Turn
from tests.engine.test_covered import FACE_IN_PORTRAIT, share_covered
from tests.engine.test_still_camera import lossless
from tests.media import Picture, texture

SIDE, PLACE = 240, (560, 150)  # of the portrait that is turned
FRAMES = 50


def turned_face(quarters: int) -> Box:
    """Where the face of the turned portrait is in the first frame."""
    left, top, width, height = (SIDE * share for share in FACE_IN_PORTRAIT)
    x, y, w, h = left, top, width, height
    for _ in range(quarters):  # counterclockwise, as np.rot90
        x, y, w, h = y, SIDE - x - w, h, w
    return Box("face", PLACE[0] + x, PLACE[1] + y, w, h, 0.8)


def gym(quarters: int) -> Picture:
    """Somebody stands on the left, somebody tumbles on the right."""
    portrait = cv2.resize(cv2.imread(str(weights.path("astronaut"))), (SIDE, SIDE))
    wall = texture((960 + 2 * FRAMES, 540), seed=5)
    wall[200 : 200 + SIDE, 120 : 120 + SIDE] = portrait
    wall[PLACE[1] : PLACE[1] + SIDE, PLACE[0] : PLACE[0] + SIDE] = np.rot90(portrait, quarters)
    return wall


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_who_tumbles_is_covered_in_every_frame(tmp_path: Path, quarters: int) -> None:
    wall = gym(quarters)
    lossless(tmp_path / "gym.mp4", [wall[:, 2 * f : 2 * f + 960].copy() for f in range(FRAMES)])
    report = process(
        tmp_path / "gym.mp4",
        tmp_path / "out",
        vertical="sports",
        discipline="gymnastics",
        only_redact=True,
        workers=2,
    )
    assert report["certificate"]["warnings"] == [], "the recording itself is upright"
    face = turned_face(quarters)
    bare = [
        f for f in range(FRAMES) if share_covered((face.x - 2 * f, face.y, face.w, face.h), report, f) < 0.9
    ]
    assert not bare, f"the face shows in frames {bare}"


@pytest.fixture(scope="module")
def detectors() -> Detectors:
    return Detectors("sports", threads=1)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_face_is_found_by_its_turn_and_again_where_it_is_expected(
    detectors: Detectors, quarters: int
) -> None:
    picture, face = np.ascontiguousarray(gym(quarters)[:, :960]), turned_face(quarters)
    found = tumbling.find(detectors, picture, [quarters], [])
    assert max(covered(face, box) for box in found) > 0.9
    assert tumbling.find(detectors, picture, [quarters], found) == [], "what is known is not found once more"
    assert tumbling.find(detectors, picture, [], []) == []
    shifted = Box("face", face.x + 8, face.y - 6, face.w, face.h, face.score)
    again = tumbling.near(detectors, picture, shifted)
    assert again is not None
    assert covered(face, again) > 0.9
    assert tumbling.near(detectors, picture, Box("face", 20, 20, 60, 80, 0.8)) is None
    assert tumbling.near(detectors, picture, Box("face", -300, 20, 60, 80, 0.8)) is None, (
        "it has left the picture"
    )


def test_a_turn_is_looked_for_in_every_look_for_faces_of_athletes_and_all_when_a_scene_begins() -> None:
    def asked(vertical: str, *, fresh: bool) -> list[set[str]]:
        schedule = Schedule(options=Options.of(vertical=vertical), fps=25)
        looks = [schedule.looks(f, fresh=fresh) for f in range(300) if schedule.is_key(f)]
        return [set(look & TURNS.keys()) for look in looks if "faces" in look]

    usual = asked("sports", fresh=False)
    assert {len(turns) for turns in usual} == {1}
    assert all(set.union(*usual[n : n + 3]) == TURNS.keys() for n in range(len(usual) - 2))
    assert all(turns == TURNS.keys() for turns in asked("sports", fresh=True))
    assert not any(asked("driving", fresh=True))
    assert sorted(TURNS.values()) == [*tumbling.EVERY_TURN]
    assert all(Turn(turn, 4, 2).picture(np.zeros((2, 4, 3), np.uint8)).size for turn in TURNS.values())


def test_it_is_the_sport_or_somebody_who_lies_that_makes_faces_turn() -> None:
    stands, lies = Box("person", 0, 0, 60, 200, 0.9), Box("person", 0, 0, 200, 80, 0.9)
    far = Box("person", 0, 0, 30, 12, 0.9)
    assert tumbling.expected("gymnastics", [], 540)
    assert not tumbling.expected("basketball", [stands, far], 540)
    assert tumbling.expected("basketball", [stands, lies], 540)
    assert tumbling.expected(None, [lies], 540)
    assert not tumbling.expected(None, [stands], 540)
