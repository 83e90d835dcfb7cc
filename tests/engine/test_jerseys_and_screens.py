"""Numbers on athletes, lit screens and burnt-in text are found; text that belongs to the scene is not taken for one."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.video.boxes import Box, covered
from pipeline.video.cover import region
from pipeline.video.detectors import Detectors
from pipeline.video.screens import Overlays, joined
from tests.media import Picture, texture

PEOPLE = [Box("person", 300, 200, 90, 260, 0.8), Box("person", 700, 180, 100, 280, 0.7)]


@pytest.fixture(scope="module")
def frames() -> Detectors:
    return Detectors("sports", threads=1)


@pytest.fixture(scope="module")
def stills() -> Detectors:
    return Detectors("sports", threads=1, stills=True)


def pitch(texts: list[str]) -> tuple[Picture, list[Box]]:
    """Two players in plain shirts with a number or a name each."""
    scene = cv2.blur(texture((1280, 720), seed=4), (9, 9))
    worn = []
    for person, text, shirt in zip(PEOPLE, texts, [(40, 30, 160), (200, 210, 210)], strict=True):
        x, y, w, h = (round(v) for v in person.xywh())
        cv2.rectangle(scene, (x + 10, y + 45), (x + w - 10, y + h // 2 + 20), shirt, -1)
        cv2.circle(scene, (x + w // 2, y + 22), 20, (120, 150, 200), -1)
        scale = 1.2 if len(text) < 3 else 0.55
        (tw, th), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 3)
        corner = (x + (w - tw) // 2, y + 110)
        colour = (245, 245, 245) if shirt[0] < 100 else (20, 20, 20)
        cv2.putText(scene, text, corner, cv2.FONT_HERSHEY_DUPLEX, scale, colour, 3, cv2.LINE_AA)
        worn.append(Box("jersey", corner[0], corner[1] - th, tw, th))
    return scene, worn


@pytest.mark.parametrize("texts", [["10", "27"], ["84", "MILLER"], ["7", "53"]])
def test_numbers_and_names_on_people_are_covered(stills: Detectors, texts: list[str]) -> None:
    scene, worn = pitch(texts)
    found = [region(box) for box in stills.jerseys(scene, PEOPLE)]
    assert {box.kind for box in found} == {"jersey"}
    assert all(max(covered(truth, box) for box in found) > 0.9 for truth in worn)
    assert sum(box.area for box in found) < 3 * sum(truth.area for truth in worn)


def test_people_take_turns_and_known_numbers_leave_theirs_to_others(frames: Detectors) -> None:
    scene, worn = pitch(["10", "27"])
    seen = [frames.jerseys(scene, PEOPLE, turn=turn) for turn in range(0, 60, 3)]
    for truth in worn:
        assert any(covered(truth, region(box)) > 0.9 for boxes in seen for box in boxes)
    others = [frames.jerseys(scene, PEOPLE, turn=turn, known=worn[:1]) for turn in range(0, 60, 3)]
    assert not any(covered(worn[0], box) > 0.1 for boxes in others for box in boxes)
    assert all(boxes for boxes in others)


def test_plain_shirts_and_nobody_show_nothing(stills: Detectors) -> None:
    scene, _ = pitch(["", ""])
    assert stills.jerseys(scene, PEOPLE) == []
    assert stills.jerseys(scene, []) == []
    assert stills.jerseys(scene, [Box("person", 1270, 700, 60, 90, 0.9)]) == []


def test_a_number_is_covered_where_its_wearer_is_not_seen(frames: Detectors) -> None:
    scene, worn = pitch(["10", "27"])
    found = [region(box) for box in frames.jerseys(scene, [])]
    assert {box.kind for box in found} == {"jersey"}
    assert any(covered(truth, box) > 0.9 for truth in worn for box in found)
    assert sum(box.area for box in found) < 6 * sum(truth.area for truth in worn)


def test_a_large_screen_must_be_surer_for_it_covers_much(frames: Detectors) -> None:
    """A white car seen from above is a telephone to the object detector, with a score of 0.64."""
    scene = np.full((720, 1280, 3), 180, np.uint8)
    large = Box("cell phone", 400, 100, 300, 500, 0.64)
    assert frames.screens(scene, [large]) == []
    assert [box.kind for box in frames.screens(scene, [replace(large, score=0.75)])] == ["screen"]


def test_lit_screens_are_covered_dark_and_doubtful_ones_not(frames: Detectors) -> None:
    scene = np.full((720, 1280, 3), 30, np.uint8)
    scene[100:200, 100:260] = 180
    objects = [
        Box("tv", 100, 100, 160, 100, 0.7),
        Box("laptop", 500, 100, 160, 100, 0.7),
        Box("cell phone", 100, 100, 160, 100, 0.35),
        Box("car", 100, 100, 160, 100, 0.9),
    ]
    assert frames.screens(scene, objects) == [Box("screen", 100, 100, 160, 100, 0.7)]


def recording(text: str, moves: int, frames: int = 4) -> list[Picture]:
    """Frames of a scene that moves by `moves` pixels, with text that does not, and a sign in the scene that does."""
    wide = cv2.blur(texture((1800, 720), seed=6), (5, 5))
    cv2.putText(
        wide, "MARKET STREET", (700, 60), cv2.FONT_HERSHEY_DUPLEX, 1.2, (240, 240, 240), 3, cv2.LINE_AA
    )
    made = []
    for n in range(frames):
        frame = wide[:, 100 + n * moves : 100 + n * moves + 1280].copy()
        stamp = text.format(n)
        cv2.putText(frame, stamp, (40, 690), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA)
        made.append(frame)
    return made


def overlays(detectors: Detectors, pictures: list[Picture]) -> list[list[Box]]:
    known = Overlays()
    return [
        known.look(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), detectors.lines_of_text(picture))
        for picture in pictures
    ]


def test_burnt_in_text_is_known_from_the_second_look_and_signs_that_pass_are_not(frames: Detectors) -> None:
    stamp = Box("screen", 40, 662, 560, 30)
    known = overlays(frames, recording("2026-05-04 10:15:0{} N48.137", moves=90))
    assert known[0] == []
    for boxes in known[1:]:
        [box] = boxes
        assert box.kind == "screen"
        assert covered(stamp, region(box)) > 0.85
    for before, after in pairwise(known[1:]):
        assert covered(before[0], after[0]) > 0.99


def test_signs_in_a_scene_that_stands_still_are_left_alone(frames: Detectors) -> None:
    assert overlays(frames, recording("", moves=0)) == [[], [], [], []]


def test_words_of_one_line_are_one_box_and_lines_stay_apart() -> None:
    words = [Box("text", 10, 10, 50, 20), Box("text", 75, 12, 40, 18), Box("text", 10, 60, 50, 20)]
    assert [box.xywh() for box in joined(words)] == [[10, 10, 105, 20], [10, 60, 50, 20]]
