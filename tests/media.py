"""Videos that tests make themselves: moving texture with a drawn plate and a pasted face, the same bytes every time."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
# Where the shared test footage lies beside the checkout; absent on most machines.
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Truth:
    """Where things were drawn: kind → one (x, y, w, h) a frame, in pixels of the upright picture."""

    size: tuple[int, int]
    fps: float
    frames: int
    boxes: dict[str, list[tuple[int, int, int, int]]] = field(default_factory=dict)


def ffmpeg() -> str:
    """Return the ffmpeg binary that the engine uses too."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


_made: dict[Any, tuple[bytes, Truth]] = {}


def make_video(path: Path, *size: Any, face: Picture | None = None, **choices: Any) -> Truth:
    """Write a video as `draw_video` does; one that was drawn before is copied, for it would be the same bytes."""
    wanted = repr(
        (path.suffix, size, sorted(choices.items()), None if face is None else hash(face.tobytes()))
    )
    if wanted not in _made:
        truth = draw_video(path, *size, face=face, **choices)
        _made[wanted] = (path.read_bytes(), truth)
    data, truth = _made[wanted]
    path.write_bytes(data)
    return replace(truth, boxes={kind: list(boxes) for kind, boxes in truth.boxes.items()})


def draw_video(
    path: Path,
    seconds: float = 2.0,
    size: tuple[int, int] = (640, 360),
    fps: float = 25,
    *,
    plate: str | None = None,
    face: Picture | None = None,
    seed: int = 1,
    still: bool = False,
    black: bool = False,
    brightness: float = 1.0,
    scenes: int = 1,
    audio: bool = False,
    counter: bool = False,
    codec: Sequence[str] = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p"),
    extra: Sequence[str] = (),
    filters: str | None = None,
) -> Truth:
    """Write a video and return what is where; `extra` are ffmpeg output flags (metadata, rotation, container).

    `counter`: each picture carries its own number, which `number_of` reads back from whatever became of it.
    """
    count = max(1, round(seconds * fps))
    truth = Truth(size=size, fps=fps, frames=count)
    draw = painter(size, count, plate=plate, face=face, seed=seed, still=still, scenes=scenes, truth=truth)
    command = [ffmpeg(), "-y", "-hide_banner", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24",
               "-s", f"{size[0]}x{size[1]}", "-r", str(fps), "-i", "pipe:0"]  # fmt: skip
    if audio:
        command += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:a", "aac", "-shortest"]
    if filters:
        command += ["-vf", filters]
    command += [*codec, "-threads", "1", *extra, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        if child.stdin is None:
            raise RuntimeError("ffmpeg has no standard input")
        for index in range(count):
            frame = np.zeros((size[1], size[0], 3), np.uint8) if black else draw(index)
            if brightness != 1.0:
                frame = np.clip(frame * brightness, 0, 255).astype(np.uint8)
            if counter:
                write_number(frame, index)
            child.stdin.write(frame.tobytes())
        child.stdin.close()
        if child.wait() != 0:
            raise RuntimeError(f"ffmpeg could not write {path.name}")
    return truth


def painter(
    size: tuple[int, int],
    count: int,
    *,
    plate: str | None,
    face: Picture | None,
    seed: int,
    still: bool,
    scenes: int,
    truth: Truth,
) -> Callable[[int], Picture]:
    """Return the function that draws frame number i and notes its boxes in `truth`."""
    width, height = size
    grounds = [texture((width * 2, height), seed + scene) for scene in range(scenes)]
    grounds = [
        ground if scene % 2 == 0 else np.subtract(255, ground, dtype=np.uint8)
        for scene, ground in enumerate(grounds)
    ]
    car = plate_picture(plate, width=max(96, width // 4)) if plate else None

    def draw(index: int) -> Picture:
        at = 0.0 if still else index / max(1, count - 1)
        ground = grounds[min(scenes - 1, index * scenes // count)]
        left = round(at * width * 0.3)
        frame = ground[:, left : left + width].copy()
        if car is not None:
            h, w = car.shape[:2]
            x, y = round(width * (0.08 + 0.3 * at)), round(height * 0.55)
            vehicle(frame, x, y, w, h)
            frame[y : y + h, x : x + w] = car
            truth.boxes.setdefault("plate", []).append((x, y, w, h))
        if face is not None:
            side = round(height * 0.6)
            scaled = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
            x, y = round(width * (0.62 - 0.2 * at)) - side // 4, round(height * 0.02)
            x = min(max(0, x), width - side)
            frame[y : y + side, x : x + side] = scaled
            truth.boxes.setdefault("portrait", []).append((x, y, side, side))
        return frame

    return draw


BITS = 12  # numbers up to 4095


def _cells(height: int, width: int) -> list[tuple[slice, slice]]:
    """Return where the bits are: soft dark and bright patches in the lower half, no text to any detector."""
    side = width // BITS
    return [
        (slice(height - side - 4, height - 4), slice(bit * side + 2, (bit + 1) * side - 2))
        for bit in range(BITS)
    ]


def write_number(frame: Picture, number: int) -> None:
    """Paint a number into a picture in binary."""
    for bit, cell in enumerate(_cells(*frame.shape[:2])):
        frame[cell] = 200 if number >> bit & 1 else 60


def number_of(frame: Picture) -> int | None:
    """Read the number of a picture back; None where the picture is black."""
    levels = [float(np.median(frame[cell])) for cell in _cells(*frame.shape[:2])]
    if max(levels) < 35:
        return None
    return sum(1 << bit for bit, level in enumerate(levels) if level > 130)


def texture(size: tuple[int, int], seed: int) -> Picture:
    """Return a street-like ground: bright sky above, soft blobs of several sizes below."""
    width, height = size
    random = np.random.default_rng(seed)
    out = np.zeros((height, width, 3), np.float32)
    for cell in (4, 12, 40):
        noise = random.uniform(0, 255, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        out += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    out /= 3
    out = 0.25 * out + 0.75 * out.mean(axis=2, keepdims=True)  # streets are mostly grey
    sky = np.clip((height * 0.45 - np.arange(height)) / (height * 0.1), 0, 1)[:, None, None]
    out = out * (1 - sky) + sky * np.array([235, 220, 205], np.float32)
    return np.clip(out, 0, 255).astype(np.uint8)


def vehicle(frame: Picture, x: int, y: int, w: int, h: int) -> None:
    """Draw the back of a dark car around where its plate will be."""
    body, glass, lamp = (60, 52, 48), (120, 110, 100), (40, 40, 200)
    cv2.rectangle(frame, (x - w, y - 2 * h), (x + 2 * w, y + 2 * h), body, -1)
    cv2.rectangle(frame, (x - w * 3 // 4, y - 4 * h), (x + w * 7 // 4, y - 2 * h), body, -1)
    cv2.rectangle(frame, (x - w // 2, y - 4 * h + h // 2), (x + w * 3 // 2, y - 2 * h - 2), glass, -1)
    for side in (x - w + 4, x + 2 * w - w // 3 - 4):
        cv2.rectangle(frame, (side, y - h), (side + w // 3, y), lamp, -1)


def plate_picture(text: str, *, width: int) -> Picture:
    """Return a blue number plate with white letters and a rim, 440 × 140 mm in shape."""
    plate = np.empty((140, 440, 3), np.uint8)
    plate[:] = (170, 70, 20)
    cv2.rectangle(plate, (5, 5), (434, 134), (245, 245, 245), 4)
    scale = 440 / (len(text) * 72)
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 3 * scale, 8)
    cv2.putText(
        plate,
        text,
        ((440 - w) // 2, (140 + h) // 2),
        cv2.FONT_HERSHEY_DUPLEX,
        3 * scale,
        (250, 250, 250),
        8,
        cv2.LINE_AA,
    )
    size = (width // 2 * 2, round(width * 140 / 440 / 2) * 2)
    return cv2.resize(plate, size, interpolation=cv2.INTER_AREA)


def frames_of(path: Path) -> list[Picture]:
    """Decode a small video of our own into BGR pictures."""
    import av

    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def shared(path: str) -> Path:
    """Return a file of the shared footage; skip the test with a sentence where it is absent."""
    import pytest

    found = SHARED_DATA / path
    if not found.exists():
        pytest.skip(f"shared test footage {path} is not beside this checkout")
    return found
