"""Motion between neighbouring frames at 320 pixels: how boxes move, how the camera moves, where scenes change."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

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
# Frames that a flash, lightning or a picture that did not arrive lasts at most: where the scene goes on after it, it
# was no cut. Of 103 filmed faces between flashes 34 leaked in some frame while each flash was taken for two cuts.
FLASH = 4
# Correlation with the picture before, its motion undone, from which it shows the same scene in another light (lamps
# that are switched, a tunnel's end): 71 changes of light had 0.83 and more, 90 % of them 0.92; 46 cuts 0.77 and less.
ALIKE = 0.88
# Standard deviation of luma under which a picture shows nothing that could be compared.
FLAT = 2.0
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
    relit: bool = False  # the same scene in another light, which may show what nobody has seen


class Motion:
    """Dense DIS flow (Kroeger et al., 2016) of small luma pictures, frame by frame."""

    def __init__(self, width: int, height: int, *, fps: float = 25.0) -> None:
        self._fps, self._unrest = fps, UNKNOWN
        self.small = (WIDTH, max(8, round(height * WIDTH / width)))
        self.scale = width / WIDTH
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: NDArray[np.uint8] | None = None
        self._through: deque[Step] = deque()  # the steps into and out of a flash that go on from here
        ys, xs = np.mgrid[0 : self.small[1], 0 : self.small[0]].astype(np.float32)
        self._grid = np.dstack([xs, ys])

    @property
    def still(self) -> bool:
        """Say whether the camera has stood still for a while."""
        return self._unrest < STILL

    def shrink(self, luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the luma plane at 320 pixels wide."""
        return shrink(luma, *self.small)

    def restart(self) -> None:
        """Forget the picture before: the next one is the first."""
        self._before = None
        self._through.clear()

    def step(self, small: NDArray[np.uint8], *, same: bool, later: Iterable[NDArray[np.uint8]] = ()) -> Step:
        """Return the motion from the previous call's picture to this one; `same` says that nothing changed.

        `later` gives the small pictures that follow: they tell a flash from a cut, and are asked for only there.
        """
        step = self._step(small, same, later)
        if step.cut:
            self._unrest = UNKNOWN
        else:
            now = step.difference * self._fps / 25
            self._unrest += (now - self._unrest) * min(1.0, 1 / (STILL_OVER_S * self._fps))
        return step

    def _step(self, small: NDArray[np.uint8], same: bool, later: Iterable[NDArray[np.uint8]]) -> Step:
        before, self._before = self._before, small
        if self._through:
            return self._through.popleft()
        if before is None:
            return Step(flow=None, cut=True, same=False, difference=0.0)
        if same:
            return Step(flow=np.zeros((*small.shape, 2), np.float16), cut=False, same=True, difference=0.0)
        flow, difference, cut = self._between(before, small)
        if cut:
            known = self._flashed(before, later) or self._relit(before, small)
            if known is not None:
                return known
        return Step(flow=_half(flow), cut=cut, same=False, difference=difference)

    def _flashed(self, before: NDArray[np.uint8], later: Iterable[NDArray[np.uint8]]) -> Step | None:
        """Return the step into a flash after which the scene goes on; remember those through it and out of it.

        Its own pictures say little of what moves: each step is an even share of the way across it.
        """
        for frames, after in enumerate(later, start=2):
            flow, difference, another = self._between(before, after)
            if not another:
                share = _half(flow / frames)
                step = Step(flow=share, cut=False, same=False, difference=difference / frames, relit=True)
                self._through.extend([*[step] * (frames - 2), replace(step, relit=False)])
                return step
        return None

    def _relit(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Step | None:
        """Return the step from a to b where they show the same scene, the one in another light than the other."""
        if min(float(a.std()), float(b.std())) < FLAT:
            return None
        # What is black or white in one of them can only be made so in the other.
        if _entropy(a) < _entropy(b):
            b = _in_light_of(b, a)
        else:
            a = _in_light_of(a, b)
        flow = self._dis.calc(a, b, None)
        undone = cv2.remap(b, self._grid + flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if float(cv2.matchTemplate(a, undone, cv2.TM_CCOEFF_NORMED)[0, 0]) < ALIKE:
            return None
        return Step(flow=_half(flow), cut=False, same=False, difference=_difference(a, b), relit=True)

    def _between(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float, bool]:
        """Return the flow from a to b, their mean difference, and whether b shows another scene."""
        flow = self._dis.calc(a, b, None)
        difference = _difference(a, b)
        if difference <= CUT_DIFFERENCE:
            return flow, difference, False
        undone = cv2.remap(b, self._grid + flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return flow, difference, _difference(a, undone) > CUT_RESIDUAL


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


def _difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def _entropy(picture: NDArray[np.uint8]) -> float:
    """Return the bits a sample of the histogram."""
    share = np.bincount(picture.ravel(), minlength=256) / picture.size
    return -float((share * np.log2(share, where=share > 0, out=np.zeros_like(share))).sum())


def _in_light_of(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with the other's histogram."""
    dark, dark_other = (np.cumsum(np.bincount(p.ravel(), minlength=256)) for p in (picture, other))
    return cv2.LUT(picture, np.interp(dark, dark_other, np.arange(256)).astype(np.uint8))


def _half(flow: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return the flow in half precision, by the processor's own instruction: 20 times as fast as NumPy, the same."""
    return np.asarray(cv2.convertFp16(flow)).view(np.float16)


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
