"""Text regions with PP-OCRv4's detector (DB: Liao et al., "Real-time scene text detection with differentiable
binarization", 2020), used inside vehicle boxes where text is a plate more often than not."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box
from pipeline.video.nets import Picture, blob, session

PIXEL = 0.3  # probability of a pixel
REGION = 0.5  # mean probability of a region
GROW = 0.9  # DB shrinks regions: area × ratio ÷ perimeter is what it took off
WIDTH = 320
LEAST = 5.0  # px high in the picture: smaller text cannot be read
LOWER = 0.3  # plates are not in the top third of a vehicle, signs and brand names on roofs are
WIDE = 1.3  # width ÷ height


class Text:
    """One PP-OCRv4 detection session."""

    def __init__(self, *, threads: int) -> None:
        self._net = session("ppocr_det", threads=threads)

    def find(self, bgr: NDArray[np.uint8], area: Box) -> list[Box]:
        """Find plate-like text in the part ``area`` of an H × W × 3 BGR picture; boxes in its pixels."""
        crop = bgr[round(area.y) : round(area.y2), round(area.x) : round(area.x2)]
        if min(crop.shape[:2]) < 16:
            return []
        scale = min(WIDTH / crop.shape[1], 3.0)
        size = (sessions.to_stride(crop.shape[1] * scale), sessions.to_stride(crop.shape[0] * scale))
        small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if size[0] < crop.shape[1] else cv2.INTER_CUBIC)
        chance = self.session.run(None, {"x": sessions.planes(small / np.float32(127.5) - 1)})[0][0, 0]
        fx, fy = crop.shape[1] / size[0], crop.shape[0] / size[1]
        boxes = []
        contours, _ = cv2.findContours((chance > PIXEL).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            x, y, w, h = cv2.boundingRect(contour)
            score = float(chance[y : y + h, x : x + w].mean())
            grow = w * h * GROW / (2 * (w + h))
            place = (area.x + (x - grow) * fx, area.y + (y - grow) * fy)
            box = Box("plate", *place, (w + 2 * grow) * fx, (h + 2 * grow) * fy, score)
            if score >= REGION and box.h >= LEAST and box.w >= WIDE * box.h and box.cy >= area.y + LOWER * area.h:
                boxes.append(box)
        return boxes
