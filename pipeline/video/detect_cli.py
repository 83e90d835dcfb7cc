"""`python -m pipeline detect`: one JSON line an image with the regions that redaction would cover."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import clip_to
from pipeline.video.cover import region
from pipeline.video.detectors import VEHICLES, Detectors
from pipeline.video.errors import VideoError
from pipeline.video.light import corrected

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm"}


def main(paths: Sequence[str | Path], *, vertical: str = "") -> int:
    """Print the lines; 2 when a path could not be read (the others are printed all the same).

    Numbers on people are private in sport; where nobody says what the pictures show, they count too.
    """
    try:
        detectors = Detectors(vertical or "sports", threads=os.cpu_count() or 1, stills=True)
    except VideoError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    status = 0
    for path in _pictures(paths):
        picture = _read(path)
        if picture is None:
            what = "a folder without pictures" if path.is_dir() else "not a picture that can be read"
            sys.stderr.write(f"{path}: {what}. Give JPEG, PNG, BMP, WebP or PPM.\n")
            status = 2
            continue
        sys.stdout.write(json.dumps(_line(path, picture, detectors)) + "\n")
        sys.stdout.flush()
    return status


def _read(path: Path) -> NDArray[np.uint8] | None:
    """Decode a picture, upright as its EXIF says; none when it cannot be."""
    if not path.is_file():
        return None
    try:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV wants to believe
        return None
    return None if picture is None else np.asarray(picture, np.uint8)


def _pictures(paths: Sequence[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURES) or [path]
        else:
            yield path


def _line(path: Path, picture: NDArray[np.uint8], detectors: Detectors) -> dict[str, object]:
    height, width = picture.shape[:2]
    seen = corrected(picture)
    objects = detectors.objects(seen)
    vehicles = [box for box in objects if box.kind in VEHICLES]
    found = [
        *detectors.faces(seen),
        *detectors.plates(seen, vehicles),
        *detectors.screens(picture, objects),
    ]
    if detectors.vertical == "sports":
        found += detectors.jerseys(seen, [box for box in objects if box.kind == "person"])
    boxes = []
    for box in found:
        covered = clip_to(region(box), width, height)
        boxes.append(
            {
                "kind": box.kind,
                "box": [round(v, 1) for v in (covered.x, covered.y, covered.w, covered.h)],
                "score": round(box.score, 4),
            }
        )
    return {"image": str(path), "width": width, "height": height, "boxes": boxes}
