"""Letters that are laid over a picture are noticed; what moves, and what stood there before, is not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.video.appearing import Appearing
from pipeline.video.boxes import Box
from tests.media import texture

GROUND = cv2.blur(texture((2600, 720), seed=6), (5, 5))[..., 0].copy()
COMES, KEYS = 12, 20
PLACE = "N48.13712 E011.57543"
LETTERS = {"top": Box("screen", 700, 25, 380, 24), "bottom": Box("screen", 420, 667, 380, 24)}


def key(number: int, shift: int) -> NDArray[np.uint8]:
    return GROUND[:, shift * number : shift * number + 1280].copy()


def noticed(picture: Callable[[int], NDArray[np.uint8]]) -> dict[int, list[Box]]:
    """Return what is noticed, by key frame."""
    appearing = Appearing(1280, 720)
    found = {number: appearing.look(picture(number)) for number in range(KEYS)}
    return {number: boxes for number, boxes in found.items() if boxes}


@pytest.mark.parametrize("place", ["top", "bottom"])
@pytest.mark.parametrize("shift", [0, 3, 15])
@pytest.mark.parametrize("size", [0.6, 1.0])
def test_letters_that_come_are_noticed_within_three_key_frames_where_they_are(
    place: str, shift: int, size: float
) -> None:
    at = LETTERS[place]

    def picture(number: int) -> NDArray[np.uint8]:
        shown = key(number, shift)
        if number >= COMES:
            origin, grey = (round(at.x), round(at.y2)), 20 if place == "top" else 255  # the sky is bright
            cv2.putText(
                shown, PLACE, origin, cv2.FONT_HERSHEY_DUPLEX, size, grey, round(2 * size), cv2.LINE_AA
            )
        return shown

    found = noticed(picture)
    assert found
    assert set(found) <= {COMES + 1, COMES + 2, COMES + 3}
    for box in [box for boxes in found.values() for box in boxes]:
        assert at.x - 20 <= box.x <= box.x2 <= at.x2 + 20
        assert at.y - 20 <= box.y <= box.y2 <= at.y2 + 20


@pytest.mark.parametrize("shift", [0, 1, 3, 15])
def test_nothing_is_noticed_in_a_scene_that_stands_still_or_moves(shift: int) -> None:
    assert noticed(lambda number: key(number, shift)) == {}


def test_letters_that_were_there_from_the_beginning_are_not_new() -> None:
    def picture(number: int) -> NDArray[np.uint8]:
        shown = key(number, 15)
        cv2.putText(shown, f"2026-05-04 10:15:{number:02d}", (420, 691), 2, 1.0, 255, 2, cv2.LINE_AA)
        return shown

    assert noticed(picture) == {}
