"""Make regions unreadable: flat fill on the Y, U and V planes, its edge feathered outside the padded box.

Blur and mosaics can be undone by a matcher that knows the font (pipeline.md). The flat fill takes the mean colour of
what is around the region, so nothing of the inside is in it; the quantised fill is the one of three greys that is
nearest to the mean of the inside: of 1 000 plates it tells two bits, and no more however many frames are compared.
The feather blends into pixels outside the padded box only, so nothing inside shows through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, clip_to
from pipeline.video.cover import region
from pipeline.video.track import Track

REDACTED_KINDS = frozenset({"face", "plate", "jersey", "screen", "manual"})
# The greys of the quantised fill. With 16 steps of luma, 8 of either chroma and a colour that follows the picture, a
# matcher told 16 % of 651 faces and 4 % of 1 000 plates from 15 frames (benchmarks/attack.py).
GREYS = np.array([56.0, 120.0, 184.0], np.float32)
# Steps of the flat fill's colour, which is that of the surroundings.
QUANTUM = np.array([16.0, 32.0, 32.0], np.float32)
# The mean may wander so far before the colour follows: no flicker at the border of two steps.
HYSTERESIS = 0.8
# Chroma pixels outside a region, at most, whose mean fills it; and what fills a region that is everything.
RIM_MOST = 12
GREY = np.array([126.0, 128.0, 128.0], np.float32)
FEATHER = 0.08
FEATHER_MIN, FEATHER_MAX = 2, 12


@dataclass(frozen=True, slots=True)
class Planes:
    """The three planes of one yuv420p frame, as views into its buffer, and all of it as one picture for encoders."""

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]
    whole: NDArray[np.uint8]  # height · 3 / 2 × width

    @classmethod
    def of(cls, buffer: NDArray[np.uint8], width: int, height: int) -> Planes:
        size, quarter = width * height, width * height // 4
        return cls(
            y=buffer[:size].reshape(height, width),
            u=buffer[size : size + quarter].reshape(height // 2, width // 2),
            v=buffer[size + quarter : size + 2 * quarter].reshape(height // 2, width // 2),
            whole=buffer[: size + 2 * quarter].reshape(height * 3 // 2, width),
        )


@dataclass(frozen=True, slots=True)
class Rect:
    """Whole pixels [left, right) × [top, bottom)."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return max(0, self.right - self.left) * max(0, self.bottom - self.top)


