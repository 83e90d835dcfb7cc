"""Boxes in pixels: the one shape that detectors, tracks and redaction pass around."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

ONE = 0.5  # share of a box in another from which both may be of one thing
SPREAD = 2.2  # but their envelope is not larger than this many times the larger box


@dataclass(frozen=True, slots=True)
class Box:
    """A scored rectangle: left, top, width and height in pixels of the frame it was found in."""

    kind: str
    x: float
    y: float
    w: float
    h: float
    score: float = 1.0

    @property
    def x2(self) -> float:
        return self.x + self.w

    @property
    def y2(self) -> float:
        return self.y + self.h

    @property
    def cx(self) -> float:
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        return self.y + self.h / 2

    @property
    def area(self) -> float:
        return max(0.0, self.w) * max(0.0, self.h)

    def xywh(self) -> list[float]:
        return [self.x, self.y, self.w, self.h]


def intersection(a: Box, b: Box) -> float:
    """Return the shared area in square pixels."""
    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    if w <= 0:  # most pairs
        return 0.0
    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return w * h if h > 0 else 0.0


def iou(a: Box, b: Box) -> float:
    """Return intersection over union, 0 for empty boxes."""
    shared = intersection(a, b)
    union = a.area + b.area - shared
    return shared / union if union > 0 else 0.0


def covered(inner: Box, outer: Box) -> float:
    """Return the share of `inner` that lies in `outer`."""
    return intersection(inner, outer) / inner.area if inner.area > 0 else 0.0


def envelope(a: Box, b: Box) -> Box:
    """Return the smallest box around both, of the kind and score of the first."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    return replace(a, x=x, y=y, w=max(a.x2, b.x2) - x, h=max(a.y2, b.y2) - y)


def pad(box: Box, dx: float, dy: float | None = None) -> Box:
    """Return the box grown by dx pixels left and right, dy (default dx) above and below."""
    dy = dx if dy is None else dy
    return replace(box, x=box.x - dx, y=box.y - dy, w=box.w + 2 * dx, h=box.h + 2 * dy)


def moved(box: Box, dx: float, dy: float) -> Box:
    """Return the box shifted by (dx, dy) pixels."""
    return replace(box, x=box.x + dx, y=box.y + dy)


def clip_to(box: Box, width: float, height: float) -> Box:
    """Return the part of the box inside the frame; empty boxes get w or h of 0."""
    x1, y1 = min(max(box.x, 0.0), width), min(max(box.y, 0.0), height)
    x2, y2 = min(max(box.x2, 0.0), width), min(max(box.y2, 0.0), height)
    return replace(box, x=x1, y=y1, w=max(0.0, x2 - x1), h=max(0.0, y2 - y1))


def suppress(boxes: Iterable[Box], threshold: float = 0.5) -> list[Box]:
    """Return the best-scored boxes, dropping each that overlaps a better one by `threshold` IoU."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda b: -b.score):
        if all(iou(box, other) < threshold for other in kept):
            kept.append(box)
    return kept


def merged(found: Iterable[Box]) -> list[Box]:
    """Make one box of those that share one thing: their envelope, or the better one where that grows too large."""
    kept: list[Box] = []
    for box in sorted(found, key=lambda box: -box.score):
        for place, other in enumerate(kept):
            if max(covered(box, other), covered(other, box)) < ONE:
                continue
            whole = envelope(other, box)
            if whole.area <= SPREAD * max(box.area, other.area):
                kept[place] = whole
            break
        else:
            kept.append(box)
    return kept
