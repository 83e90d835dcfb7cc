"""Text regions with PP-OCRv4's detector (Liao et al., "Real-time scene text detection with differentiable
binarization", 2020): in a vehicle, text is a plate more often than not. Its features tell plates and numbers that are
no text too."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.video.boxes import Box
from pipeline.video.nets import Floats, Picture, blob, fit, session
from pipeline.video.text_head import FEATURES, TextHead

LINES = ("sigmoid_0.tmp_0",)
PIXEL = 0.2  # probability of a pixel
REGION = 0.4  # mean probability of a region
LEAST = 12  # pixels of a region in the network's picture
GROW = 1.6  # DB shrinks regions: area × ratio ÷ perimeter is what it took off (the package's unclip_ratio)


class Text:
    """The text detector: BGR pictures in, boxes of kind `text` in the picture's pixels out."""

    def __init__(self, *, threads: int) -> None:
        self._net = session("ppocr_det", threads=threads)
        self._plates = TextHead("plate_head", "plate", threads=threads)
        self._numbers = TextHead("number_head", "jersey", threads=threads)

    def find(self, bgr: Picture, area: Box, *, zoom: float, longest: int) -> list[Box]:
        """Find text in a part of an H × W × 3 picture, enlarged by up to `zoom` to at most `longest` pixels.

        The network likes letters of 20 px and more: plates of dashcam rides at 1, 1.5, 2 and 2.5 times their size
        gave a recall of 0.64, 0.69, 0.73, 0.84, at 9, 15, 20, 35 CPU ms a vehicle.
        """
        look = self._look(bgr, area, zoom, longest, LINES)
        return look.lines() if look else []

    def lines_and_plates(
        self, bgr: Picture, area: Box, *, zoom: float, longest: int
    ) -> tuple[list[Box], list[Box]]:
        """Find text as above and plates, boxes of kind `plate`, in one look; a third more than text alone."""
        look = self._look(bgr, area, zoom, longest, LINES + FEATURES)
        return (look.lines(), look.by(self._plates)) if look else ([], [])

    def lines_and_numbers(
        self, bgr: Picture, area: Box, *, zoom: float, longest: int
    ) -> tuple[list[Box], list[Box]]:
        """Find text as above and numbers on clothes, boxes of kind `jersey`, in one look."""
        look = self._look(bgr, area, zoom, longest, LINES + FEATURES)
        return (look.lines(), look.by(self._numbers)) if look else ([], [])

    def _look(
        self, bgr: Picture, area: Box, zoom: float, longest: int, outputs: tuple[str, ...]
    ) -> _Look | None:
        left, top = max(0, round(area.x)), max(0, round(area.y))
        crop = bgr[top : max(top, round(area.y2)), left : max(left, round(area.x2))]
        if min(crop.shape[:2]) < 16:
            return None
        canvas, factor = fit(crop, longest, enlarge=zoom)
        image = blob(canvas, (127.5, 127.5, 127.5), 1 / 127.5)
        chance, *features = self._net.run(outputs, {"x": image})
        return _Look(image, chance[0, 0], features, left, top, factor)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the network says of a part of a picture, and where that part is."""

    image: Floats
    chance: Floats
    features: list[Floats]
    left: int
    top: int
    factor: float

    def lines(self) -> list[Box]:
        count, labels, stats, _ = cv2.connectedComponentsWithStats((self.chance > PIXEL).astype(np.uint8))
        found: list[Box] = []
        for label in range(1, count):
            x, y, w, h, pixels = (int(value) for value in stats[label])
            region = labels[y : y + h, x : x + w] == label
            score = float(self.chance[y : y + h, x : x + w][region].mean())
            if pixels >= LEAST and score >= REGION:
                grow = w * h * GROW / (2 * (w + h))
                found.append(self._moved(Box("text", x - grow, y - grow, w + 2 * grow, h + 2 * grow, score)))
        return found

    def by(self, head: TextHead) -> list[Box]:
        return [self._moved(box) for box in head.find(self.image, *self.features)]

    def _moved(self, box: Box) -> Box:
        """Bring a box into the picture's pixels."""
        x, y = self.left + box.x / self.factor, self.top + box.y / self.factor
        return replace(box, x=x, y=y, w=box.w / self.factor, h=box.h / self.factor)
