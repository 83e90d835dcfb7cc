"""Plates and numbers on clothes by the features of the text detector: heads of 60 000 weights each, trained here.

The text detector finds lines of letters; blurred, slanted, tiny or covered plates have none that it can tell, and one
or two large digits on a back are no line to it. Its features still say where they are: `pipeline/training` has the
recipes. Where the letters are searched for anyway, a head costs a third more.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.video.boxes import Box, suppress
from pipeline.video.nets import Floats, session

# Tensors of the text detector: joined at stride 4, summed from above at stride 8, 96 channels each.
FEATURES = ("p2o.Concat.1", "p2o.Add.251")
STRIDE = 4
LEAST = 0.1  # heat of a candidate
SAME = 0.3  # overlap from which two are one
AROUND = np.ones((3, 3), np.uint8)


class TextHead:
    """Pictures and features in, boxes of one kind out."""

    def __init__(self, model: str, kind: str, *, threads: int) -> None:
        """Load a head by its name among the weights, for boxes of this kind."""
        self._net, self.kind = session(model, threads=threads), kind

    def find(self, image: Floats, fine: Floats, coarse: Floats) -> list[Box]:
        """Find them in 1 × 3 × H × W with its features at strides 4 and 8; boxes in pixels of that picture."""
        heat, *rest = self._net.run(None, {"image": image, "fine": fine, "coarse": coarse})[0][0]
        # The hottest cells of their 3 × 3.
        rows, columns = np.nonzero((heat >= cv2.dilate(heat, AROUND)) & (heat >= LEAST))
        width, height, x, y = (part[rows, columns] for part in rest)
        w, h = STRIDE * np.exp(np.clip(width, -2, 6)), STRIDE * np.exp(np.clip(height, -2, 6))
        cx, cy = STRIDE * (columns + 0.5 + x), STRIDE * (rows + 0.5 + y)
        found = np.column_stack([cx - w / 2, cy - h / 2, w, h, heat[rows, columns]]).tolist()
        return suppress((Box(self.kind, *row) for row in found), SAME)
