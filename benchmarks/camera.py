"""Video with exact labels: a hand-held camera that pans and zooms over a labelled still."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.labels import Box, Label

# The view takes this share of the picture, and at the end of its path this much less.
VIEW, ZOOM = 0.86, 0.12
# Hand shake, in shares of the width: amplitudes of two waves.
SHAKE = ((0.006, 1.1), (0.002, 4.3))
# Grey levels of sensor noise, new in every frame.
NOISE = 1.5
# A box that is cut by the edge of the view counts while this share of it is inside; it is one cut by the edge while
# this share is: less shows nobody.
INSIDE, CUT = 0.6, 0.25


@dataclass(frozen=True, slots=True)
class View:
    """Where one frame looks: left, top and width of the window, in pixels of the still, and how it is scaled."""

    left: float
    top: float
    scale: float

    def of(self, box: Box) -> Box:
        """Return a box of the still in pixels of the frame."""
        x, y, w, h = box
        return (x - self.left) * self.scale, (y - self.top) * self.scale, w * self.scale, h * self.scale


def path(still: tuple[int, int], size: tuple[int, int], frames: int, seed: int) -> list[View]:
    """Return the views of a camera move: a pan in a drawn direction, a slow zoom and shake; always inside."""
    random = np.random.default_rng(seed)
    (width, height), (out_w, out_h) = still, size
    widest = VIEW * min(width, height * out_w / out_h)
    angle, phases = random.uniform(0, 2 * math.pi), random.uniform(0, 2 * math.pi, (2, 2))
    views = []
    for i in range(frames):
        at = i / max(1, frames - 1)
        eased = at * at * (3 - 2 * at)  # starts and stops softly
        w = widest * (1 - ZOOM * eased)
        h = w * out_h / out_w
        shake = [
            sum(
                size_ * math.sin(2 * math.pi * hertz * i / 25 + phases[axis][k])
                for k, (size_, hertz) in enumerate(SHAKE)
            )
            for axis in (0, 1)
        ]
        reach_x, reach_y = (width - w) / 2, (height - h) / 2
        x = reach_x * (1 + (2 * eased - 1) * math.cos(angle)) + shake[0] * width
        y = reach_y * (1 + (2 * eased - 1) * math.sin(angle)) + shake[1] * width
        views.append(View(min(max(0, x), width - w), min(max(0, y), height - h), out_w / w))
    return views


def film(
    picture: NDArray[np.uint8], views: list[View], size: tuple[int, int], seed: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames that these views show."""
    random = np.random.default_rng(seed)
    noise = [random.normal(0, NOISE, (size[1], size[0], 3)).astype(np.int16) for _ in range(5)]
    for i, view in enumerate(views):
        matrix = np.array(
            [[view.scale, 0, -view.left * view.scale], [0, view.scale, -view.top * view.scale]], np.float64
        )
        smooth = cv2.INTER_AREA if view.scale < 1 else cv2.INTER_CUBIC
        frame = cv2.warpAffine(picture, matrix, size, flags=smooth, borderMode=cv2.BORDER_REPLICATE)
        yield np.clip(frame.astype(np.int16) + noise[i % len(noise)], 0, 255).astype(np.uint8)


def labels_of(
    view: View, labels: list[Label], size: tuple[int, int]
) -> list[tuple[int, Label, Box, bool, bool]]:
    """Return (index, label, box as far as it is in the frame, counts, counts as cut) of what a view shows."""
    shown = []
    for index, label in enumerate(labels):
        x, y, w, h = view.of(label.box)
        left, top = max(0.0, x), max(0.0, y)
        right, bottom = min(float(size[0]), x + w), min(float(size[1]), y + h)
        if right <= left or bottom <= top:
            continue
        inside = (right - left) * (bottom - top) / (w * h)
        box = (left, top, right - left, bottom - top)
        cut = label.counts and CUT <= inside < INSIDE
        shown.append((index, label, box, label.counts and inside >= INSIDE, cut))
    return shown
