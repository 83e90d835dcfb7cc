"""Athletes on their heads and on their sides: their faces are looked for in turned pictures too.

The detectors know upright faces, leaning by a third of a right angle. Of 19 athletes who were filmed head down a
twentieth of the heads' frames was covered, of 10 who lay a fifth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.video.boxes import Box, iou, moved
from pipeline.video.nets import Picture
from pipeline.video.turned import Turn

if TYPE_CHECKING:
    from pipeline.video.detectors import Detectors

# Sports (taxonomy: sport.discipline) in which bodies turn over; in the others only who falls does.
TUMBLING = frozenset(
    {
        *(
            "gymnastics",
            "athletics",
            "fitness",
            "martial_arts",
            "swimming",
            "skiing",
            "skateboarding",
            "climbing",
        ),
        "other",
    }
)
# Width of a person's box, as a share of its height, from which somebody may lie or fall; and that person's least
# size, as a share of the picture's height.
LYING, LEAST_SIZE = 0.8, 0.11
LEAST = 0.5  # score from which a turned face counts: clothes and wheels make more of them than upright ones
SAME = 0.2  # overlap from which it is one that is known already
ROOM = 1.5  # of a known face, on each side, that a look at it alone takes, in sizes of the face
EVERY_TURN = (1, 2, 3)


def expected(discipline: str | None, people: Iterable[Box], height: int) -> bool:
    """Say whether faces may be turned: by the sport, or by somebody who is wider than upright people are."""
    return discipline in TUMBLING or any(
        box.w > LYING * box.h and max(box.w, box.h) >= LEAST_SIZE * height for box in people
    )


def find(detectors: Detectors, bgr: Picture, turns: Iterable[int], known: Sequence[Box]) -> list[Box]:
    """Find the faces that so many quarter turns clockwise make upright and that are not known yet; coarsely."""
    height, width = bgr.shape[:2]
    found: list[Box] = []
    for quarters in turns:
        turn = Turn(quarters, width, height)
        boxes = (
            turn.back(box) for box in detectors.faces(turn.picture(bgr), coarse=True) if box.score >= LEAST
        )
        found += [box for box in boxes if all(iou(box, face) < SAME for face in (*known, *found))]
    return found


def near(detectors: Detectors, bgr: Picture, face: Box) -> Box | None:
    """Find a face again that is expected at this place, whichever way it is turned: 5 CPU ms."""
    side = max(face.w, face.h)
    left, top = (max(0, round(at - ROOM * side)) for at in (face.x, face.y))
    right, bottom = (max(0, round(at + ROOM * side)) for at in (face.x2, face.y2))
    crop = bgr[top:bottom, left:right]
    if min(crop.shape[:2]) < 2:
        return None
    there = moved(face, -left, -top)
    best: Box | None = None
    for quarters in EVERY_TURN:
        turn = Turn(quarters, crop.shape[1], crop.shape[0])
        (box,) = detectors.near(np.ascontiguousarray(turn.picture(crop)), [turn.into(there)])
        if box is not None and box.score >= LEAST and (best is None or box.score > best.score):
            best = turn.back(box)
    return moved(best, left, top) if best else None
