"""Training pictures of numbers on clothes: real scenes and people, digits and cloth that never existed.

Half of the numbers are printed on the people who are in the pictures, with the light and the folds that are there;
half on drawn cloth that is laid over the picture, for colours, cuts and poses that the pictures do not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.plate_scenes import Area, Floats, Picture, cut, inside, overlap, weathered
from pipeline.training.render_numbers import SIDE, cloth, folds, ink, wrinkled

LARGEST = 0.8  # share of a training picture that a number takes at most
STRETCH = (0.7, 1.4)  # width of a training picture's pixels: bodies are seen from the side


@dataclass(frozen=True)
class People:
    """A picture (BGR), the people in it, and where there may be numbers that nobody labelled."""

    picture: Picture
    people: list[Area]
    unsure: list[Area]


def sample(scene: People, size: int, random: Random) -> tuple[Picture, Floats]:
    """Make one training picture of size × size and its target, as `plate_scenes.sample` does."""
    picture = scene.picture.copy()
    height, width = picture.shape[:2]
    boxes: list[Area] = []
    bare: list[Area] = []
    for person in random.sample(scene.people, min(len(scene.people), 3)):
        trunk = _trunk(person, random)
        if random.random() < 0.55 and not any(overlap(trunk, other) for other in scene.unsure):
            boxes += _printed(picture, trunk, random)
        else:
            bare.append(trunk)
    for _ in range(random.choice((0, 1, 1, 2)) if scene.people else random.choice((1, 1, 2))):
        side = float(np.exp(random.uniform(np.log(40), np.log(0.6 * min(width, height)))))
        place = random.uniform(0, width - side), random.uniform(0, height - side), side, side
        if any(overlap(place, other) for other in [*boxes, *bare, *scene.unsure]):
            continue
        if random.random() < 0.75:
            boxes += _dressed(picture, place, random, number=True)
        else:
            _dressed(picture, place, random, number=False)
            bare.append(place)
    middle, scale = _focus(boxes, bare, scene, (width, height), size, random)
    middle = inside(middle, (width, height), size / scale / 2)
    stretch = float(np.exp(random.uniform(*np.log(STRETCH))))
    crop, target = cut(picture, middle, (scale * stretch, scale), size, boxes, scene.unsure)
    return weathered(crop, random), target


def _trunk(person: Area, random: Random) -> Area:
    """Choose a place on a person's trunk, as wide as a number may be."""
    x, y, w, h = person
    side = min(random.uniform(0.45, 0.8) * w, random.uniform(0.2, 0.4) * h)
    left = x + w / 2 - side / 2 + random.gauss(0, 0.06) * w
    return left, y + random.uniform(0.18, 0.32) * h, side, side


def _printed(picture: Picture, place: Area, random: Random) -> list[Area]:
    """Print a number on what is there; the cloth's light stays in the ink."""
    matrix, window = _laid(place, picture, random)
    if matrix is None:
        return []
    left, top, right, bottom = window
    below = picture[top:bottom, left:right].astype(np.float32)
    luma = below @ np.array([0.114, 0.587, 0.299], np.float32)
    printed = ink(random, on=float(luma.mean()))
    at = wrinkled(random)
    share, digits, colour = _warped(printed.share, printed.digits, printed.colour, at, matrix, window)
    light = cv2.GaussianBlur(luma, (0, 0), max(1.0, 0.01 * (right - left)))
    light = np.clip(light / max(8.0, float(light.mean())), 0.6, 1.35)[..., None]
    dark = min(1.0, (float(luma.mean()) + 90) / 190)
    share = share[..., None] * random.uniform(0.75, 1)
    picture[top:bottom, left:right] = np.clip(below * (1 - share) + colour * light * dark * share, 0, 255)
    return _box(digits, left, top)


def _dressed(picture: Picture, place: Area, random: Random, *, number: bool) -> list[Area]:
    """Lay drawn cloth over the picture, with a number or without."""
    matrix, window = _laid(place, picture, random)
    if matrix is None:
        return []
    left, top, right, bottom = window
    fabric = cloth(random)
    luma = float((fabric.mean(axis=(0, 1)) * (0.114, 0.587, 0.299)).sum())
    printed = ink(random, on=luma) if number else None
    flat = fabric.astype(np.float32)
    nothing: NDArray[np.bool_] = np.zeros((SIDE, SIDE), np.bool_)
    digits = printed.digits if printed else nothing
    if printed is not None:
        part = printed.share[..., None]
        flat = np.asarray(flat * (1 - part) + printed.colour * part, np.float32)
    flat *= folds(random)[..., None] * random.uniform(0.5, 1.05)
    # Wider than the number's square, so that its edges are seldom a frame around it.
    whole = np.zeros((SIDE, SIDE), np.float32)
    corners = np.array([[random.uniform(0, 0.06) * SIDE, random.uniform(0, 0.06) * SIDE] for _ in range(4)])
    outline = np.abs(np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]]) - corners)
    cv2.fillConvexPoly(whole, outline.round().astype(np.int32), 1.0, cv2.LINE_AA)
    share, warped, colour = _warped(
        whole, digits, np.clip(flat, 0, 255).astype(np.uint8), wrinkled(random), matrix, window
    )
    below = picture[top:bottom, left:right].astype(np.float32)
    picture[top:bottom, left:right] = below * (1 - share[..., None]) + colour * share[..., None]
    return _box(warped, left, top)


