"""How covered a labelled box is, how often, and how sure one can be of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from benchmarks.labels import Box


def coverage(box: Box, masks: Iterable[Box]) -> float:
    """Return the share of a box (0–1) that lies under the union of masks, on a grid of about half a pixel."""
    x, y, w, h = box
    if w <= 0 or h <= 0:
        return 1.0
    steps = (min(400, max(8, math.ceil(2 * h))), min(400, max(8, math.ceil(2 * w))))
    grid = np.zeros(steps, np.bool_)
    rows = y + (np.arange(steps[0]) + 0.5) * h / steps[0]
    columns = x + (np.arange(steps[1]) + 0.5) * w / steps[1]
    for left, top, width, height in masks:
        inside_rows = (rows >= top) & (rows < top + height)
        inside_columns = (columns >= left) & (columns < left + width)
        grid |= inside_rows[:, None] & inside_columns[None, :]
    return float(grid.mean())


def union_area(masks: Sequence[Box], width: int, height: int) -> int:
    """Return how many whole pixels of a picture lie under at least one mask."""
    under = np.zeros((height, width), np.bool_)
    for x, y, w, h in masks:
        under[max(0, math.floor(y)) : math.ceil(y + h), max(0, math.floor(x)) : math.ceil(x + w)] = True
    return int(np.count_nonzero(under))


def iou(a: Box, b: Box) -> float:
    """Return intersection over union of two boxes."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson's score interval)."""
    if of == 0:
        return 0.0, 1.0
    share, denominator = hits / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / denominator
    half = z / denominator * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def leaking_tracks(covered: Mapping[str, Sequence[float]], least: float = 0.9) -> list[str]:
    """Return the tracks of which one frame or more is covered less than `least`; covered[track] has one a frame."""
    return sorted(track for track, shares in covered.items() if any(share < least for share in shares))


def average_precision(scored: Sequence[tuple[float, bool]], positives: int) -> float:
    """Return the area under precision over recall, every point (VOC 2010); `scored` is (score, is a true positive)."""
    if positives == 0:
        return math.nan
    ordered = sorted(scored, key=lambda pair: -pair[0])
    right = np.cumsum([good for _, good in ordered], dtype=np.float64)
    precision = right / (np.arange(len(ordered)) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    hits = np.array([good for _, good in ordered], np.bool_)
    return float(best[hits].sum() / positives) if len(ordered) else 0.0
