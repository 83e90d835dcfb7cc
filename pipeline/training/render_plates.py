"""Number plates that never existed, in the formats of many countries: drawn flat, with any letters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
DIGITS = "0123456789"
HEIGHT = 96  # px of a drawn plate; it is reduced when it is placed
FONTS = ("DejaVuSans-Bold.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSans.ttf", "DejaVuSerif-Bold.ttf")
WHITE, BLACK, YELLOW = (244, 244, 240), (18, 18, 20), (250, 200, 20)


@dataclass(frozen=True)
class Format:
    """Width ÷ height, lines of A (letter), 9 (digit), other characters as they are; ground and ink; a blue strip."""

    shape: float
    lines: tuple[str, ...]
    ground: Colour = WHITE
    ink: Colour = BLACK
    strip: bool = False
    small: tuple[str, ...] = ()  # words above and below in a tenth of the height


FORMATS = (
    Format(4.7, ("A AA 9999",), strip=True),
    Format(4.7, ("AA 999 AA",), strip=True),
    Format(4.7, ("999 AAA 99",), strip=True),
    Format(4.7, ("AA99 AAA",)),
    Format(4.7, ("AA99 AAA",), ground=YELLOW),
    Format(4.7, ("99 AAA 9",), ground=YELLOW, strip=True),
    Format(4.6, ("A999AA 99",)),
    Format(4.0, ("AAA 9999",), ground=(200, 205, 205)),
    Format(4.2, ("AA 99 AA 9999",)),
    Format(4.2, ("AA 99 A 9999",), ground=YELLOW),
    Format(3.1, ("A9 99999",), ground=(20, 60, 190), ink=(250, 250, 250)),
    Format(3.2, ("A9 999999",), ground=(120, 210, 150)),
    Format(3.1, ("AA 9999",), ground=BLACK, ink=(245, 245, 245)),
    Format(4.0, ("AAA 9999",), ground=BLACK, ink=(240, 240, 240)),
    Format(2.8, ("999 AAA",)),
    Format(2.0, ("AAA 9999",), small=("STATE", "www.state.gov")),
    Format(2.0, ("9AAA999",), ink=(30, 40, 130), small=("Sunshine", "")),
    Format(2.0, ("AA9 9AA",), ground=(225, 235, 245), ink=(20, 80, 40), small=("THE STATE", "SINCE 1850")),
    Format(2.0, ("AAA-9999",), ground=(250, 205, 130), ink=(140, 30, 30), small=("", "LAND OF LAKES")),
    Format(2.0, ("99-99",), small=("AAA 999", ""), ink=(20, 100, 50)),
    Format(2.0, ("99-99",), ground=(250, 205, 30), small=("AA 99", "")),
    Format(2.0, ("9999",), ground=(235, 235, 235), small=("ABAB AB", "ABAB")),
    Format(1.4, ("AA 99", "9999")),
    Format(1.3, ("AA9", "99AA"), strip=True),
    Format(1.4, ("AA", "9999"), ground=YELLOW),
    Format(1.2, ("99-A9", "999.99")),
    Format(1.5, ("AAA", "999"), ground=BLACK, ink=(240, 240, 240)),
    Format(2.2, ("AAA", "99 999"), ground=(20, 90, 160), ink=(250, 250, 250)),
)


@lru_cache(maxsize=256)
def typeface(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name, size)


def drawn(random: Random) -> Picture:
    """Draw one plate: HEIGHT × any × 3, RGB; now and then a blank one, because people cover letters too."""
    form = random.choice(FORMATS)
    width = round(HEIGHT * form.shape * random.uniform(0.92, 1.08))
    ground, ink = form.ground, form.ink
    if random.random() < 0.2:
        ground, ink = _colour(random, 150, 255), _colour(random, 0, 90)
        if random.random() < 0.3:
            ground, ink = ink, ground
    image = Image.new("RGB", (width, HEIGHT), ground)
    pen = ImageDraw.Draw(image)
    left = 0
    if form.strip and random.random() < 0.85:
        left = round(width * random.uniform(0.06, 0.1))
        pen.rectangle((0, 0, left, HEIGHT), fill=(20, 50, 150))
    if sum(ground) < 400 or random.random() < 0.88:
        top, bottom = _small(pen, form, random, left, width, ink)
        share = (bottom - top) / len(form.lines)
        for number, line in enumerate(form.lines):
            _write(
                pen,
                _text(line, random),
                (left, top + number * share, width, top + (number + 1) * share),
                ink,
                random,
            )
    if random.random() < 0.7:
        pen.rectangle((0, 0, width - 1, HEIGHT - 1), outline=ink, width=random.randint(1, 5))
    for _ in range(random.choice((0, 0, 2, 4))):
        x, y, r = random.randrange(width), random.randrange(HEIGHT), random.randint(2, 5)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=_colour(random, 60, 200))
    return _lit(np.asarray(image, np.uint8), random)


def words(random: Random) -> Picture:
    """Draw letters that are no plate: names, telephone numbers, advertisements on vehicles."""
    size = random.randint(2, 4)
    text = " ".join(
        "".join(random.choice(LETTERS.lower() + LETTERS) for _ in range(random.randint(3, 8)))
        for _ in range(size)
    )
    if random.random() < 0.3:
        text = "".join(random.choice(DIGITS + " ") for _ in range(random.randint(2, 11)))
    font = typeface(random.choice(FONTS), random.randint(40, 70))
    box = font.getbbox(text)
    image = Image.new("RGB", (round(box[2]) + 20, HEIGHT), _colour(random, 0, 255))
    ImageDraw.Draw(image).text((10, 10), text, font=font, fill=_colour(random, 0, 255))
    return np.asarray(image, np.uint8)


def _colour(random: Random, low: int, high: int) -> Colour:
    return random.randint(low, high), random.randint(low, high), random.randint(low, high)


def _text(pattern: str, random: Random) -> str:
    return "".join(
        random.choice(LETTERS) if c == "A" else random.choice(DIGITS) if c == "9" else c for c in pattern
    )


def _small(
    pen: ImageDraw.ImageDraw, form: Format, random: Random, left: int, width: int, ink: Colour
) -> tuple[float, float]:
    """Write the small words; returns the rows between which there is room."""
    top, bottom = HEIGHT * 0.06, HEIGHT * 0.94
    for number, word in enumerate(form.small):
        if not word:
            continue
        row = (0.03, 0.24) if number == 0 else (0.8, 0.97)
        _write(pen, _text(word, random), (left, row[0] * HEIGHT, width, row[1] * HEIGHT), ink, random)
        top, bottom = (HEIGHT * 0.24, bottom) if number == 0 else (top, HEIGHT * 0.8)
    return top, bottom


def _write(
    pen: ImageDraw.ImageDraw, text: str, area: tuple[float, float, float, float], ink: Colour, random: Random
) -> None:
    """Fill an area with a line of text: as large as fits."""
    left, top, right, bottom = area
    name = random.choice(FONTS)
    trial = typeface(name, 60).getbbox(text)
    wide, high = max(1.0, trial[2] - trial[0]), max(1.0, trial[3] - trial[1])
    scale = min(
        (right - left) * random.uniform(0.82, 0.95) / wide, (bottom - top) * random.uniform(0.75, 0.95) / high
    )
    font = typeface(name, max(6, int(60 * scale)))
    box = font.getbbox(text)
    x = (left + right - box[2] - box[0]) / 2
    y = (top + bottom - box[3] - box[1]) / 2
    pen.text((x, y), text, font=font, fill=ink)


def _lit(plate: Picture, random: Random) -> Picture:
    """Add a shade from side to side, dirt and a glare."""
    height, width = plate.shape[:2]
    ramp = np.linspace(random.uniform(0.7, 1.1), random.uniform(0.7, 1.1), width)[None, :, None]
    down = np.linspace(random.uniform(0.75, 1.1), random.uniform(0.75, 1.1), height)[:, None, None]
    result = plate * ramp * down
    if random.random() < 0.25:
        dirt = np.random.default_rng(random.randrange(1 << 30)).normal(0, 1, (6, 18)).astype(np.float32)
        result += 25 * cv2.resize(dirt, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    if random.random() < 0.15:
        y, x = np.mgrid[0:height, 0:width]
        away = ((x - random.uniform(0, width)) / width) ** 2 + ((y - random.uniform(0, height)) / height) ** 2
        result += 160 * np.exp(-away / random.uniform(0.02, 0.3))[..., None]
    return np.clip(result, 0, 255).astype(np.uint8)
