"""Find a known thing again by its look: for plates that a network sees in one frame and misses in the next.

Normalised cross-correlation of a small patch (Lewis, "Fast normalized cross-correlation", 1995) at a few scales, on
the luma plane at the frame's own resolution: flow measured on a 320 px picture is several pixels off for a plate of
20 px, this is not. About 0.2 CPU ms a thing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, clip_to

LONGEST = 56  # px of the patch's longer side: enough to tell places of a pixel of the frame apart
RIM = 0.15  # of the box on each side: a plate's rim and what it is screwed to say more than its letters
REACH = 0.6  # how far from where it is expected a thing is looked for, in sizes of its box
LEAST_REACH = 10.0  # px
SCALES = (1.0, 0.93, 1.075)  # growth between two looks; the first wins where all are alike
ALIKE = 0.6  # correlation from which a place is the thing
FLAT = 4.0  # deviation of luma under which a patch shows nothing to recognise
LEAST = 4  # px: smaller patches fit everywhere


@dataclass(frozen=True, slots=True)
class Look:
    """What a thing looks like: its patch of luma, and its box in the frame that the patch was cut from."""

    box: Box
    patch: NDArray[np.uint8]
    factor: float  # pixels of the patch ÷ pixels of the frame

    @classmethod
    def of(cls, luma: NDArray[np.uint8], box: Box) -> Look | None:
        """Remember a box of an H × W luma plane; nothing when it is too small, flat or mostly outside."""
        height, width = luma.shape
        x, y, x2, y2 = _rim(box)
        if x < 0 or y < 0 or x2 > width or y2 > height:
            return None
        factor = min(1.0, LONGEST / max(x2 - x, y2 - y))
        size = (round((x2 - x) * factor), round((y2 - y) * factor))
        if min(size) < LEAST:
            return None
        patch = _cut(luma, x, y, size, factor)
        return cls(box, patch, factor) if float(patch.std()) >= FLAT else None

    def find(self, luma: NDArray[np.uint8], expected: Box) -> Box | None:
        """Find the thing near where it is expected in another frame of the same size.

        `expected`: where the motion says it is; its size counts too. Returns the box with the correlation as score,
        or nothing when no place is like it.
        """
        best: Box | None = None
        grown = expected.w / self.box.w
        for scale in SCALES:
            found = self._at(luma, expected, grown * scale)
            if found and (best is None or found.score > best.score + 0.01):
                best = found
        if best is None or best.score < ALIKE:
            return None
        return clip_to(best, luma.shape[1], luma.shape[0])

    def _at(self, luma: NDArray[np.uint8], expected: Box, scale: float) -> Box | None:
        """Slide the patch over the surroundings, brought to its scale."""
        w, h = self.box.w * scale, self.box.h * scale
        factor = self.factor / scale
        reach = max(LEAST_REACH, REACH * max(w, h) / 2)
        x, y, _, _ = _rim(replace(expected, x=expected.cx - w / 2, y=expected.cy - h / 2, w=w, h=h))
        left, top = x - reach, y - reach
        rows, columns = self.patch.shape
        size = (columns + round(2 * reach * factor), rows + round(2 * reach * factor))
        around = _cut(luma, left, top, size, factor)
        likeness = cv2.matchTemplate(around, self.patch, cv2.TM_CCOEFF_NORMED)
        _, score, _, (column, row) = cv2.minMaxLoc(likeness)
        if not np.isfinite(score):
            return None
        dx, dy = _between(likeness, column, row)
        shift_x, shift_y = (column + dx) / factor + left - x, (row + dy) / factor + top - y
        cx, cy = expected.cx + shift_x, expected.cy + shift_y
        return Box(self.box.kind, cx - w / 2, cy - h / 2, w, h, float(score))


def _rim(box: Box) -> tuple[float, float, float, float]:
    dx, dy = RIM * box.w, RIM * box.h
    return box.x - dx, box.y - dy, box.x2 + dx, box.y2 + dy


def _cut(
    luma: NDArray[np.uint8], left: float, top: float, size: tuple[int, int], factor: float
) -> NDArray[np.uint8]:
    """Cut w × h pixels at a scale, the picture's border repeated outside it."""
    columns, rows = size
    x, y = int(np.floor(left)), int(np.floor(top))
    x2, y2 = int(np.ceil(left + columns / factor)) + 1, int(np.ceil(top + rows / factor)) + 1
    height, width = luma.shape
    part = luma[max(0, min(y, height - 1)) : max(1, y2), max(0, min(x, width - 1)) : max(1, x2)]
    x, y = max(0, min(x, width - 1)), max(0, min(y, height - 1))
    # The middle of the first pixel stays the middle: shrinking by area needs its samples between the cells.
    matrix = np.array(
        [[factor, 0, (x - left + 0.5) * factor - 0.5], [0, factor, (y - top + 0.5) * factor - 0.5]]
    )
    if factor < 0.5:
        part = cv2.blur(part, (round(1 / factor), round(1 / factor)))
    return cv2.warpAffine(part, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _between(likeness: NDArray[np.float32], column: int, row: int) -> tuple[float, float]:
    """Give how far the peak is from its pixel, by parabolas along both axes."""

    def vertex(before: float, here: float, after: float) -> float:
        bend = before - 2 * here + after
        return 0.0 if bend >= 0 else float(np.clip((before - after) / (2 * bend), -0.5, 0.5))

    rows, columns = likeness.shape
    dx = dy = 0.0
    if 0 < column < columns - 1:
        dx = vertex(*(float(v) for v in likeness[row, column - 1 : column + 2]))
    if 0 < row < rows - 1:
        dy = vertex(*(float(v) for v in likeness[row - 1 : row + 2, column]))
    return dx, dy
