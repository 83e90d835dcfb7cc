"""Faces by CenterFace (Xu et al., 2019) over the whole picture; what it doubts, YuNet (Wu et al., 2023) looks at again.

Measured on 455 labelled faces of at least 20 px (WIDER, dlib), covered to 90 %: CenterFace at half of YuNet's input
and YuNet in small crops 0.988, with 0.002 of the pixels of faceless pictures covered; YuNet over the whole picture
and CenterFace in crops 0.934 and 0.007, at the same cost. The networks were made otherwise, so the mistakes of both
seldom meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.video.boxes import Box, clip_to, covered, envelope, iou, suppress
from pipeline.video.nets import Floats, Picture, blob, centres, fit, session

# Input widths: a face of 20 px in a picture of 1280 is 10 px in the network's, the least it finds for certain.
LEAST_WIDTH, MOST_WIDTH = 640, 960
SHARE_OF_WIDTH = 0.5
# The coarser look's share of these: what one scale misses the other sees. Of 119 faces filmed by a moving camera 4
# leaked in some frame, of the boxes 0.989 were covered, with every second look at this scale; 5 and 0.983 without.
COARSE = 0.75
ENLARGE = 1.5  # how much pictures below the input size are enlarged
# Scores are the square roots of CenterFace's heat; from which it is looked at, from which it is sure ...
LEAST, SURE = 0.32, 0.45
LARGE, SURE_LARGE = 0.1, 0.7  # ... but faces over a tenth of the picture cost much when they are none
AGREED = 0.2  # score from which YuNet agrees
CROWD = 0.36  # where there are more to look at twice than is taken, it is a crowd: the others count from this score
# From the second width on only faces of so many of the network's pixels count: small ones it has seen better before.
LEAST_AGAIN = 12
SAME = 0.4  # overlap from which detections are one face
# Share of a box in a better one from which both are of one face, a few pixels off: their envelope covers it, where
# that is not larger than this many times the better one.
TWICE, SPREAD = 0.45, 1.5
# CenterFace's boxes are tight, brow to chin, and off by a pixel of its input: what each side gets, as a share of the
# box, divided by its height in input pixels, at most; and how much of that share more is above.
GROWN, GROWN_SMALL, GROWN_MOST, ABOVE = 0.02, 1.8, 0.2, 0.02

# Score from which a face over LARGE is seen again that was usually below SURE_LARGE: a lantern taken for one once must
# not keep itself for long.
LARGE_AGAIN = 0.45
# Side of a look at one face in sizes of the face: the second look, one at a known face; and in pixels.
AROUND, AROUND_KNOWN, LOOK_SIZE = 3.0, 2.5, 96
THERE = 0.15  # overlap with where it is expected
STRIDES = (8, 16, 32)
OUTPUTS = [f"{part}_{stride}" for stride in STRIDES for part in ("cls", "obj", "bbox")]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a picture is worth, and how much doubt costs.

    `widths` of CenterFace's inputs, the largest first; none for one of half of the picture's. `looks`: how many faces,
    best first, are looked at twice at most, 1 ms each. `agreed_large`: score from which YuNet agrees with a large one.
    """

    widths: tuple[int, ...]
    looks: int
    agreed_large: float


# A frame of a video: what is large and is none costs much for as long as it is covered.
FRAME = Effort(widths=(), looks=24, agreed_large=0.7)
# A picture on its own gets one chance, and a small input for faces that fill it: of 456 labelled faces 0.996 are
# covered whole instead of 0.982 with one input, for a quarter more mask (0.993 and a fifth with 576).
STILL = Effort(widths=(1280, 480), looks=100, agreed_large=AGREED)


