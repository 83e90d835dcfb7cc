"""A visible, repeated mark on previews, drawn once and laid over the luma of every frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

TEXT = "FAIRFRAME PREVIEW"
STRENGTH = 0.45
ANGLE = 24.0


class Watermark:
    """Slanted text across the whole preview: bright letters with a dark rim, so that it shows on any scene."""

    def __init__(self, width: int, height: int) -> None:
        side = int(np.hypot(width, height)) + 4
        letters = np.zeros((side, side), np.uint8)
        scale = max(0.35, min(width, height) / 620)
        thickness = max(1, round(scale * 1.6))
        (w, h), _ = cv2.getTextSize(TEXT, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
        for row, y in enumerate(range(h, side + h, int(h * 6.5))):
            for x in range(-w // 2 * (row % 2), side, int(w * 1.35)):
                cv2.putText(
                    letters, TEXT, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA
                )
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), ANGLE, 1.0)
        letters = cv2.warpAffine(letters, turn, (side, side))
        top, left = (side - height) // 2, (side - width) // 2
        letters = letters[top : top + height, left : left + width]
        rim = cv2.subtract(cv2.dilate(letters, np.ones((3, 3), np.uint8)), letters)
        alpha = STRENGTH * np.maximum(letters, rim).astype(np.float32) / 255
        self._keep = np.round((1 - alpha) * 255).astype(np.uint8)
        self._add = np.round(alpha * np.where(letters >= rim, 235, 16)).astype(np.uint8)

    def draw(self, luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the luma plane with the mark on it."""
        return cv2.add(cv2.multiply(luma, self._keep, scale=1 / 255), self._add)
