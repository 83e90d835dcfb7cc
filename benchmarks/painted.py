"""Where another tool has painted, found by comparing its video with the source: it tells no boxes itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import media
from benchmarks.labels import Box

# Grey levels that a solid black box may have after encoding, and that a pixel must have changed by to be paint.
BLACK, CHANGED = 40, 24
# Pixels of dark hair or shadow inside a black box have not changed: holes up to this size are closed.
HOLE = 15


def black_boxes(source: Path, redacted: Path) -> list[NDArray[np.bool_]]:
    """Return one mask a frame: what is black now, was not before, and what lies between."""
    masks = []
    for before, after in zip(media.frames(source), media.frames(redacted), strict=False):
        if after.shape != before.shape:  # imageio stretches to multiples of 16
            after = np.asarray(cv2.resize(after, before.shape[1::-1]), np.uint8)
        masks.append(painted(before, after))
    return masks


def painted(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where a picture has been painted black."""
    dark = after.max(axis=2) <= BLACK
    changed = cv2.absdiff(before, after).max(axis=2) >= CHANGED
    mask = cv2.morphologyEx((dark & changed).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    grown = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((HOLE, HOLE), np.uint8))
    return (grown > 0) & dark


def painted_exactly(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where a picture kept without loss has been painted black: in the dark paint changes it by a few levels."""
    black = after.max(axis=2) == 0
    changed = (before != after).any(axis=2) & black
    grown = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((HOLE, HOLE), np.uint8))
    return (grown > 0) & black


def by_pixels(masks: list[NDArray[np.bool_]]) -> tuple[Callable[[int, Box], float], Callable[[int], int]]:
    """Return the two functions that `truth.score` asks for, from pixel masks; a missing frame counts as bare."""

    def shared(frame: int, box: Box) -> float:
        if frame >= len(masks):
            return 0.0
        x, y, w, h = box
        part = masks[frame][
            round(y) : max(round(y) + 1, round(y + h)), round(x) : max(round(x) + 1, round(x + w))
        ]
        return float(part.mean()) if part.size else 1.0

    def masked(frame: int) -> int:
        return int(np.count_nonzero(masks[frame])) if frame < len(masks) else 0

    return shared, masked
