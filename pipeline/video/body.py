"""Where a body is in the picture, told by its landmarks: the place to look for them in the next picture.

The square that MediaPipe draws in video (`PoseLandmarksToRoi`): around the hips, through the end of the body, turned as
the line between them. Here a fifth of a second lies between two looks, so it moves with the person's box, and those
who tumble are not followed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.video.boxes import Box, iou

ROUND = 1.25  # side of the square, in diameters of the body
SAME = 0.3  # overlap of a person's boxes in two looks
# Radians that a body may lean, and turn from one look to the next. LSP's athletes, turned by 0 to 60° a look: followed
# without these limits 0.56 to 0.41 of their joints are right, with them 0.56 to 0.47, by BlazePose's detector in every
# look 0.51 to 0.49.
LEANS, TURNS = 0.5, 0.25
LOOKS = 10  # so many in a row are told by landmarks alone


@dataclass(frozen=True, slots=True)
class Body:
    """A square in frame pixels, turned clockwise by radians, and the person box that it was seen with.

    `looks`: how many in a row it has been told by landmarks alone.
    """

    cx: float
    cy: float
    side: float
    turn: float
    person: Box
    looks: int = 0

    @classmethod
    def around(cls, person: Box) -> Body:
        """Return the square around the box of an upright person."""
        return cls(person.cx, person.cy, ROUND * max(person.w, person.h), 0.0, person)

    @classmethod
    def of_landmarks(
        cls, hips: tuple[float, float], end: tuple[float, float], person: Box, looks: int = 0
    ) -> Body:
        """Return the square of BlazePose's two points of alignment."""
        dx, dy = end[0] - hips[0], end[1] - hips[1]
        turn = wrapped(math.pi / 2 - math.atan2(-dy, dx))
        return cls(*hips, 2 * ROUND * math.hypot(dx, dy), turn, person, looks)

    def agrees(self, found: Body) -> bool:
        """Return whether what was found here turned no further than a body does between two looks."""
        return abs(wrapped(found.turn - self.turn)) <= TURNS


def expected(bodies: Iterable[Body], person: Box) -> Body | None:
    """Return where the body of a person must be now, or nothing when that was not seen lately or leans too far."""
    last = max(bodies, key=lambda body: iou(body.person, person), default=None)
    if last is None or iou(last.person, person) < SAME or abs(last.turn) > LEANS or last.looks >= LOOKS:
        return None
    return replace(
        last,
        cx=last.cx + person.cx - last.person.cx,
        cy=last.cy + person.cy - last.person.cy,
        person=person,
        looks=last.looks + 1,
    )


def wrapped(radians: float) -> float:
    """Return the same angle between -π and π."""
    return math.remainder(radians, 2 * math.pi)
