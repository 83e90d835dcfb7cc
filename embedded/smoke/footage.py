"""Make a clip for the walk: a moving street-like picture, a car with a drawn plate, a real photographed face."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

WIDTH, HEIGHT, FPS = 1280, 720, 25
PLATE = (110, 84, 180, 42)  # x, y, w, h within the car
LIKE = 0.7  # correlation with the drawn plate: 0.86 and more where it shows, 0.45 at most where it is covered


def make(path: Path, *, face: Path, seconds: float = 9.0, vertical: str = "driving") -> Path:
    """Write an H.264 MP4 of ``seconds`` at 1280×720; ``face`` is a portrait picture of a consenting public figure.

    The street is another one each time: the site takes no recording twice.
    """
    rng = np.random.default_rng()
    street = _street(rng)
    portrait = _portrait(face)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        # A location and a device, as a phone writes them: nothing of either may survive.
        container.metadata["location"] = "+52.5200+013.4050/"
        container.metadata["comment"] = "Fairframe demo camera"
        for number in range(int(seconds * FPS)):
            picture = _frame(street, portrait, number, vertical)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def plate_seen(clip: Path) -> list[int]:
    """Return the frames of a clip in which the number plate of the drawn car shows."""
    x, y, w, h = PLATE
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    _car(picture, x=0, y=100)
    plate = _half(picture[100 + y : 100 + y + h, x : x + w])
    seen = []
    with av.open(str(clip)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            alike = cv2.matchTemplate(_half(frame.to_ndarray(format="bgr24")), plate, cv2.TM_CCOEFF_NORMED)
            if alike.max() > LIKE:
                seen.append(number)
    return seen


def _half(picture: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _street(rng: np.random.Generator) -> np.ndarray:
    """Draw a strip of houses, windows and road wider than the picture, so that it can pass by."""
    strip = np.full((HEIGHT, WIDTH * 2, 3), (205, 190, 170), np.uint8)
    strip[HEIGHT // 2 + 60 :] = (90, 90, 92)
    x = 0
    while x < strip.shape[1]:
        width, height = int(rng.integers(90, 220)), int(rng.integers(180, 340))
        colour = [int(c) for c in rng.integers(90, 200, 3)]
        base = HEIGHT // 2 + 60
        cv2.rectangle(strip, (x, base - height), (x + width, base), colour, -1)
        for wx in range(x + 14, x + width - 24, 34):
            for wy in range(base - height + 18, base - 34, 46):
                cv2.rectangle(strip, (wx, wy), (wx + 18, wy + 26), (70, 66, 60), -1)
        x += width + int(rng.integers(4, 30))
    for mark in range(0, strip.shape[1], 160):
        cv2.rectangle(strip, (mark, HEIGHT - 90), (mark + 80, HEIGHT - 80), (230, 230, 230), -1)
    noise = rng.integers(-6, 7, strip.shape, dtype=np.int16)
    return np.clip(strip.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def _portrait(path: Path) -> np.ndarray:
    """Read the head and shoulders of the portrait at about 260 pixels a side."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(
            f"The portrait {path.name} cannot be read. Run: python -m pipeline models --fetch"
        )
    side = min(picture.shape[:2])
    return cv2.resize(picture[:side, :side], (260, 260), interpolation=cv2.INTER_AREA)


def _frame(street: np.ndarray, portrait: np.ndarray, number: int, vertical: str) -> np.ndarray:
    speed = 4 if vertical == "driving" else 1
    shift = (number * speed) % WIDTH
    picture = street[:, shift : shift + WIDTH].copy()
    _car(picture, x=420 + round(60 * np.sin(number / 40)), y=420 + round(8 * np.sin(number / 9)))
    left, top = 60 + number % 200, 190 + round(12 * np.sin(number / 7))
    picture[top : top + 260, left : left + 260] = portrait
    return picture


def _car(picture: np.ndarray, *, x: int, y: int) -> None:
    """Draw the back of a car, real enough for a detector of cars, with a European plate."""

    def area(colour: tuple[int, int, int], *points: tuple[int, int]) -> None:
        corners = np.array(points, np.int32) + np.array([x, y], np.int32)
        cv2.fillPoly(picture, [corners], colour, cv2.LINE_AA)

    cv2.ellipse(picture, (x + 200, y + 208), (215, 20), 0, 0, 360, (45, 45, 47), -1, cv2.LINE_AA)  # shadow
    for wheel in (28, 312):
        cv2.rectangle(picture, (x + wheel, y + 130), (x + wheel + 60, y + 212), (22, 22, 22), -1)
    area((120, 34, 24), (70, -20), (110, -118), (140, -128), (260, -128), (290, -118), (330, -20))  # roof
    area((64, 54, 46), (92, -24), (122, -104), (145, -112), (255, -112), (278, -104), (308, -24))  # window
    area((96, 86, 76), (110, -40), (130, -100), (200, -106), (170, -40))  # and what it mirrors
    area(
        (150, 40, 30),
        *(
            (18, 0),
            (60, -24),
            (340, -24),
            (382, 0),
            (398, 50),
            (398, 150),
            (380, 172),
            (20, 172),
            (2, 150),
            (2, 50),
        ),
    )
    area((178, 62, 48), (30, 2), (66, -18), (334, -18), (370, 2))
    area((70, 22, 18), (4, 128), (396, 128), (390, 168), (376, 176), (24, 176), (10, 168))  # bumper
    for lamp, glint in (
        (((6, 30), (66, 24), (72, 62), (8, 70)), ((14, 36), (40, 33), (42, 44), (16, 48))),
        (((394, 30), (334, 24), (328, 62), (392, 70)), ((386, 36), (360, 33), (358, 44), (384, 48))),
    ):
        area((30, 30, 190), *lamp)
        area((90, 90, 235), *glint)
    left, top = x + PLATE[0], y + PLATE[1]
    right, bottom = left + PLATE[2], top + PLATE[3]
    cv2.rectangle(picture, (left, top), (right, bottom), (245, 245, 245), -1)
    cv2.rectangle(picture, (left, top), (left + 18, bottom), (160, 60, 10), -1)
    cv2.rectangle(picture, (left, top), (right, bottom), (10, 10, 10), 2)
    cv2.putText(
        picture,
        "B FF 2607",
        (left + 24, top + 32),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.92,
        (15, 15, 15),
        3,
        cv2.LINE_AA,
    )
