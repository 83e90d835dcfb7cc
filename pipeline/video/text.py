"""Text regions with PP-OCRv4's detector (Liao et al., "Real-time scene text detection with differentiable
binarization", 2020): in a vehicle, text is a plate more often than not."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.video.boxes import Box
from pipeline.video.nets import Picture, blob, fit, session

PIXEL = 0.2  # probability of a pixel
REGION = 0.4  # mean probability of a region
LEAST = 12  # pixels of a region in the network's picture
GROW = 1.6  # DB shrinks regions: area × ratio ÷ perimeter is what it took off (the package's unclip_ratio)


class Text:
    """The text detector: BGR pictures in, boxes of kind `text` in the picture's pixels out."""

    def __init__(self, *, threads: int) -> None:
        self._net = session("ppocr_det", threads=threads)

    def find(self, bgr: Picture, area: Box, *, zoom: float, longest: int) -> list[Box]:
        """Find text in a part of an H × W × 3 picture, enlarged by up to `zoom` to at most `longest` pixels.

        The network likes letters of 20 px and more: plates of dashcam rides at 1, 1.5, 2 and 2.5 times their size
        gave a recall of 0.64, 0.69, 0.73, 0.84, at 9, 15, 20, 35 CPU ms a vehicle.
        """
        left, top = max(0, round(area.x)), max(0, round(area.y))
        crop = bgr[top : max(top, round(area.y2)), left : max(left, round(area.x2))]
        if min(crop.shape[:2]) < 16:
            return []
        canvas, factor = fit(crop, longest, enlarge=zoom)
        image = blob(canvas, (127.5, 127.5, 127.5), 1 / 127.5)
        chance = self._net.run(None, {"x": image})[0][0, 0]
        count, labels, stats, _ = cv2.connectedComponentsWithStats((chance > PIXEL).astype(np.uint8))
        found: list[Box] = []
        for label in range(1, count):
            x, y, w, h, pixels = (int(value) for value in stats[label])
            region = labels[y : y + h, x : x + w] == label
            score = float(chance[y : y + h, x : x + w][region].mean())
            if pixels >= LEAST and score >= REGION:
                grow = w * h * GROW / (2 * (w + h))
                corner = (left + (x - grow) / factor, top + (y - grow) / factor)
                found.append(Box("text", *corner, (w + 2 * grow) / factor, (h + 2 * grow) / factor, score))
        return found
