"""A matcher that knows everything but the answer: which of many candidates is behind the redaction?

The attacker has a template of every candidate, knows font, geometry and light of every frame and how the redaction
works; it redacts all templates in the same way and takes the candidate whose frames are nearest to those it saw.
What differs between the two is the sensor's noise, no more: no attacker on real footage has it as easy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.labels import Box
from benchmarks.scoring import wilson
from pipeline.video.boxes import Box as EngineBox
from pipeline.video.redact import Planes, covered_rects, fill
from pipeline.video.track import Track

Picture = NDArray[np.uint8]
FRAMES = 15
# Grey levels of sensor noise; how far the detector's box is off, in shares of its size; light from frame to frame.
NOISE, OFF, LIGHT = 2.0, 0.03, (0.85, 1.1)


@dataclass(frozen=True, slots=True)
class Scene:
    """What all candidates are filmed in: canvas, background, and for every frame where, how bright, which box."""

    kind: str
    background: Picture  # BGR
    size: tuple[int, int]  # of the thing, in pixels of the canvas
    places: list[tuple[float, float]]
    lights: list[float]
    boxes: list[Box]

    def show(self, thing: Picture, frame: int) -> Picture:
        """Return the canvas with a thing in its place of this frame, without noise."""
        (x, y), (w, h) = self.places[frame], self.size
        height, width = self.background.shape[:2]
        sx, sy = w / thing.shape[1], h / thing.shape[0]
        smaller = cv2.resize(thing, (4 * w, 4 * h), interpolation=cv2.INTER_AREA) if sx < 0.25 else thing
        sx, sy = w / smaller.shape[1], h / smaller.shape[0]
        # Four samples a pixel and axis, then their mean: sub-pixel places without aliasing.
        matrix = np.array([[4 * sx, 0, 4 * x + 2 * sx - 0.5], [0, 4 * sy, 4 * y + 2 * sy - 0.5]], np.float64)
        big = cv2.resize(self.background, (4 * width, 4 * height), interpolation=cv2.INTER_LINEAR)
        cv2.warpAffine(smaller, matrix, (4 * width, 4 * height), dst=big, borderMode=cv2.BORDER_TRANSPARENT)
        canvas = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA)
        return np.clip(canvas * self.lights[frame], 0, 255).astype(np.uint8)

    def film(self, things: Sequence[Picture]) -> list[NDArray[np.uint8]]:
        """Return for every frame the canvases of all things, n × H × W × 3, without noise."""
        return [np.array([self.show(thing, frame) for thing in things]) for frame in range(FRAMES)]


def scene(kind: str, canvas: tuple[int, int], size: tuple[int, int], *, seed: int) -> Scene:
    """Draw a scene: smooth background, a path with sub-pixel steps, changing light, boxes that are a little off."""
    random = np.random.default_rng(seed)
    (width, height), (w, h) = canvas, size
    coarse = random.integers(60, 170, (5, 9, 3)).astype(np.uint8)
    background = np.asarray(cv2.resize(coarse, canvas, interpolation=cv2.INTER_CUBIC), np.uint8)
    steps = np.cumsum(random.normal(0, 0.4, (FRAMES, 2)), axis=0).clip(-3, 3)
    places = [((width - w) / 2 + float(dx), (height - h) / 2 + float(dy)) for dx, dy in steps]
    lights = [float(light) for light in random.uniform(*LIGHT, FRAMES)]
    boxes = []
    for x, y in places:
        off = random.uniform(-OFF, OFF, 4) * (w, h, w, h)
        boxes.append((x + float(off[0]), y + float(off[1]), w + float(off[2]), h + float(off[3])))
    return Scene(kind, background, size, places, lights, boxes)


Redaction = Callable[[Picture, Box, Track], NDArray[np.uint8]]


def _planes(canvas: Picture) -> tuple[NDArray[np.uint8], Planes]:
    height, width = canvas.shape[:2]
    buffer = np.asarray(cv2.cvtColor(canvas, cv2.COLOR_BGR2YUV_I420), np.uint8).reshape(-1).copy()
    return buffer, Planes.of(buffer, width, height)


def engine_fill(method: str) -> Redaction:
    """Return the engine's own redaction by one of its methods."""

    def apply(canvas: Picture, box: Box, track: Track) -> NDArray[np.uint8]:
        buffer, planes = _planes(canvas)
        height, width = canvas.shape[:2]
        fill(planes, covered_rects([(track, EngineBox(track.kind, *box))], width, height), method=method)
        return buffer

    return apply