class Faces:
    """The face detector: BGR pictures in, boxes of kind `face` in the picture's pixels out."""

    def __init__(self, *, threads: int, effort: Effort = FRAME) -> None:
        """Load both networks."""
        self._first = session("centerface", threads=threads)
        self._second = session("yunet", threads=threads)
        self.effort = effort

    def find(self, bgr: Picture, *, coarse: bool = False) -> list[Box]:
        """Find faces in an H × W × 3 picture, best first; `coarse`: at a smaller scale, for half of the time.

        Pictures that are not larger than the input are always looked at whole: they have no pixel to give away.
        """
        height, width = bgr.shape[:2]
        kept: list[Box] = []
        looks = 0
        for box, factor in self._everywhere(bgr, coarse):
            large = _is_large(box, bgr)
            if box.score < (SURE_LARGE if large else SURE):
                looks += 1
                least = self.effort.agreed_large if large else AGREED
                crowd = looks > self.effort.looks
                if not (box.score >= CROWD if crowd else self._agrees(bgr, box, least)):
                    continue
            _add(kept, clip_to(_grown(box, factor), width, height))
        return kept

    def _everywhere(self, bgr: Picture, coarse: bool) -> list[tuple[Box, float]]:
        """Run CenterFace on all of the picture: what may be faces, best first, each with its input's factor.

        That of a coarse one counts as if it were whole: the finer looks before and after measure a face as well.
        """
        longest = max(bgr.shape[:2])
        half = int(SHARE_OF_WIDTH * longest)
        found: list[tuple[Box, float]] = []
        for again, width in enumerate(self.effort.widths or (min(MOST_WIDTH, max(LEAST_WIDTH, half)),)):
            share = COARSE if coarse and width < longest else 1.0
            canvas, factor = fit(bgr, round(share * width), enlarge=ENLARGE)
            least = LEAST_AGAIN / factor if again else 0.0
            found += [(box, factor / share) for box in self._candidates(canvas, factor) if box.h >= least]
        return sorted(found, key=lambda one: -one[0].score)

    def near(self, bgr: Picture, expected: Box) -> Box | None:
        """Find a face again that is expected at this place, sizes alike: 1.6 CPU ms; `expected.score`: its usual one.

        Of 227 labelled faces known and then shifted by up to a fifth of their size it found 0.996, with boxes nearly
        as exact as those of a look at all.
        """
        crop, left, top, factor = _around(bgr, expected, AROUND_KNOWN)
        best, best_value = None, 0.0
        doubtful = expected.score < SURE_LARGE and _is_large(expected, bgr)
        least = LARGE_AGAIN if doubtful else LEAST
        for box in self._candidates(crop, 1.0):
            if box.score < least:
                continue
            box = _grown(box, 1.0)
            found = Box(
                "face", left + box.x / factor, top + box.y / factor, box.w / factor, box.h / factor, box.score
            )
            there = iou(found, expected)
            if there > THERE and there * box.score > best_value:
                best, best_value = found, there * box.score
        return clip_to(best, bgr.shape[1], bgr.shape[0]) if best else None

    def _agrees(self, bgr: Picture, box: Box, least: float) -> bool:
        """Say whether YuNet sees a face of this score at this place too."""
        crop, left, top, factor = _around(bgr, box, AROUND)
        there = Box("face", (box.x - left) * factor, (box.y - top) * factor, box.w * factor, box.h * factor)
        return any(found.score > least and iou(found, there) > THERE for found in self._yunet(crop))

    def _candidates(self, canvas: Picture, factor: float) -> list[Box]:
        """Run CenterFace; its outputs by position: heat, log of height and width in cells of 4 px, offsets y, x."""
        outputs = self._first.run(None, {"input.1": blob(canvas, swap=True)})
        heat, size, offset = (tensor[0] for tensor in outputs[:3])
        rows, columns = np.nonzero(heat[0] >= LEAST**2)
        h, w = 4 * np.exp(size[:, rows, columns])
        y, x = 4 * (offset[:, rows, columns] + np.stack([rows, columns]) + 0.5)
        scores = np.sqrt(heat[0, rows, columns])
        found = np.column_stack([(x - w / 2) / factor, (y - h / 2) / factor, w / factor, h / factor, scores])
        return suppress((Box("face", *row) for row in found.tolist()), SAME)

    def _yunet(self, canvas: Picture) -> list[Box]:
        """Find faces in a picture of whole cells, in its pixels."""
        outputs = self._second.run(OUTPUTS, {"input": blob(canvas)})
        found: list[Box] = []
        for place, stride in enumerate(STRIDES):
            classes, objects, sides = (tensor[0] for tensor in outputs[place * 3 : place * 3 + 3])
            grid = centres(canvas.shape[0] // stride, canvas.shape[1] // stride, stride, 0.0)
            found += _decode(classes, objects, sides, grid, stride)
        return found


def _is_large(box: Box, bgr: Picture) -> bool:
    return max(box.w / bgr.shape[1], box.h / bgr.shape[0]) > LARGE


def _add(kept: list[Box], box: Box) -> None:
    """Add a face to those that are better, or make a better one's box its envelope with this one's."""
    for place, other in enumerate(kept):
        whole = envelope(other, box)
        if covered(box, other) > TWICE and whole.area <= SPREAD * other.area:
            kept[place] = whole
            return
    if box.area > 0:
        kept.append(box)


def _grown(box: Box, factor: float) -> Box:
    share = min(GROWN_MOST, GROWN + GROWN_SMALL / max(1.0, box.h * factor))
    dx, dy, above = share * box.w, share * box.h, ABOVE * box.h
    return Box("face", box.x - dx, box.y - dy - above, box.w + 2 * dx, box.h + 2 * dy, box.score)


def _around(bgr: Picture, box: Box, sizes: float) -> tuple[Picture, float, float, float]:
    """Cut out a face with room around it: the square crop, its corner in the picture, and the factor to it."""
    side = sizes * max(box.w, box.h, 1.0)
    left, top, factor = box.cx - side / 2, box.cy - side / 2, LOOK_SIZE / side
    to_crop = np.array([[factor, 0, -left * factor], [0, factor, -top * factor]])
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    size = (LOOK_SIZE, LOOK_SIZE)
    crop = cv2.warpAffine(bgr, to_crop, size, flags=method, borderValue=(114, 114, 114))
    return np.asarray(crop, np.uint8), left, top, factor


def _decode(classes: Floats, objects: Floats, sides: Floats, grid: Floats, stride: int) -> list[Box]:
    """Decode one of YuNet's scales: the score is the geometric mean of both heads, sizes are logarithms in strides."""
    scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
    hits = np.flatnonzero(scores > AGREED)
    middle = grid[hits] + sides[hits, :2] * stride
    size = np.exp(sides[hits, 2:]) * stride
    rows = np.column_stack([middle - size / 2, size, scores[hits]]).tolist()
    return [Box("face", x, y, w, h, score) for x, y, w, h, score in rows]
