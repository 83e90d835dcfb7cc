"""Whether a recording was filmed upside down or on its side: detectors find a third of the faces in it then.

Told at the end of a pass. Most recordings show people or vehicles that stand upright in many of their frames, which
turned ones do not; they cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box
from pipeline.video.planes import shrink
from pipeline.video.redact import Planes
from pipeline.video.turned import Turn

Picture = NDArray[np.uint8]

STAND = frozenset({"person", "car", "truck", "bus", "motorcycle", "bicycle", "train"})
CLEAR = 0.4  # score from which one counts
# Sum of scores that upright pictures reach, and the share of looks: real rides, streets and games reach it in 0.54 to
# 1 of their looks (few in 0.2), the same upside down in 0 to 0.22, on their side in 0 to 0.04.
SURE, OFTEN = 0.8, 0.4
# What a turn must reach over the pictures that are compared, and how often what upright reaches: the game of the
# benchmark reaches 1.6 times as much upright as upside down, rides 8 times.
LEAST, TIMES = 1.6, 1.5
# After so many pictures it is enough when upright reaches twice what any turn does.
FEW, CLEARLY = 4, 2.0
# Pictures that are kept: evenly over the recording, and others with the most in them; their longer side in pixels.
EVENLY, HINTED, SIDE = 8, 4, 416


@dataclass(frozen=True, slots=True)
class _Kept:
    picture: Picture
    upright: float
    hint: float


class Upright:
    """One for each pass; looks for objects come in order."""

    def __init__(self, width: int, height: int) -> None:
        factor = min(1.0, SIDE / max(width, height))
        self._size = (max(2, round(width * factor / 2) * 2), max(2, round(height * factor / 2) * 2))
        self._looks = self._sure = 0
        self._every = 1
        self._evenly: list[_Kept] = []
        self._hinted: list[_Kept] = []

    def look(self, planes: Planes, objects: Sequence[Box]) -> None:
        """Take what was seen in a key frame as it was filmed."""
        number, self._looks = self._looks, self._looks + 1
        upright, hint = _score(objects), sum(box.score for box in objects)
        self._sure += upright >= SURE
        if number % self._every == 0:
            self._evenly.append(_Kept(self._small(planes), upright, hint))
            if len(self._evenly) > EVENLY:
                self._evenly, self._every = self._evenly[::2], 2 * self._every
        elif upright < SURE and hint > (self._hinted[0].hint if len(self._hinted) == HINTED else 0.0):
            found = [*self._hinted, _Kept(self._small(planes), upright, hint)]
            self._hinted = sorted(found, key=lambda one: one.hint)[-HINTED:]

    def quarters(self, find: Callable[[Picture], list[Box]]) -> int:
        """Return by how many quarter turns clockwise the pictures become upright; 0 where that cannot be told."""
        if self._sure >= OFTEN * self._looks:
            return 0
        sums = np.zeros(4)
        for number, kept in enumerate([*self._evenly[::2], *self._evenly[1::2], *self._hinted], start=1):
            height, width = kept.picture.shape[:2]
            turns = [Turn(quarters, width, height).picture(kept.picture) for quarters in (1, 2, 3)]
            sums += [kept.upright, *(_score(find(turn)) for turn in turns)]
            if number == FEW and sums[0] >= max(LEAST, CLEARLY * sums[1:].max()):
                return 0
        best = int(sums.argmax())
        return best if best and sums[best] >= max(LEAST, TIMES * sums[0]) else 0

    def _small(self, planes: Planes) -> Picture:
        w, h = self._size
        parts = shrink(planes.y, w, h), shrink(planes.u, w // 2, h // 2), shrink(planes.v, w // 2, h // 2)
        flat = np.concatenate([part.ravel() for part in parts]).reshape(h * 3 // 2, w)
        return np.asarray(cv2.cvtColor(flat, cv2.COLOR_YUV2BGR_I420), np.uint8)


def _score(objects: Sequence[Box]) -> float:
    """Return how much stands upright: the sum of the scores of people and vehicles that are clear."""
    return sum(box.score for box in objects if box.kind in STAND and box.score >= CLEAR)
