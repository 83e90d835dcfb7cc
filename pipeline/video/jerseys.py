"""Numbers and names on athletes: text inside the trunks of people, read at its own resolution and enlarged.

Measured on 100 numbers and names drawn on the trunks of photographed athletes: covered to half 0.90 and to 90 % 0.87
with trunks brought to 448 px, 0.95 and 0.92 at 640; at 224 it is 0.58, the text detector likes digits of 100 px.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.video.boxes import Box, clip_to, covered, merged, pad, suppress
from pipeline.video.nets import Picture
from pipeline.video.text import Text
from pipeline.video.turns import from_turn

# Parts of a person's box, as shares of it: left, top, width, height. Words count on the trunk of who stands upright,
# numbers anywhere: of filmed athletes, who lean and turn, 0.6 have theirs in that part, 0.9 in the box and around it.
TRUNK = (0.05, 0.1, 0.9, 0.5)
BODY = (-0.05, -0.05, 1.1, 1.1)
LEAST_PERSON = 56  # px: on smaller ones nobody reads a number
LEAST_SCORE = 0.3
MOST = 0.8  # share of a word on the trunk
SAME = 0.6  # overlap from which two boxes are one person
UPRIGHT, HEAD = 1.8, 0.12  # height ÷ width of who stands; share of the height that is the head
TALLEST = 0.4  # of the person: larger text is on what they stand before
# Where nobody is seen somebody may still be there: the whole picture is read at this width, from this score on.
WITHOUT, ALONE = 384, 0.45


@dataclass(frozen=True, slots=True)
class Reading:
    """How closely trunks are read.

    `longest` is their longer side in the network, `pixels` bound a picture (100 000: 25 CPU ms), `number` is the
    score from which a number counts.
    """

    longest: int
    pixels: float
    number: float


FRAME = Reading(longest=320, pixels=100_000, number=0.3)
STILL = Reading(longest=640, pixels=6_000_000, number=0.3)
ZOOM = 12.0
RIM = 0.08  # share of its box that each side of a number gets


class Jerseys:
    """Finds the text on people; boxes of kind `jersey` in the picture's pixels."""

    def __init__(self, text: Text, reading: Reading) -> None:
        self.text, self.reading = text, reading

    def find(
        self, bgr: Picture, people: Sequence[Box], *, turn: int = 0, known: Sequence[Box] = ()
    ) -> list[Box]:
        """Find numbers and names in an H × W × 3 picture; people take turns where there are too many for it.

        People who show one of the `known` boxes are spared. Where there are no people the whole picture is read.
        """
        height, width = bgr.shape[:2]
        if not people:
            everywhere = Box("all", 0, 0, width, height)
            _, numbers = self.text.lines_and_numbers(bgr, everywhere, zoom=2, longest=WITHOUT)
            sure = (pad(box, RIM * box.w, RIM * box.h) for box in numbers if box.score >= ALONE)
            return merged(clip_to(box, width, height) for box in sure)
        places = suppress(
            (
                person
                for person in people
                if person.h >= LEAST_PERSON
                and person.score >= LEAST_SCORE
                and not any(covered(jersey, person) > 0.8 for jersey in known)
            ),
            SAME,
        )
        left = self.reading.pixels
        found: list[Box] = []
        for person in from_turn(places, turn):
            area, trunk = clip_to(part(person, BODY), width, height), part(person, TRUNK)
            left -= area.area * min(ZOOM, self.reading.longest / max(area.w, area.h, 1.0)) ** 2
            lines, numbers = self.text.lines_and_numbers(bgr, area, zoom=ZOOM, longest=self.reading.longest)
            printed = [replace(box, kind="jersey") for box in lines if covered(box, trunk) >= MOST]
            printed += [
                pad(box, RIM * box.w, RIM * box.h)
                for box in numbers
                if box.score >= self.reading.number and not _on_the_head(box, person)
            ]
            found += [clip_to(box, width, height) for box in printed if box.h <= TALLEST * person.h]
            if left <= 0:
                break
        return merged(found)


def part(person: Box, shares: tuple[float, float, float, float]) -> Box:
    """Return a part of a person's box."""
    x, y, w, h = shares
    return Box("area", person.x + x * person.w, person.y + y * person.h, w * person.w, h * person.h)


def _on_the_head(box: Box, person: Box) -> bool:
    """Say whether what looks like a number is the head of somebody who stands upright."""
    return person.h >= UPRIGHT * person.w and box.cy < person.y + HEAD * person.h
