"""What shows text of its own: lit screens in the scene, and dates, places and names burnt into the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, clip_to, envelope, intersection, iou
from pipeline.video.nets import Picture
from pipeline.video.text import Text

Luma = NDArray[np.uint8]
# COCO's screens, the score from which they count, and the largest share of the picture that one takes.
SCREENS = frozenset({"tv", "laptop", "cell phone"})
SURE, LARGEST = 0.45, 0.35
# What covers more than this share of the picture must be surer: a white car seen from above is a telephone to 0.64.
LARGE, SURE_OF_LARGE = 0.05, 0.7
LIT = 70.0  # mean luma of the brighter half: a dark screen shows nothing

# Overlays: input width, bands at top and bottom where they are, as shares of the height.
WIDTH, BAND = 1280, 0.16
SEEN = 2  # looks in which text must be at the same place ...
SAME = 0.5  # ... with this overlap
GONE = 4  # looks without it after which it is forgotten
MOVED = 6.0  # mean change of luma from which what surrounds the text has changed
WIDE = 1.8  # width ÷ height of a line of text
CLOSE = 1.5  # heights between the words of one line
STRIP, LEAST_STRIP = 3.0, 48.0  # height of what is read around letters, in theirs and in pixels
TICK = 60.0  # levels by which the pixels of a digit change
TICKS, RESTS = 0.004, 0.001  # share of them in the box of a clock, and at most around it


def lit(bgr: Picture, objects: Iterable[Box]) -> list[Box]:
    """Give the screens among the objects that show something: boxes of kind `screen`."""
    height, width = bgr.shape[:2]
    found = []
    for box in objects:
        share = box.area / (width * height)
        sure = SURE_OF_LARGE if share > LARGE else SURE
        if box.kind not in SCREENS or box.score < sure or share > LARGEST:
            continue
        part = bgr[max(0, int(box.y)) : int(box.y2), max(0, int(box.x)) : int(box.x2)]
        if part.size and float(np.percentile(part.mean(axis=2), 75)) >= LIT:
            found.append(clip_to(replace(box, kind="screen"), width, height))
    return found


@dataclass(slots=True)
class _Line:
    box: Box
    looks: int = 1
    missed: int = 0
    stays: int = 0  # looks in which it stayed while what is around it changed


class Overlays:
    """Text burnt into a recording: it stays where it is while the scene moves beneath it.

    One for each recording, with looks in the order of time, about a second apart.
    """

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._luma: Luma | None = None

    def look(self, luma: Luma, lines: Sequence[Box]) -> list[Box]:
        """Take the H × W luma plane of a frame and its `lines_of_text`; give what is known to be burnt in by now.

        Boxes of kind `screen`, from the second look on; the text is there in all frames of the recording.
        """
        seen = list(lines)
        for line in self._lines:
            again = max(seen, key=lambda box: iou(box, line.box), default=None)
            if again is None or iou(again, line.box) < SAME:
                line.missed += 1
                continue
            seen.remove(again)
            line.looks, line.missed = line.looks + 1, 0
            if self._luma is not None:
                line.stays += _changed(self._luma, luma, line.box) or _ticks(self._luma, luma, line.box)
            line.box = _around([line.box, again], line.box.score)
        self._lines = [line for line in self._lines if line.missed < GONE] + [_Line(box) for box in seen]
        self._luma = luma.copy()
        return [line.box for line in self._lines if line.looks >= SEEN and line.stays]

    @property
    def undecided(self) -> list[Box]:
        """Lines of the last look around which nothing has changed yet: burnt in, or of a scene that stands still."""
        return [line.box for line in self._lines if not line.missed and not line.stays]


def lines_of_text(bgr: Picture, text: Text) -> list[Box]:
    """Read the bands at top and bottom of an H × W × 3 picture: lines, their words joined, of kind `screen`."""
    height, width = bgr.shape[:2]
    tall = round(BAND * height)
    return _lines_in(bgr, text, [Box("area", 0, top, width, tall) for top in (0, height - tall)])


def lines_at(bgr: Picture, text: Text, places: Sequence[Box]) -> list[Box]:
    """Read where letters may be in an H × W × 3 picture: the whole lines, each of kind `screen`, once."""
    height, width = bgr.shape[:2]
    strips: list[Box] = []
    for place in sorted(places, key=lambda box: box.y):
        tall = max(LEAST_STRIP, STRIP * place.h)
        strip = clip_to(Box("area", 0, place.cy - tall / 2, width, tall), width, height)
        if strips and strip.y < strips[-1].y2:
            strip = envelope(strips.pop(), strip)
        strips.append(strip)
    lines = _lines_in(bgr, text, strips)
    return [line for line in lines if any(intersection(line, place) > 0 for place in places)]


def _lines_in(bgr: Picture, text: Text, areas: Iterable[Box]) -> list[Box]:
    words = [box for area in areas for box in text.find(bgr, area, zoom=1.0, longest=WIDTH)]
    lines = [clip_to(box, bgr.shape[1], bgr.shape[0]) for box in joined(words)]
    return [box for box in lines if box.w >= WIDE * box.h]


def joined(words: Sequence[Box]) -> list[Box]:
    """Make one box of the words that stand beside each other in a line."""
    lines: list[Box] = []
    for word in sorted(words, key=lambda box: box.x):
        for place, line in enumerate(lines):
            beside = word.x - line.x2 <= CLOSE * max(word.h, line.h)
            level = min(word.y2, line.y2) - max(word.y, line.y) > 0.5 * min(word.h, line.h)
            if beside and level:
                lines[place] = _around([line, word], max(line.score, word.score))
                break
        else:
            lines.append(replace(word, kind="screen"))
    return lines


def _around(boxes: Sequence[Box], score: float) -> Box:
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    x2, y2 = max(box.x2 for box in boxes), max(box.y2 for box in boxes)
    return Box("screen", x, y, x2 - x, y2 - y, score)


def _changed(before: Luma, now: Luma, box: Box) -> bool:
    """Say whether the picture above and below a line of text has changed."""
    return any(float(change.mean()) >= MOVED for change in _changes_around(before, now, box))


def _ticks(before: Luma, now: Luma, box: Box) -> bool:
    """Say whether letters became others while nothing around them changed: a clock, also in a still scene."""
    rows, columns = slice(max(0, int(box.y)), int(box.y2)), slice(max(0, int(box.x)), int(box.x2))
    inside = cv2.absdiff(before[rows, columns], now[rows, columns])
    around = _changes_around(before, now, box)
    return bool((inside >= TICK).mean() >= TICKS) and all((c >= TICK).mean() <= RESTS for c in around)


def _changes_around(before: Luma, now: Luma, box: Box) -> list[Luma]:
    """Return by how many levels each pixel above and below a line of text has changed."""
    left, right = max(0, int(box.x)), max(1, int(box.x2))
    tall = max(4, int(box.h))
    above = slice(max(0, int(box.y) - tall), max(0, int(box.y)))
    below = slice(min(now.shape[0], int(box.y2)), min(now.shape[0], int(box.y2) + tall))
    parts = [(before[rows, left:right], now[rows, left:right]) for rows in (above, below)]
    return [np.asarray(cv2.absdiff(old, new), np.uint8) for old, new in parts if new.size]
