"""Faces by YuNet (Wu, Peng, Yu: YuNet, 2023), run at the size of the scene rather than at a fixed one."""

from __future__ import annotations

import numpy as np

from pipeline.video.boxes import Box, clip_to, suppress
from pipeline.video.nets import Floats, Picture, blob, centres, fit, session

STRIDES = (8, 16, 32)
OUTPUTS = [f"{part}_{stride}" for stride in STRIDES for part in ("cls", "obj", "bbox")]


class Faces:
    """The face detector: BGR pictures in, boxes of kind `face` in the picture's pixels out."""

    def __init__(self, *, threads: int, width: int, threshold: float) -> None:
        self._net = session("yunet", threads=threads)
        self.width, self.threshold = width, threshold

    def find(self, bgr: Picture, *, enlarge: float = 1.0) -> list[Box]:
        """Find faces in an H × W × 3 picture."""
        canvas, factor = fit(bgr, self.width, enlarge=enlarge)
        outputs = self._net.run(OUTPUTS, {"input": blob(canvas)})
        found: list[Box] = []
        for place, stride in enumerate(STRIDES):
            classes, objects, sides = (tensor[0] for tensor in outputs[place * 3 : place * 3 + 3])
            grid = centres(canvas.shape[0] // stride, canvas.shape[1] // stride, stride, 0.0)
            found += self._boxes(classes, objects, sides, grid, stride, factor)
        height, width = bgr.shape[:2]
        kept = (clip_to(box, width, height) for box in suppress(found, 0.4))
        return [box for box in kept if box.area > 0]

    def _boxes(
        self, classes: Floats, objects: Floats, sides: Floats, grid: Floats, stride: int, factor: float
    ) -> list[Box]:
        """Decode one scale: the score is the geometric mean of both heads, sizes are logarithms in strides."""
        scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
        hits = np.flatnonzero(scores > self.threshold)
        middle = (grid[hits] + sides[hits, :2] * stride) / factor
        size = np.exp(sides[hits, 2:]) * stride / factor
        corner = middle - size / 2
        rows = np.column_stack([corner, size, scores[hits]]).tolist()
        return [Box("face", x, y, w, h, score) for x, y, w, h, score in rows]
