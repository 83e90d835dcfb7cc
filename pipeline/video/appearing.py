"""Where letters may have been laid over a recording just now: sharp edges that stay in place and were not there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box
from pipeline.video.planes import shrink
from pipeline.video.screens import BAND

Mask = NDArray[np.uint8]

WIDTH = 640  # the bands at this width: letters 12 px high at 720p are 6 here
EDGE = 40  # levels between neighbouring pixels of a letter's edge
ALIKE = 25  # levels that a letter changes at most from one key frame to the next, by compression
KEYS = 2  # key frames in which it stays after it came
NEIGHBOURS = np.ones((3, 3), np.uint8)  # what was so near before has only moved a little
REMEMBERED = 8  # key frames, about a second
CELL = 8  # px a side: about a letter
DENSE = 0.15  # share of a cell that is new edges where letters are
LETTERS = 6  # cells beside each other: a short word


class Appearing:
    """One for each recording; key frames come in order, about eight a second.

    Reading the letters takes 30 to 80 CPU ms, this one. What moves with the scene is not at the same place, equally
    bright, in three key frames; where the scene stands still its edges stay, and are known.
    """

    def __init__(self, width: int, height: int) -> None:
        self._scale = width / WIDTH
        self._tall = round(BAND * height)
        self._size = (WIDTH, max(CELL, round(self._tall / self._scale)))
        self._picture: Mask | None = None
        self._stayed = np.zeros(
            (2 * self._size[1], WIDTH), np.uint8
        )  # key frames in which an edge stayed so far
        self._known = np.zeros_like(self._stayed)  # key frames for which an edge is remembered
        self._keys = 0

    def look(self, luma: NDArray[np.uint8]) -> list[Box]:
        """Take the H × W luma plane of a key frame; give boxes, in its pixels, of what may be new letters."""
        bands = [shrink(part, *self._size) for part in (luma[: self._tall], luma[-self._tall :])]
        picture, before = np.vstack(bands), self._picture
        self._picture = picture
        self._keys += 1
        if before is None:
            return []
        gradient = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, NEIGHBOURS)
        edges = cv2.compare(gradient, EDGE, cv2.CMP_GE)
        alike = cv2.compare(cv2.absdiff(picture, before), ALIKE, cv2.CMP_LE)
        self._stayed = cv2.bitwise_and(cv2.add(self._stayed, 1), cv2.bitwise_and(edges, alike))
        came = cv2.compare(self._stayed, KEYS, cv2.CMP_EQ)
        new = cv2.bitwise_and(came, cv2.compare(self._known, 0, cv2.CMP_EQ))
        there = cv2.dilate(cv2.compare(self._stayed, KEYS, cv2.CMP_GE), NEIGHBOURS)
        self._known = cv2.max(cv2.subtract(self._known, 1), cv2.min(there, REMEMBERED))
        return self._boxes(new, luma.shape[0]) if self._keys > KEYS + 2 else []

    def _boxes(self, new: Mask, height: int) -> list[Box]:
        """Return where so many new edges lie beside each other that they may be letters."""
        columns, halves = WIDTH // CELL, 2 * new.shape[0] // CELL
        cells = new[: halves * CELL // 2, : columns * CELL]
        # By half cells in height: a line of letters seldom begins where a cell does.
        shares = (
            np.asarray(cv2.resize(cells, (columns, halves), interpolation=cv2.INTER_AREA), np.float32) / 255
        )
        dense = ((shares[1:] + shares[:-1]) / 2 >= DENSE).astype(np.uint8)
        if not dense.any():
            return []
        joined = cv2.morphologyEx(dense, cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        places = [row for row in stats[1:count].tolist() if row[2] >= LETTERS]
        return [self._place(x, y, wide, tall, height) for x, y, wide, tall, _ in places]

    def _place(self, column: int, half: int, columns: int, halves: int, height: int) -> Box:
        """Return cells of the bands as a box of the picture."""
        top, tall = half * CELL / 2, (halves + 1) * CELL / 2
        scale, band = self._scale, self._size[1]
        y = top * scale if top < band else height - self._tall + (top - band) * scale
        return Box("screen", column * CELL * scale, y, columns * CELL * scale, tall * scale)
