"""Plates and faces are covered whole though a detector, or the edge of the picture, cuts an end off."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.video.boxes import Box, covered, pad
from pipeline.video.extent import coming_in, grown, steadied, whole
from pipeline.video.motion import Step
from pipeline.video.tracks import Tracker
from tests.media import texture

PLATE = Box("plate", 300, 160, 60, 20, 0.9)
FACE = Box("face", 300, 100, 50, 60, 0.9)
LOW = Box("face", 300, 118, 50, 42, 0.8)  # the upper third is missing
WIDTH = 640


def test_an_end_that_was_seen_before_stays_covered_and_one_that_shows_again_is_soon_covered() -> None:
    half = Box("plate", 330, 160, 30, 20, 0.9)
    assert covered(PLATE, whole(PLATE, half)) >= 0.9
    box = half
    for _ in range(4):
        box = whole(box, PLATE)
    assert covered(PLATE, box) > 0.95
    assert box.score == PLATE.score


def test_what_is_too_large_to_be_one_thing_is_not_joined() -> None:
    beside = Box("plate", 400, 160, 60, 20, 0.9)
    assert whole(PLATE, beside) is beside


def test_what_was_too_large_shrinks_again() -> None:
    box = pad(PLATE, 6, 2)
    for _ in range(10):
        box = whole(box, PLATE)
    assert box.area < 1.1 * PLATE.area


def test_a_box_grows_as_another_did() -> None:
    small = Box("plate", 100, 100, 30, 10)
    larger = Box("plate", 290, 160, 90, 20)
    assert grown(small, PLATE, larger) == Box("plate", 95, 100, 45, 10)
    assert grown(small, larger, PLATE) == small  # nothing shows that was hidden


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Box("plate", 600, 50, 40, 20), Box("plate", 590, 50, 40, 20), (590, 640)),
        (Box("plate", 600, 50, 40, 20), Box("plate", 480, 50, 40, 20), (480, 576)),  # no plate is longer
        (Box("plate", 0, 50, 30, 20), Box("plate", 12, 50, 30, 20), (0, 42)),
        (Box("plate", 300, 50, 40, 20), Box("plate", 290, 50, 40, 20), (290, 330)),
        (Box("plate", 600, 50, 40, 20), Box("plate", 610, 50, 40, 20), (610, 650)),  # it goes out
        (Box("face", 610, 50, 30, 60), Box("face", 600, 50, 30, 60), (600, 640)),
        (Box("face", 610, 50, 30, 60), Box("face", 585, 50, 30, 60), (585, 633)),  # no face is broader
        (Box("jersey", 610, 50, 30, 60), Box("jersey", 600, 50, 30, 60), (600, 630)),  # may have any shape
    ],
)
def test_what_comes_in_over_the_edge_shows_more_of_itself(
    before: Box, now: Box, expected: tuple[float, float]
) -> None:
    box = coming_in(before, now, WIDTH)
    assert (box.x, box.x2) == pytest.approx(expected)


def test_an_end_that_shows_only_later_is_covered_in_the_frames_before() -> None:
    """The detector sees half of the plate, then all of it: frames that have not left yet are covered further too."""
    picture = texture((640, 360), seed=5)[..., 0]
    tracker = Tracker(width=640, height=360, fps=30, scale=4)
    still = np.zeros((90, 160, 2), np.float16)
    for frame in range(19):
        tracker.note(frame, Step(still, frame == 0, False, 0.0))
        if frame % 3 == 0:
            half = Box("plate", 330, 160, 30, 20, 0.9)
            tracker.update(frame, [half if frame < 9 else PLATE], np.ascontiguousarray(picture))
    for frame in range(10):
        ((_, box),) = tracker.covering(frame, frozenset({"plate"}))
        assert covered(PLATE, box) > 0.9, f"frame {frame}"


def test_a_forehead_that_one_look_cuts_off_stays_covered() -> None:
    box = steadied(FACE, LOW)
    assert covered(FACE, box) >= 0.9
    assert box.score == LOW.score


def test_a_face_that_comes_nearer_is_covered_at_once_and_one_that_goes_soon_lets_go_of_what_it_left() -> None:
    near = pad(FACE, 10, 12)
    assert steadied(FACE, near) == near
    box = near
    for _ in range(6):
        box = steadied(box, FACE)
    assert (box.x, box.y, box.w, box.h) == pytest.approx((FACE.x, FACE.y, FACE.w, FACE.h))


def test_a_face_seen_elsewhere_is_not_stretched_to_there() -> None:
    beside = Box("face", 340, 100, 50, 60, 0.9)
    assert steadied(FACE, beside) is beside


def shown(looks: list[Box]) -> list[Box]:
    """Follow a face through a still picture, looked at every third frame; return its box in each frame."""
    tracker = Tracker(width=WIDTH, height=360, fps=25.0, scale=2.0)
    still = Step(flow=np.zeros((180, 320, 2), np.float16), cut=False, same=False, difference=1.0)
    last = 3 * (len(looks) - 1)
    for frame in range(last + 1):
        tracker.note(frame, still)
        if frame % 3 == 0:
            tracker.update(frame, [looks[frame // 3]])
    covering = [tracker.covering(frame, frozenset({"face"})) for frame in range(last)]
    assert [len(boxes) for boxes in covering] == [1] * last
    return [box for ((_, box),) in covering]


def test_the_frames_of_a_track_keep_a_forehead_that_every_second_look_misses() -> None:
    assert min(covered(FACE, box) for box in shown([FACE, LOW] * 5 + [FACE])) >= 0.9


def test_what_the_second_look_shows_of_a_face_is_covered_since_the_first() -> None:
    assert min(covered(FACE, box) for box in shown([LOW, FACE, FACE])) >= 0.9
