"""Plates in vehicles, by the look of them and, where a vehicle shows none that is sure, by its letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.video.boxes import Box, clip_to, covered, iou, merged, pad, suppress
from pipeline.video.nets import Picture
from pipeline.video.plates import LEAST_HEIGHT, plausible, whole_plate
from pipeline.video.text import Text
from pipeline.video.turns import from_turn, number

# Where plates are in a vehicle's box: not in its top third, with room for boxes that end at the bumper.
TOP, BELOW, BESIDE = 0.3, 0.08, 0.05
# Share of the picture's height: a vehicle that begins within it is cut off by the upper edge, and what is left of it
# may have its plate anywhere. Of 352 filmed plates of close cars 50 leak instead of 59; rides cost the same.
CUT = 0.015
LEAST_LETTERS = 0.07  # width of a plate as share of its vehicle's
ALONE = 0.45  # score of the plate head from which its box counts outside the vehicles
# Narrower looks at the whole picture measure letters badly, and to them a headlight is a plate of some score: from this
# one it counts on a vehicle that shows another for certain.
EXACT, SURELY = 640, 0.55
HALVED = 640  # wider inputs are read in halves, for the network's memory
NARROW = 2.0  # height ÷ width of them, seen from the side
CLOSE = 0.95  # share of the picture's width that one takes at most, with the room that the head gives it
# A plate of this score in a vehicle: what else may be one on it is none. Of 449 plates in stills that were not held out
# 440 are covered with and without this, for 7.4 instead of 9.0 % of the pixels.
FOUND = 0.7
IN_BOTH = 0.12  # share of a picture that is in both of its halves
ON = 0.8  # share of a box in a vehicle's from which it is on it
LEAST_VEHICLE = 70  # px: the plates of smaller ones cannot be read
NEAR_VEHICLE = 150  # px from which they can be read easily
# A plate that was seen and is not now is read once more where it is expected: so many of them a frame, with so much of
# its longer side around it, enlarged so much at most to so many pixels; from which score and overlap it is found, and
# which share of it lies in a vehicle, for read so closely lattice windows are plates too. Of 89 plates of close cars,
# filmed, 7 leak instead of 9, of their boxes 0.967 are covered instead of 0.960.
MOST_LOST, AROUND, CLOSEST, LOOKED_AT = 3, 0.8, 3.0, 192
AGAIN, SAME, WITHIN = 0.65, 0.1, 0.5
THIRD = 3
PART = 0.85  # share of a vehicle's box in a surer one's from which it is a part of that one
SEVERAL = 6  # times smaller it is another vehicle before it


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a picture is worth: zoom and size of the letters' search.

    `pixels` bounds the letters' search (100 000 of the network's pixels are 25 CPU ms, 6 of them the plate head's);
    `longest` are the sizes a vehicle is brought to, one after the other: small ones show large plates whole.
    `everywhere` reads the whole picture once as well, at this width, where there is a vehicle at all; `without` where
    there is none. Where it has no `everywhere`, every look at the whole picture is one at the width of `without`, and
    at `share` of the picture's at least: at night a car is two lamps and a plate, also beside one that is seen.
    `vehicle` is the score of a vehicle worth searching, `widest` the largest share of its width that letters of a
    plate take: signs on shops that look a little like vehicles stay uncovered. `head` is the score of the plate head
    from which its box in a vehicle counts, `rim` the shares of it that it gets on each side, and above and below.
    """

    zoom: float
    longest: tuple[int, ...]
    pixels: float
    vehicle: float
    widest: float
    head: float
    everywhere: int = 0
    without: int = 0
    share: float = 0.0
    rim: tuple[float, float] = (0.06, 0.0)

    def width(self, longest: int, *, vehicles: bool) -> int:
        """Return the width at which a picture of this longest side is read whole, with or without vehicles to read."""
        return (
            self.everywhere
            if vehicles and self.everywhere
            else max(self.without, round(self.share * longest))
        )


