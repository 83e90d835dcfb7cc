"""Training pictures: real scenes, half of them as they are, half with plates that never existed.

Drawn plates take the places of the real ones, which are filled from their surroundings, and others on vehicles, with
the light of the place; then all of it is blurred, darkened, tinted and compressed. Drawn plates alone teach many
formats and exact outlines; real ones teach what is hard to draw: slant, glare, dirt, frames, shadows. What may be a
plate that nobody labelled counts neither way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.render_plates import drawn, words

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Area = tuple[float, float, float, float]  # x, y, w, h
STRIDE = 4
LEAST = (9.0, 5.0)  # width and height in input pixels from which a plate counts
REAL = 0.5  # share of the training pictures that keep their own plates
STRETCH = (0.5, 1.3)  # width of a training picture's pixels: plates seen from the side are narrow
LARGEST = 0.85  # share of a training picture that a plate takes at most


@dataclass(frozen=True)
class Scene:
    """A picture (BGR) with and without its plates; where they are, how bright; vehicles; what counts neither way."""

    real: Picture
    picture: Picture
    places: list[Area]
    lights: list[tuple[Floats, Floats]]  # mean and deviation of each channel of the plates that were there
    vehicles: list[Area]
    unsure: list[Area]


def cleaned(picture: Picture, plates: Sequence[Area]) -> tuple[Picture, list[tuple[Floats, Floats]]]:
    """Fill the plates from their surroundings; also returns the light that was on them."""
    result, lights = picture.copy(), []
    height, width = picture.shape[:2]
    for x, y, w, h in plates:
        inside = picture[max(0, int(y)) : int(y + h) + 1, max(0, int(x)) : int(x + w) + 1].reshape(-1, 3)
        lights.append((inside.mean(axis=0).astype(np.float32), inside.std(axis=0).astype(np.float32) + 4))
        edge = max(2.0, 0.12 * h)
        left, top = max(0, int(x - edge)), max(0, int(y - edge))
        right, bottom = min(width, int(x + w + edge) + 1), min(height, int(y + h + edge) + 1)
        around = result[max(0, top - 8) : bottom + 8, max(0, left - 8) : right + 8]
        mask = np.zeros(around.shape[:2], np.uint8)
        row, column = top - max(0, top - 8), left - max(0, left - 8)
        mask[row : row + bottom - top, column : column + right - left] = 255
        result[max(0, top - 8) : bottom + 8, max(0, left - 8) : right + 8] = cv2.inpaint(
            around, mask, 3, cv2.INPAINT_TELEA
        )
    return result, lights


def sample(scene: Scene, size: int, random: Random) -> tuple[Picture, Floats]:
    """Make one training picture of size × size and its 6 × size/4 × size/4 target: heat, log size, offset, weight."""
    real = random.random() < REAL
    picture = (scene.real if real else scene.picture).copy()
    height, width = picture.shape[:2]
    boxes: list[Area] = list(scene.places) if real else []
    free: list[Area] = []
    for place, light in () if real else zip(scene.places, scene.lights, strict=True):
        if random.random() < 0.85:
            boxes.append(
                _put(picture, drawn(random), place, random, light if random.random() < 0.6 else None)
            )
        else:
            free.append(place)
    for vehicle in random.sample(scene.vehicles, min(len(scene.vehicles), random.choice((0, 1, 1, 2)))):
        place = _on(vehicle, random)
        if not any(overlap(place, other) for other in [*scene.places, *boxes, *scene.unsure]):
            boxes.append(_put(picture, drawn(random), place, random, None))
    if scene.vehicles and random.random() < 0.4:
        place = _on(
            random.choice(scene.vehicles), random, wide=random.uniform(0.2, 0.7), low=random.uniform(0.1, 0.9)
        )
        if not any(overlap(place, other) for other in [*scene.places, *boxes]):
            _put(picture, words(random), place, random, None)
    middle, scale = _focus(boxes, free, scene, (width, height), size, random)
    middle = inside(middle, (width, height), size / scale / 2)
    stretch = float(np.exp(random.uniform(*np.log(STRETCH))))
    flip = random.random() < 0.5 and (real or not boxes)
    crop, target = cut(picture, middle, (scale * stretch, scale), size, boxes, scene.unsure, flip=flip)
    return weathered(crop, random), target


def cut(
    picture: Picture,
    middle: tuple[float, float],
    scale: tuple[float, float],
    size: int,
    boxes: Sequence[Area],
    unsure: Sequence[Area],
    *,
    flip: bool = False,
) -> tuple[Picture, Floats]:
    """Cut size × size pixels around a middle, scaled across and down, out of a picture; also returns their target."""
    fx, fy = scale
    to_crop = np.array([[fx, 0, size / 2 - middle[0] * fx], [0, fy, size / 2 - middle[1] * fy]])
    if flip:
        to_crop[0] = [-fx, 0, size / 2 + middle[0] * fx]
    if min(fx, fy) < 0.7:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.35 / min(fx, fy)), np.uint8)
    border = (114, 114, 114)
    crop = cv2.warpAffine(picture, to_crop, (size, size), flags=cv2.INTER_LINEAR, borderValue=border)

    def moved(area: Area) -> Area:
        x, y, w, h = area
        left = to_crop[0, 0] * (x + w if flip else x) + to_crop[0, 2]
        return left, fy * y + to_crop[1, 2], abs(fx) * w, fy * h

    target = targets([moved(box) for box in boxes], [moved(area) for area in unsure], size)
    return np.asarray(crop, np.uint8), target


def targets(boxes: Sequence[Area], unsure: Sequence[Area], size: int) -> Floats:
    """Give 6 × n × n: heat, log width and height in strides, offset x and y in strides, weight of the heat."""
    n = size // STRIDE
    target = np.zeros((6, n, n), np.float32)
    target[5] = 1
    rows, columns = np.mgrid[0:n, 0:n].astype(np.float32)
    for x, y, w, h in unsure:
        left, top = max(0, int(x / STRIDE) - 1), max(0, int(y / STRIDE) - 1)
        target[5, top : max(0, int((y + h) / STRIDE) + 2), left : max(0, int((x + w) / STRIDE) + 2)] = 0
    for x, y, w, h in boxes:
        seen_w = min(x + w, size) - max(x, 0)
        seen_h = min(y + h, size) - max(y, 0)
        if seen_w <= 0 or seen_h <= 0:
            continue
        small = w < LEAST[0] or h < LEAST[1] or seen_w * seen_h < 0.5 * w * h or w > 0.95 * size
        x, y, w, h = max(x, 0), max(y, 0), seen_w, seen_h
        cx, cy = (x + w / 2) / STRIDE - 0.5, (y + h / 2) / STRIDE - 0.5
        sx, sy = max(0.7, w / STRIDE / 7), max(0.7, h / STRIDE / 6)
        heat = np.exp(-((columns - cx) ** 2) / (2 * sx**2) - (rows - cy) ** 2 / (2 * sy**2))
        if small:
            target[5][heat > 0.05] = 0
            continue
        best = heat > target[0]
        heat[min(n - 1, max(0, round(cy))), min(n - 1, max(0, round(cx)))] = 1
        target[0] = np.maximum(target[0], heat)
        target[1][best], target[2][best] = np.log(w / STRIDE), np.log(h / STRIDE)
        target[3][best], target[4][best] = (cx - columns)[best], (cy - rows)[best]
        target[5] = np.where(heat > 0.1, 1, target[5])
    return target


def overlap(a: Area, b: Area) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _on(vehicle: Area, random: Random, *, wide: float = 0.0, low: float = 0.0) -> Area:
    """Choose a place on a vehicle: its lower half, an eighth to a third of its width."""
    x, y, w, h = vehicle
    width = (wide or random.uniform(0.1, 0.32)) * w
    height = width / random.uniform(1.2, 5)
    left = x + random.uniform(0.02, 0.98) * max(0.0, w - width)
    return left, y + (low or random.uniform(0.45, 0.92)) * h - height / 2, width, height


def _focus(
    boxes: Sequence[Area], free: Sequence[Area], scene: Scene, size: tuple[int, int], out: int, random: Random
) -> tuple[tuple[float, float], float]:
    """Choose the middle of the crop and its factor: on a plate four times out of five."""
    chosen = list(boxes) if boxes and random.random() < 0.85 else [*free, *scene.vehicles]
    if chosen:
        x, y, w, h = random.choice(chosen)
        if chosen and (x, y, w, h) in boxes:
            wanted = float(np.exp(random.uniform(np.log(16), np.log(LARGEST * out))))
            scale = wanted / max(w, 1.5 * h, 4)
        else:
            scale = random.uniform(0.4, 1.6) * out / max(w, h, 20)
        scale = min(max(scale, 0.25), 4.0)
        away = 0.42 * out / scale
        return (x + w / 2 + random.uniform(-away, away), y + h / 2 + random.uniform(-away, away)), scale
    return (random.uniform(0, size[0]), random.uniform(0, size[1])), random.uniform(0.5, 2)


def inside(middle: tuple[float, float], size: tuple[int, int], half: float) -> tuple[float, float]:
    """Move the middle of a crop so that little of it lies outside the picture."""
    x, y = (
        min(max(m, 0.8 * half), n - 0.8 * half) if n > 1.6 * half else n / 2
        for m, n in zip(middle, size, strict=True)
    )
    return x, y


def _put(
    picture: Picture, plate: Picture, place: Area, random: Random, light: tuple[Floats, Floats] | None
) -> Area:
    """Draw a plate into a picture so that its slanted outline fills a place; returns the outline's box."""
    x, y, w, h = place
    rows, columns = plate.shape[:2]
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    slanted = corners - corners.mean(axis=0)
    angle = np.deg2rad(random.gauss(0, 6))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array(
        [
            [random.uniform(0.45, 1) if random.random() < 0.4 else 1, random.gauss(0, 0.08)],
            [random.gauss(0, 0.1), 1],
        ]
    )
    slanted = (slanted @ lean.T @ turn.T).astype(np.float32)
    side = random.choice((0, 1))
    slanted[[side, 3 - side]] *= random.uniform(0.88, 1.0)
    low, high = slanted.min(axis=0), slanted.max(axis=0)
    shape = (high - low)[0] / (high - low)[1]
    # A place keeps its width or its height; the other side follows the plate within a third.
    fitted = min(max(w / max(h, 1.0), shape / 1.35), shape * 1.35)
    if w / max(h, 1.0) > fitted:
        w, x = h * fitted, x + (w - h * fitted) / 2
    else:
        h, y = w / fitted, y + (h - w / fitted) / 2
    quad = ((slanted - low) / (high - low) * [w, h] + [x, y]).astype(np.float32)
    left, top = int(np.floor(x)) - 2, int(np.floor(y)) - 2
    right, bottom = int(np.ceil(x + w)) + 3, int(np.ceil(y + h)) + 3
    left, top = max(0, left), max(0, top)
    right, bottom = min(picture.shape[1], right), min(picture.shape[0], bottom)
    if right - left < 2 or bottom - top < 2:
        return x, y, w, h
    more = 3  # supersampling, so that a small plate is an average of what it shows
    matrix = cv2.getPerspectiveTransform(corners, ((quad - [left, top]) * more).astype(np.float32))
    size = ((right - left) * more, (bottom - top) * more)
    ratio = min(1.0, w * more / columns)
    source = cv2.GaussianBlur(plate, (0, 0), 0.4 / ratio) if ratio < 0.8 else plate
    over = cv2.warpPerspective(source[..., ::-1], matrix, size, flags=cv2.INTER_LINEAR).astype(np.float32)
    share = (
        cv2.warpPerspective(np.full((rows, columns), 255, np.uint8), matrix, size).astype(np.float32) / 255
    )
    over = cv2.resize(over * share[..., None], (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    share = cv2.resize(share, (right - left, bottom - top), interpolation=cv2.INTER_AREA)[..., None]
    below = picture[top:bottom, left:right].astype(np.float32)
    colour = over / np.maximum(share, 1e-3)
    if light is not None:
        inside = colour[share[..., 0] > 0.5]
        if len(inside):
            colour = (colour - inside.mean(axis=0)) / (inside.std(axis=0) + 4) * light[1] + light[0]
    else:
        gain = min(1.0, (below.mean() + 60) / 200) * random.uniform(0.5, 1.2)
        colour = colour * gain + random.uniform(0, 25)
    mixed = np.clip(below * (1 - share) + np.clip(colour, 0, 255) * share, 0, 255)
    blurred = cv2.GaussianBlur(mixed, (0, 0), random.uniform(0.2, 1.1))
    picture[top:bottom, left:right] = blurred.astype(np.uint8)
    return x, y, w, h


def weathered(crop: Picture, random: Random) -> Picture:
    """Blur, move, darken, tint, add noise and compress, each now and then."""
    if random.random() < 0.35:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), random.uniform(0.4, 2.2)), np.uint8)
    if random.random() < 0.15:
        length = random.randint(3, 9)
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        if random.random() < 0.3:
            kernel = kernel.T
        crop = np.asarray(cv2.filter2D(crop, -1, kernel), np.uint8)
    values = crop.astype(np.float32)
    if random.random() < 0.5:
        values = 255 * (values / 255) ** random.uniform(0.7, 1.4)
        values = values * random.uniform(0.75, 1.3) + random.uniform(-15, 20)
    if random.random() < 0.2:
        values *= np.array([random.uniform(0.6, 1.2) for _ in range(3)], np.float32)
    if random.random() < 0.15:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    if random.random() < 0.07:
        values *= random.uniform(0.3, 0.6)
    if random.random() < 0.4:
        noise = np.random.default_rng(random.randrange(1 << 30)).normal(
            0, random.uniform(1, 10), values.shape
        )
        values += noise
    crop = np.clip(values, 0, 255).astype(np.uint8)
    if random.random() < 0.5:
        _, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, random.randint(25, 90)])
        crop = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return crop