def _laid(
    place: Area, picture: Picture, random: Random
) -> tuple[NDArray[np.float64] | None, tuple[int, int, int, int]]:
    """Turn and slant a square of cloth into a place: the way from the cloth, and the part of the picture it takes."""
    x, y, w, h = place
    corners = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], np.float32)
    turned = corners - SIDE / 2
    angle = np.deg2rad(random.gauss(0, 12) if random.random() < 0.75 else random.uniform(-100, 100))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array(
        [
            [random.uniform(0.4, 1.0) if random.random() < 0.4 else 1, random.gauss(0, 0.1)],
            [random.gauss(0, 0.12), 1],
        ]
    )
    turned = turned @ lean.T @ turn.T
    side = random.choice((0, 1, 2, 3))
    turned[[side, (side + 1) % 4]] *= random.uniform(0.8, 1)
    quad = (turned * (min(w, h) / SIDE) + [x + w / 2, y + h / 2]).astype(np.float32)
    left, top = (max(0, int(value)) for value in quad.min(axis=0))
    right = min(picture.shape[1], int(quad[:, 0].max()) + 1)
    bottom = min(picture.shape[0], int(quad[:, 1].max()) + 1)
    if right - left < 8 or bottom - top < 8:
        return None, (0, 0, 0, 0)
    return cv2.getPerspectiveTransform(corners, quad), (left, top, right, bottom)


def _warped(
    share: Floats,
    digits: NDArray[np.bool_],
    colour: Picture,
    at: tuple[Floats, Floats],
    matrix: NDArray[np.float64],
    window: tuple[int, int, int, int],
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Wrinkle and lay share, digits and colours into a part of the picture."""
    left, top, right, bottom = window
    size = right - left, bottom - top
    there = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], np.float64) @ matrix
    reduced = min(1.0, max(size) / SIDE)

    def laid(layer: NDArray[np.float32]) -> Floats:
        bent = cv2.remap(layer, at[0], at[1], cv2.INTER_LINEAR)
        if reduced < 0.8:
            bent = cv2.GaussianBlur(bent, (0, 0), 0.4 / reduced)
        return np.asarray(cv2.warpPerspective(bent, there, size, flags=cv2.INTER_LINEAR), np.float32)

    colours = cv2.remap(colour, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    warped = cv2.warpPerspective(
        colours, there, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return laid(share), laid(digits.astype(np.float32)) > 0.35, warped.astype(np.float32)


def _box(digits: NDArray[np.bool_], left: int, top: int) -> list[Area]:
    """Return the box around the digits, where any are in the picture."""
    rows, columns = np.flatnonzero(digits.any(axis=1)), np.flatnonzero(digits.any(axis=0))
    if not len(rows):
        return []
    return [
        (
            left + float(columns[0]), top + float(rows[0]),
            float(columns[-1] + 1 - columns[0]), float(rows[-1] + 1 - rows[0]),
        )
    ]  # fmt: skip


def _focus(
    boxes: list[Area], bare: list[Area], scene: People, size: tuple[int, int], out: int, random: Random
) -> tuple[tuple[float, float], float]:
    """Choose the middle of the crop and its factor: mostly on a number, else on cloth or people without one."""
    if boxes and random.random() < 0.7:
        x, y, w, h = random.choice(boxes)
        wanted = float(np.exp(random.uniform(np.log(12), np.log(LARGEST * out))))
        scale = min(max(wanted / max(w, h, 4), 0.2), 6.0)
    elif bare or scene.people:
        x, y, w, h = random.choice([*bare, *scene.people])
        scale = min(max(random.uniform(0.4, 1.6) * out / max(w, h, 20), 0.2), 6.0)
    else:
        return (random.uniform(0, size[0]), random.uniform(0, size[1])), random.uniform(0.5, 2)
    away = 0.4 * out / scale
    return (x + w / 2 + random.uniform(-away, away), y + h / 2 + random.uniform(-away, away)), scale
