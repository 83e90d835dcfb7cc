"""Motion between neighbouring frames at 320 pixels: how boxes move, how the camera moves, where scenes change."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box
from pipeline.video.planes import shrink

WIDTH = 320
# Mean absolute luma difference after the flow has been undone: on real rides, walks and matches it stays under 9.5,
# also at 8 pictures a second; cuts are over 20.
CUT_RESIDUAL = 12.0
CUT_DIFFERENCE = 14.0
# Mean absolute luma difference a 25th of a second, over the last half second, under which the camera stands still:
# fixed cameras with people before them had 0.1 to 1.6, those in a hand or a car 2.4 and more.
STILL, STILL_OVER_S = 1.8, 0.5
UNKNOWN = 6.0  # of a scene that begins: it takes more than half a second to be known as still
# Scale change of a box from one frame to the next at most. Beyond it the flow is that of somebody who walks through the
# box: with 0.04 lost faces of 24 px grew to 100 in a street; no filmed face or plate leaks for it.
MAX_GROWTH = 0.015
# Share of a face's box, about its middle, whose flow counts, where that is so many small pixels wide and high: the box
# was held wide, and beside the head moves the wall. Walkers in a hall have a sixteenth less mask for it.
CORE, CORE_LEAST = 0.6, 6.0


@dataclass(frozen=True, slots=True)
class Step:
    """Motion from the frame before to this one: flow in small pixels, and what it says of the whole picture."""

    flow: NDArray[np.float16] | None
    cut: bool
    same: bool
    difference: float


class Motion:
    """Dense DIS flow (Kroeger et al., 2016) of small luma pictures, frame by frame."""

    def __init__(self, width: int, height: int, *, fps: float = 25.0) -> None:
        self._fps, self._unrest = fps, UNKNOWN
        self.small = (WIDTH, max(8, round(height * WIDTH / width)))
        self.scale = width / WIDTH
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: NDArray[np.uint8] | None = None
        ys, xs = np.mgrid[0 : self.small[1], 0 : self.small[0]].astype(np.float32)
        self._grid = np.dstack([xs, ys])

    @property
    def still(self) -> bool:
        """Say whether the camera has stood still for a while."""
        return self._unrest < STILL

    def shrink(self, luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the luma plane at 320 pixels wide."""
        return shrink(luma, *self.small)

    def step(self, small: NDArray[np.uint8], *, same: bool) -> Step:
        """Return the motion from the previous call's picture to this one; `same` says that nothing changed."""
        step = self._step(small, same=same)
        if step.cut:
            self._unrest = UNKNOWN
        else:
            now = step.difference * self._fps / 25
            self._unrest += (now - self._unrest) * min(1.0, 1 / (STILL_OVER_S * self._fps))
        return step

    def _step(self, small: NDArray[np.uint8], *, same: bool) -> Step:
        before, self._before = self._before, small
        if before is None:
            return Step(flow=None, cut=True, same=False, difference=0.0)
        if same:
            return Step(flow=np.zeros((*small.shape, 2), np.float16), cut=False, same=True, difference=0.0)
        flow = self._dis.calc(before, small, None)
        difference = float(cv2.norm(before, small, cv2.NORM_L1)) / small.size
        cut = False
        if difference > CUT_DIFFERENCE:
            undone = cv2.remap(
                small, self._grid + flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            cut = float(cv2.norm(before, undone, cv2.NORM_L1)) / small.size > CUT_RESIDUAL
        # By the processor's own instruction, 20 times as fast as NumPy; the same numbers.
        half = np.asarray(cv2.convertFp16(flow)).view(np.float16)
        return Step(flow=half, cut=cut, same=False, difference=difference)


def carried(box: Box, step: Step, scale: float, *, back: bool = False, grows: bool = True) -> Box:
    """Return where the box of the frame before lies in this frame (`back`: the other way round).

    The shift is the median of the flow inside the box, the growth (unless `grows` is false) the slope of the flow
    across it; of a face's box, the middle.
    """
    if step.flow is None or step.same:
        return box
    height, width = step.flow.shape[:2]
    core = CORE if box.kind == "face" and CORE * min(box.w, box.h) >= CORE_LEAST * scale else 1.0
    half_x, half_y = core * box.w / 2, core * box.h / 2
    left, right = _span((box.cx - half_x) / scale, (box.cx + half_x) / scale, width)
    top, bottom = _span((box.cy - half_y) / scale, (box.cy + half_y) / scale, height)
    every = 1 + max(bottom - top, right - left) // 24  # 24 samples across say as much as 100
    part = step.flow[top:bottom:every, left:right:every].astype(np.float32)
    sign = -1.0 if back else 1.0
    dx = middle(part[..., 0]) * scale * sign
    dy = middle(part[..., 1]) * scale * sign
    growth = 0.0
    if grows and part.shape[0] >= 6 and part.shape[1] >= 6:
        half_w, half_h = part.shape[1] // 2, part.shape[0] // 2
        spread_x = (middle(part[:, -half_w:, 0]) - middle(part[:, :half_w, 0])) / (half_w * every)
        spread_y = (middle(part[-half_h:, :, 1]) - middle(part[:half_h, :, 1])) / (half_h * every)
        growth = max(-MAX_GROWTH, min(MAX_GROWTH, (spread_x + spread_y) / 2 * sign))
    w, h = box.w * (1 + growth), box.h * (1 + growth)
    return Box(box.kind, box.cx + dx - w / 2, box.cy + dy - h / 2, w, h, box.score)


def middle(values: NDArray[np.float32]) -> float:
    """Return the upper median; np.median takes ten times as long on a few numbers."""
    flat = values.flatten()
    half = flat.size // 2
    flat.partition(half)
    return float(flat[half])


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    """Return at least three whole pixels around [low, high) inside [0, size)."""
    a, b = math.floor(low), math.ceil(high)
    if b - a < 3:
        middle = round((low + high) / 2)
        a, b = middle - 1, middle + 2
    a = min(max(a, 0), size - 3)
    return a, max(a + 3, min(b, size))