def covered_rect(box: Box, width: int, height: int) -> Rect:
    """Return the padded region of a detection, rounded outward to even pixels so that chroma lines up."""
    out = clip_to(region(box), width, height)
    return Rect(
        left=int(out.x) // 2 * 2,
        top=int(out.y) // 2 * 2,
        right=min(width, -(-int(np.ceil(out.x2)) // 2) * 2),
        bottom=min(height, -(-int(np.ceil(out.y2)) // 2) * 2),
    )


def covered_rects(covering: Sequence[tuple[Track, Box]], width: int, height: int) -> list[tuple[Track, Rect]]:
    """Return the rectangle that each box fills, without those outside the picture."""
    return [(track, rect) for track, box in covering if (rect := covered_rect(box, width, height)).area > 0]


def fill(planes: Planes, rects: Sequence[tuple[Track, Rect]], *, method: str) -> int:
    """Fill every rectangle in place by a method of options.FILLS; return how many pixels they cover together."""
    if not rects:
        return 0
    free = np.full(planes.u.shape, 255, np.uint8)  # a cell of chroma, 4 pixels, that nothing covers
    for _, rect in rects:
        free[rect.top // 2 : rect.bottom // 2, rect.left // 2 : rect.right // 2] = 0
    # Before anything is filled.
    colours = [
        steady(track, _around(planes, rect, free)) if method == "flat" else grey(track, planes, rect)
        for track, rect in rects
    ]
    for (_, rect), colour in zip(rects, colours, strict=True):
        radius = int(
            min(FEATHER_MAX, max(FEATHER_MIN, FEATHER * min(rect.right - rect.left, rect.bottom - rect.top)))
        )
        radius += radius % 2
        _feather(planes.y, rect, int(colour[0]), radius)
        half = Rect(rect.left // 2, rect.top // 2, rect.right // 2, rect.bottom // 2)
        _feather(planes.u, half, int(colour[1]), radius // 2)
        _feather(planes.v, half, int(colour[2]), radius // 2)
    # The feathers of one box lie over others: all are made flat last.
    for (_, rect), colour in zip(rects, colours, strict=True):
        planes.y[rect.top : rect.bottom, rect.left : rect.right] = int(colour[0])
        chroma = (slice(rect.top // 2, rect.bottom // 2), slice(rect.left // 2, rect.right // 2))
        planes.u[chroma], planes.v[chroma] = int(colour[1]), int(colour[2])
    return 4 * (free.size - cv2.countNonZero(free))


def steady(track: Track, mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the track's colour: this mean in coarse steps, changed only when the mean has wandered."""
    if track.colour is None or bool((np.abs(mean - track.colour) > HYSTERESIS * QUANTUM).any()):
        track.colour = np.clip(np.round(mean / QUANTUM) * QUANTUM, 16, 240)
    return track.colour


def grey(track: Track, planes: Planes, rect: Rect) -> NDArray[np.float32]:
    """Return the grey that is nearest to the mean luma under a track at first sight, for as long as the track lasts."""
    if track.colour is None:
        mean = planes.y[rect.top : rect.bottom : 2, rect.left : rect.right : 2].mean()
        track.colour = np.array([GREYS[np.abs(GREYS - mean).argmin()], 128.0, 128.0], np.float32)
    return track.colour


def _around(planes: Planes, rect: Rect, free: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the mean colour of the rim outside a rectangle: nothing of what it covers, nor of what others cover."""
    height, width = planes.u.shape
    left, top, right, bottom = rect.left // 2, rect.top // 2, rect.right // 2, rect.bottom // 2
    rim = max(2, min(RIM_MOST, (right - left + bottom - top) // 8))
    x1, y1, x2, y2 = max(0, left - rim), max(0, top - rim), min(width, right + rim), min(height, bottom + rim)
    part = (slice(y1, y2), slice(x1, x2))
    if not free[part].any():
        return GREY  # the region is the whole picture
    luma = planes.y[2 * y1 : 2 * y2 : 2, 2 * x1 : 2 * x2 : 2]
    around = (np.ascontiguousarray(luma), planes.u[part], planes.v[part])
    return np.array([cv2.mean(plane, free[part])[0] for plane in around], np.float32)


def _feather(plane: NDArray[np.uint8], rect: Rect, value: int, radius: int) -> None:
    """Fill a rectangle and blend the rim around it into its colour."""
    height, width = plane.shape
    top, bottom = max(0, rect.top - radius), min(height, rect.bottom + radius)
    left, right = max(0, rect.left - radius), min(width, rect.right + radius)
    rows = _ramp(rect.top - top, rect.bottom - rect.top, bottom - rect.bottom, radius)
    columns = _ramp(rect.left - left, rect.right - rect.left, right - rect.right, radius)
    kept = np.maximum(rows[:, None], columns[None, :])
    part = plane[top:bottom, left:right]
    part[:] = cv2.add(cv2.multiply(part, kept, scale=1 / 255), cv2.LUT(kept, _faded(value)))


@lru_cache(maxsize=512)
def _faded(value: int) -> NDArray[np.uint8]:
    """Return what a colour adds for each share, of 255, of the picture that is kept."""
    return np.round(value * np.arange(255, -1, -1) / 255).astype(np.uint8)


@lru_cache(maxsize=4096)
def _ramp(before: int, inside: int, after: int, radius: int) -> NDArray[np.uint8]:
    """Return 0 inside and a rise to 255 over `radius` pixels on both sides, of which `before` and `after` are there."""
    rise = 255 - (np.arange(radius, 0, -1) * 255 // (radius + 1)).astype(np.uint8)
    return np.concatenate([rise[::-1][radius - before :], np.zeros(inside, np.uint8), rise[:after]])
