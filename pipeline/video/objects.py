"""People, vehicles, lights and animals by NanoDet (RangiLyu, 2021; generalised focal loss heads, COCO-80)."""

from __future__ import annotations

import numpy as np

from pipeline.video.boxes import Box, clip_to, suppress
from pipeline.video.nets import Floats, Picture, blob, centres, fit, session

STRIDES = (8, 16, 32)
BINS = np.arange(11, dtype=np.float32)
# NanoDet's training: BGR, ImageNet mean and deviation.
MEAN, DEVIATION = (103.53, 116.28, 123.675), np.array([57.375, 57.12, 58.395], np.float32)
# COCO's 80 classes that this product uses, by index.
KINDS = {
    0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 6: "train", 7: "truck", 9: "traffic light",
    11: "stop sign", 14: "bird", 15: "cat", 16: "dog", 17: "horse", 18: "sheep", 19: "cow", 20: "elephant",
    21: "bear", 22: "zebra", 23: "giraffe", 32: "sports ball", 36: "skateboard", 38: "tennis racket",
    62: "tv", 63: "laptop", 67: "cell phone",
}  # fmt: skip
INDICES = np.array(list(KINDS))
NAMES = list(KINDS.values())


class Objects:
    """The object detector: BGR pictures in, boxes whose kind is the COCO name out, in the picture's pixels."""

    def __init__(self, *, threads: int, width: int, threshold: float) -> None:
        self._net = session("nanodet", threads=threads)
        self.width, self.threshold = width, threshold

    def find(self, bgr: Picture) -> list[Box]:
        """Find objects in an H × W × 3 picture."""
        canvas, factor = fit(bgr, self.width, enlarge=2.0)
        image = blob(canvas, MEAN)
        image /= DEVIATION[None, :, None, None]
        outputs = self._net.run(None, {"input_1": image})
        found: list[Box] = []
        for scores, sides, stride in zip(outputs[:3], outputs[3:], STRIDES, strict=True):
            grid = centres(canvas.shape[0] // stride, canvas.shape[1] // stride, stride, 0.5)
            found += self._boxes(scores[0][:, INDICES], sides[0], grid, stride, factor)
        height, width = bgr.shape[:2]
        kept: list[Box] = []
        for kind in {box.kind for box in found}:
            kept += suppress([clip_to(box, width, height) for box in found if box.kind == kind], 0.55)
        return sorted((box for box in kept if box.area > 0), key=lambda box: -box.score)

    def _boxes(self, scores: Floats, sides: Floats, grid: Floats, stride: int, factor: float) -> list[Box]:
        """Decode one scale: each side is the mean of a distribution over 11 distances in strides."""
        best = scores.max(axis=1)
        hits = np.flatnonzero(best > self.threshold)
        logits = sides[hits].reshape(-1, 4, len(BINS))
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        reach = (weights * BINS).sum(axis=2) / weights.sum(axis=2) * stride
        corner = (grid[hits] - reach[:, :2]) / factor
        size = (reach[:, :2] + reach[:, 2:]) / factor
        rows = np.column_stack([corner, size, best[hits]]).tolist()
        kinds = scores[hits].argmax(axis=1)
        return [Box(NAMES[kind], *row) for kind, row in zip(kinds, rows, strict=True)]