# A frame of a video: the next key frame is a tenth of a second away, and tracks bridge what one of them misses.
# Of 170 plates in stills that were not held out 143 were found in their vehicles at 320 pixels as at 512, 117 and 112
# of them whole, for less than half the time: the letters of what is near are large enough.
FRAME = Effort(
    zoom=2.5, longest=(320,), pixels=250_000, vehicle=0.25, widest=0.5, head=0.4, without=384, share=0.3
)
# The first frame of a scene: what shows here and is missed has leaked already when it is seen.
FIRST = Effort(
    zoom=2.5,
    longest=(320,),
    pixels=600_000,
    vehicle=0.2,
    widest=0.5,
    head=0.3,
    everywhere=960,
    without=384,
    share=0.3,
)
# A picture on its own gets one chance.
STILL = Effort(
    zoom=3.0,
    longest=(720, 256),
    pixels=3_000_000,
    vehicle=0.2,
    widest=0.65,
    head=0.2,
    everywhere=1280,
    without=640,
    rim=(0.09, 0.09),
)


class PlateSearch:
    """Finds plates with this effort; boxes of kind `plate` in the picture's pixels."""

    def __init__(self, text: Text, effort: Effort) -> None:
        self.text, self.effort = text, effort

    def find(
        self,
        bgr: Picture,
        vehicles: Sequence[Box],
        *,
        turn: int = 0,
        known: Sequence[Box] = (),
        lost: Sequence[Box] = (),
        whole: bool = True,
        close: bool = False,
    ) -> list[Box]:
        """Find plates in an H × W × 3 picture; vehicles take turns where the effort is not enough for all.

        A vehicle that shows one of the `known` plates is spared; where a vehicle has one of the `lost` and it is not
        found, it is read closely. `whole`: look at the whole picture too where the effort has it.
        `close`: with the effort of a scene's first frame.
        """
        effort = FIRST if close else self.effort
        height, width = bgr.shape[:2]
        letters: list[Box] = []
        found: list[Box] = []
        alone: list[Box] = []
        worth = [box for box in vehicles if box.w >= LEAST_VEHICLE and box.score >= effort.vehicle]
        places = apart(box for box in worth if not any(covered(plate, box) > 0.9 for plate in known))
        left = effort.pixels
        for vehicle in in_turn(places, turn):
            area = _plate_area(vehicle, width, height)
            for longest in effort.longest:
                scale = min(effort.zoom, longest / max(area.w, area.h, 1))
                left -= area.area * scale**2
                lines, plates = self.text.lines_and_plates(bgr, area, zoom=effort.zoom, longest=longest)
                letters += lines
                found += _likely(plates, effort.head, width, height, effort.rim)
            if left <= 0:
                break
        everywhere = effort.width(max(width, height), vehicles=bool(places)) if whole else 0
        if everywhere:
            for part in halves(width, height) if everywhere > HALVED else [Box("all", 0, 0, width, height)]:
                longest = round(everywhere * max(part.w, part.h) / max(width, height))
                lines, plates = self.text.lines_and_plates(bgr, part, zoom=2, longest=longest)
                letters += lines if everywhere >= EXACT else []
                alone += _likely(plates, ALONE, width, height, effort.rim)
        least = SURELY if everywhere < EXACT else ALONE
        weak = [box for box in found if box.score < ALONE] + [box for box in alone if box.score < least]
        clear = [box for box in found if box.score >= ALONE] + [box for box in alone if box.score >= least]
        lettered = _lettered(letters, places, width, height, effort.widest)
        found = clear + believed([*weak, *lettered], [*clear, *known], apart(worth))
        near = [box for box in lost if any(covered(box, vehicle) > WITHIN for vehicle in vehicles)]
        missed = [box for box in near if all(iou(box, other) < SAME for other in found)]
        for box in from_turn(missed, turn)[:MOST_LOST]:
            found += self._closely(bgr, box, effort)
        return merged(found)

    def _closely(self, bgr: Picture, lost: Box, effort: Effort) -> list[Box]:
        """Find a plate again where it is expected: it fills a third of what is read, not a tenth as in its vehicle."""
        height, width = bgr.shape[:2]
        around = AROUND * max(lost.w, lost.h)
        area = clip_to(pad(lost, around, around), width, height)
        _, plates = self.text.lines_and_plates(bgr, area, zoom=CLOSEST, longest=LOOKED_AT)
        likely = _likely(plates, AGAIN, width, height, effort.rim)
        return sorted((box for box in likely if iou(box, lost) >= SAME), key=lambda box: -box.score)[:1]


