"""Clothes with numbers that nobody wears: cloth, digits and folds, drawn flat."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.training.render_plates import DIGITS, FONTS, LETTERS, typeface

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
SIDE = 160  # px of a drawn cloth; it is reduced when it is placed
# Corners of block digits on a grid of 2 × 4, as they are sewn on: strokes with square or cut ends.
BLOCK: dict[str, list[list[tuple[float, float]]]] = {
    "0": [[(0, 0), (2, 0), (2, 4), (0, 4), (0, 0)]],
    "1": [[(0.4, 0.6), (1, 0), (1, 4)], [(0.3, 4), (1.7, 4)]],
    "2": [[(0, 0.8), (0, 0), (2, 0), (2, 2), (0, 2.6), (0, 4), (2, 4)]],
    "3": [[(0, 0), (2, 0), (2, 4), (0, 4)], [(0.6, 2), (2, 2)]],
    "4": [[(0, 0), (0, 2.4), (2, 2.4)], [(1.5, 0), (1.5, 4)]],
    "5": [[(2, 0), (0, 0), (0, 1.8), (2, 1.8), (2, 4), (0, 4)]],
    "6": [[(2, 0), (0, 0), (0, 4), (2, 4), (2, 2), (0, 2)]],
    "7": [[(0, 0), (2, 0), (0.8, 4)]],
    "8": [[(0, 0), (2, 0), (2, 4), (0, 4), (0, 0)], [(0, 2), (2, 2)]],
    "9": [[(0, 4), (2, 4), (2, 0), (0, 0), (0, 2), (2, 2)]],
}


@dataclass(frozen=True)
class Ink:
    """What is printed: how much of each pixel it covers (0–1), its colours, and which of it are the digits."""

    share: Floats
    colour: Picture
    digits: NDArray[np.bool_]


def ink(random: Random, *, on: float) -> Ink:
    """Draw a number of one to three digits, now and then with a rim and a name; `on`: luma of the cloth, 0–255."""
    text = "".join(random.choice(DIGITS) for _ in range(random.choice((1, 1, 2, 2, 2, 2, 3))))
    glyphs = _block(text, random) if random.random() < 0.45 else _font(text, random)
    high = random.uniform(0.3, 0.8) * SIDE
    wide = min(0.92 * SIDE, glyphs.shape[1] / glyphs.shape[0] * high * random.uniform(0.75, 1.3))
    glyphs = cv2.resize(glyphs, (max(8, round(wide)), max(8, round(high))), interpolation=cv2.INTER_AREA)
    share = np.zeros((SIDE, SIDE), np.float32)
    left = round((SIDE - glyphs.shape[1]) * random.uniform(0.3, 0.7))
    top = round((SIDE - glyphs.shape[0]) * random.uniform(0.3, 0.9))
    share[top : top + glyphs.shape[0], left : left + glyphs.shape[1]] = glyphs / np.float32(255)
    digits = share > 0.4
    colour = np.empty((SIDE, SIDE, 3), np.uint8)
    colour[:] = _unlike(on, random)
    if random.random() < 0.35:
        rim = cv2.dilate(share, np.ones((3, 3), np.uint8), iterations=random.randint(1, 4))
        colour[share < 0.5] = _unlike(on, random, least=30)
        share, digits = rim, rim > 0.4
    if top > 0.14 * SIDE and random.random() < 0.5:
        name = Image.new("L", (SIDE, SIDE), 0)
        word = "".join(random.choice(LETTERS) for _ in range(random.randint(3, 9)))
        size = max(7, round(min(0.75 * top, 1.3 * SIDE / len(word))))
        ImageDraw.Draw(name).text(
            (SIDE / 2, top / 2), word, fill=255, font=typeface(random.choice(FONTS), size), anchor="mm"
        )
        share = np.maximum(share, np.asarray(name, np.float32) / 255)
    return Ink(share, colour, digits)


def cloth(random: Random) -> Picture:
    """Draw cloth without a number: a colour, stripes, panels, now and then a badge."""
    base = _colour(random)
    result = np.empty((SIDE, SIDE, 3), np.uint8)
    result[:] = base
    kind = random.random()
    other = _colour(random)
    if kind < 0.12:
        wide = random.randint(6, 40)
        band = (np.arange(SIDE) // wide) % 2 == 0
        result[:, band] = other
        if random.random() < 0.4:
            result = np.ascontiguousarray(result.transpose(1, 0, 2))
    elif kind < 0.35:
        corners = np.array([[random.randrange(-40, SIDE + 40) for _ in range(2)] for _ in range(4)], np.int32)
        cv2.fillConvexPoly(result, cv2.convexHull(corners), other, cv2.LINE_AA)
    elif kind < 0.45:
        at = random.randint(0, SIDE), random.randint(0, SIDE)
        cv2.line(result, at, (random.randint(0, SIDE), random.randint(0, SIDE)), other, random.randint(2, 18))
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        at, size = (random.randint(10, SIDE - 10), random.randint(10, SIDE - 10)), random.randint(4, 14)
        if random.random() < 0.5:
            cv2.circle(result, at, size, _colour(random), random.choice((-1, 2, 3)), cv2.LINE_AA)
        else:
            cv2.ellipse(
                result, at, (size, size // 3 + 1), random.uniform(0, 180), 0, 360, _colour(random), -1
            )
    return result


def folds(random: Random) -> Floats:
    """Return SIDE × SIDE factors of light: a body's roundness, wrinkles in one direction."""
    noise = np.random.default_rng(random.randrange(1 << 30))
    soft = cv2.resize(
        noise.normal(0, 1, (4, 4)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    )
    shape = (random.randint(5, 16), random.randint(2, 6))
    lines = cv2.resize(
        noise.normal(0, 1, shape).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    )
    if random.random() < 0.5:
        lines = lines.T
    across = np.linspace(-1, 1, SIDE, dtype=np.float32) + random.uniform(-0.5, 0.5)
    rounded = 1 - random.uniform(0, 0.35) * across**2
    light = rounded[None, :] * (1 + random.uniform(0, 0.15) * soft + random.uniform(0, 0.12) * lines)
    return np.asarray(np.clip(light, 0.3, 1.5), np.float32)


def wrinkled(random: Random) -> tuple[Floats, Floats]:
    """Return where each pixel of a cloth comes from (x, y): bent around a body and pulled by wrinkles."""
    noise = np.random.default_rng(random.randrange(1 << 30))
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    much = SIDE * random.uniform(0, 0.05)
    shifts = [
        cv2.resize(noise.normal(0, 1, (5, 5)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    ]
    bow = random.gauss(0, 0.05) * SIDE * ((columns / SIDE - 0.5) * 2) ** 2
    return columns + much * shifts[0], rows + much * shifts[1] + bow.astype(np.float32)


def _block(text: str, random: Random) -> Picture:
    """Draw digits of straight strokes, as large as they get."""
    unit, thick = 16, random.randint(7, 15)
    step = 2 * unit + thick + random.randint(3, 12)
    image = np.zeros((4 * unit + 2 * thick, step * len(text) + thick), np.uint8)
    for place, digit in enumerate(text):
        for stroke in BLOCK[digit]:
            points = np.array([(x * unit + thick + place * step, y * unit + thick) for x, y in stroke])
            cv2.polylines(image, [points.round().astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return _trimmed(image)


def _font(text: str, random: Random) -> Picture:
    size = 100
    image = Image.new("L", (size * len(text) + 40, 160), 0)
    ImageDraw.Draw(image).text(
        (20, 20),
        text,
        fill=255,
        font=typeface(random.choice(FONTS), size),
        stroke_width=random.choice((0, 0, 2, 4, 7)),
    )
    drawn = np.asarray(image, np.uint8)
    if random.random() < 0.3:
        lean = random.gauss(0, 0.2)
        matrix = np.array([[1, -lean, 80 * lean], [0, 1, 0]])
        drawn = np.asarray(cv2.warpAffine(drawn, matrix, drawn.shape[::-1]), np.uint8)
    return _trimmed(drawn)


def _trimmed(image: Picture) -> Picture:
    x, y, w, h = cv2.boundingRect(image)
    return np.ascontiguousarray(image[y : y + h, x : x + w])


def _colour(random: Random) -> tuple[int, int, int]:
    if random.random() < 0.45:
        grey = random.choice((random.randint(5, 70), random.randint(180, 252)))
        return grey, min(255, grey + random.randint(0, 6)), min(255, grey + random.randint(0, 6))
    return random.randint(0, 255), random.randint(0, 255), random.randint(0, 255)


def _unlike(on: float, random: Random, *, least: float = 90) -> tuple[int, int, int]:
    """Choose a colour whose luma differs so much that it can be read."""
    for _ in range(20):
        blue, green, red = _colour(random)
        if abs(0.114 * blue + 0.587 * green + 0.299 * red - on) >= least:
            return blue, green, red
    grey = 245 if on < 128 else 10
    return grey, grey, grey