def gaussian(canvas: Picture, box: Box, track: Track) -> NDArray[np.uint8]:
    """Blur the box so that nobody can read it: a Gaussian with a fifth of the height as its sigma."""
    blurred = cv2.GaussianBlur(canvas, (0, 0), box[3] / 5)
    return _planes(_paste(canvas, np.asarray(blurred, np.uint8), box))[0]


def mosaic(cells: int) -> Redaction:
    """Return a mosaic with that many square cells across the width of the box."""

    def apply(canvas: Picture, box: Box, track: Track) -> NDArray[np.uint8]:
        left, top, right, bottom = _whole(box, canvas)
        part = canvas[top:bottom, left:right]
        down = max(1, round(cells * (bottom - top) / (right - left)))
        small = cv2.resize(part, (cells, down), interpolation=cv2.INTER_AREA)
        changed = canvas.copy()
        changed[top:bottom, left:right] = cv2.resize(
            small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST
        )
        return _planes(changed)[0]

    return apply


METHODS: dict[str, Redaction] = {
    "flat": engine_fill("flat"),
    "quantised": engine_fill("quantised"),
    "Gaussian blur, σ = height ÷ 5": gaussian,
    "mosaic, 8 cells across": mosaic(8),
    "mosaic, 4 cells across": mosaic(4),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often the right candidate was nearest, where equally near ones share the point."""

    hits: float
    trials: int
    candidates: int

    @property
    def rate(self) -> float:
        return self.hits / self.trials

    @property
    def chance(self) -> float:
        return 1 / self.candidates

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(round(self.hits), self.trials)


def attack(where: Scene, film: Sequence[NDArray[np.uint8]], redaction: Redaction, *, seed: int) -> Outcome:
    """Add noise to the film of every candidate and let the matcher tell which of all it is."""
    random = np.random.default_rng(seed)
    count = len(film[0])
    seen = [_track(where.kind) for _ in range(count)]
    known = [_track(where.kind) for _ in range(count)]
    distance = np.zeros((count, count))
    for frame, canvases in enumerate(film):
        probes, templates = [], []
        noise = (random.standard_normal(canvases.shape, np.float32) * NOISE).round().astype(np.int16)
        for canvas, grain, a, b in zip(canvases, noise, seen, known, strict=True):
            noisy = np.clip(canvas + grain, 0, 255).astype(np.uint8)
            probes.append(redaction(noisy, where.boxes[frame], a))
            templates.append(redaction(canvas, where.boxes[frame], b))
        # Whole numbers in float64: sums are exact, so candidates that look the same are equally near.
        p, t = np.array(probes, np.float64), np.array(templates, np.float64)
        distance += (p * p).sum(axis=1)[:, None] + (t * t).sum(axis=1)[None, :] - 2 * p @ t.T
    nearest = distance == distance.min(axis=1, keepdims=True)
    hits = float((np.diag(nearest) / nearest.sum(axis=1)).sum())
    return Outcome(hits, count, count)


def _track(kind: str) -> Track:
    return Track(id=1, kind=kind, first=0)


def _whole(box: Box, canvas: Picture) -> tuple[int, int, int, int]:
    x, y, w, h = box
    height, width = canvas.shape[:2]
    return max(0, int(x)), max(0, int(y)), min(width, int(np.ceil(x + w))), min(height, int(np.ceil(y + h)))


def _paste(canvas: Picture, over: Picture, box: Box) -> Picture:
    left, top, right, bottom = _whole(box, canvas)
    changed = canvas.copy()
    changed[top:bottom, left:right] = over[top:bottom, left:right]
    return changed