def believed(doubtful: Iterable[Box], plates: Iterable[Box], vehicles: Iterable[Box]) -> list[Box]:
    """Leave out what is doubtful on a vehicle that shows a sure plate elsewhere."""
    sure = [plate for plate in plates if plate.score >= FOUND]
    showing: list[Box] = []
    bare: list[Box] = []
    for vehicle in vehicles:
        shows = any(covered(plate, vehicle) > 0.9 and plate.w >= LEAST_LETTERS * vehicle.w for plate in sure)
        (showing if shows else bare).append(vehicle)
    return [
        box
        for box in doubtful
        if any(iou(box, plate) > 0 for plate in sure)
        or any(covered(box, vehicle) > ON for vehicle in bare)
        or not any(covered(box, vehicle) > ON for vehicle in showing)
    ]


def halves(width: float, height: float) -> list[Box]:
    """Cut a picture in two across its longer side, with a band in both: the network takes half of the memory."""
    share = 0.5 + IN_BOTH / 2
    if width >= height:
        return [Box("half", x * width, 0, share * width, height) for x in (0, 1 - share)]
    return [Box("half", 0, y * height, width, share * height) for y in (0, 1 - share)]


def apart(vehicles: Iterable[Box]) -> list[Box]:
    """Leave out vehicles that are most of another one, and parts of larger ones that are less sure than they are."""
    apart: list[Box] = []
    for box in suppress(vehicles, 0.5):
        if all(covered(box, other) < PART or box.area * SEVERAL < other.area for other in apart):
            apart.append(box)
    return apart


def in_turn(places: Sequence[Box], turn: int) -> list[Box]:
    """Let the near ones take turns, then the others; first the others at every third turn: theirs are small."""
    near = from_turn([box for box in places if box.w >= NEAR_VEHICLE], turn)
    far = from_turn([box for box in places if box.w < NEAR_VEHICLE], turn)
    return far + near if number(7 * turn, THIRD) == 0 else near + far


def _lettered(
    letters: Iterable[Box], vehicles: Sequence[Box], width: float, height: float, widest: float
) -> list[Box]:
    """Make plates of the lines of text that can be one of these vehicles'."""
    found = []
    for box in letters:
        inside = any(
            covered(box, _plate_area(vehicle, width, height)) > ON
            and LEAST_LETTERS * vehicle.w <= box.w <= widest * vehicle.w
            for vehicle in vehicles
        )
        if inside and plausible(box, width):
            found.append(clip_to(whole_plate(replace(box, kind="plate")), width, height))
    return found


def _likely(
    plates: Iterable[Box], least: float, width: float, height: float, rim: tuple[float, float]
) -> list[Box]:
    """Keep the plate head's boxes of this score that can be plates."""
    return [
        clip_to(pad(box, rim[0] * box.w, rim[1] * box.h), width, height)
        for box in plates
        if box.score >= least and box.h >= LEAST_HEIGHT and box.h <= NARROW * box.w and box.w <= CLOSE * width
    ]


def _plate_area(vehicle: Box, width: float, height: float) -> Box:
    """Return the part of a vehicle's box, with what is around it, that its plate can be in."""
    top = 0 if vehicle.y < CUT * height else TOP * vehicle.h
    beside = BESIDE * vehicle.w
    part = Box(
        "area",
        vehicle.x - beside,
        vehicle.y + top,
        vehicle.w + 2 * beside,
        (1 + BELOW) * vehicle.h - top,
    )
    return clip_to(part, width, height)
