"""Pictures of redacted footage: tiles for scrubbing, posters. Only redacted pixels come here."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

TILE_WIDTH = 160
MOST_TILES = 100
COLUMNS = 10
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 82, cv2.IMWRITE_JPEG_OPTIMIZE, 1]


class Tiles:
    """Small pictures at an even distance: when there are too many, every second goes and the distance doubles."""

    def __init__(self, *, rate: Fraction) -> None:
        self.every = max(1, int(rate) // 2)
        self.rate = rate
        self.tiles: dict[int, NDArray[np.uint8]] = {}  # frame → BGR picture

    def offer(self, index: int, planes: tuple[NDArray[np.uint8], ...]) -> None:
        """Take a picture of frame `index` as limited-range Y, U, V planes, if its turn has come."""
        if index % self.every:
            return
        height, width = planes[0].shape
        size = (TILE_WIDTH, max(2, round(height * TILE_WIDTH / width / 2) * 2))
        y, u, v = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes)
        y = np.clip((y.astype(np.float32) - 16) * (255 / 219), 0, 255).astype(
            np.uint8
        )  # limited range to full
        self.tiles[index] = cv2.cvtColor(cv2.merge([y, v, u]), cv2.COLOR_YCrCb2BGR)
        self._thin()

    def join(self, every: int, tiles: dict[int, NDArray[np.uint8]]) -> None:
        """Take the pictures of a later part of the same footage."""
        self.every = max(self.every, every)  # both are the first distance, doubled
        self.tiles |= tiles
        self.tiles = {index: tile for index, tile in self.tiles.items() if index % self.every == 0}
        self._thin()

    def _thin(self) -> None:
        while len(self.tiles) > MOST_TILES:
            self.every *= 2
            self.tiles = {index: tile for index, tile in self.tiles.items() if index % self.every == 0}

    def save(self, path: Path) -> dict[str, float | int]:
        """Write the sheet; return how to read it: tile size, columns, count, seconds between tiles."""
        tiles = [self.tiles[index] for index in sorted(self.tiles)]
        height, width = tiles[0].shape[:2]
        columns = min(COLUMNS, len(tiles))
        rows = -(-len(tiles) // columns)
        sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
        for i, tile in enumerate(tiles):
            y, x = i // columns * height, i % columns * width
            sheet[y : y + height, x : x + width] = tile
        cv2.imwrite(str(path), sheet, JPEG)
        return {
            "tile_width": width,
            "tile_height": height,
            "columns": columns,
            "count": len(tiles),
            "every_s": round(float(self.every / self.rate), 4),
        }


def poster(video: Path, target: Path, *, at_s: float, longest: int = 1280) -> None:
    """Write the keyframe nearest before `at_s` of our own redacted file as a JPEG."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        container.seek(int(at_s / stream.time_base), stream=stream, backward=True)
        frame = next(container.decode(stream))
        picture = frame.to_ndarray(format="bgr24")
    factor = min(1.0, longest / max(picture.shape[:2]))
    if factor < 1:
        size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), picture, JPEG)
