"""Gather the scenes of the training: labelled pictures under free licences, with and without their plates.

    python -m pipeline.training.gather_scenes MEDIA scenes.pickle

MEDIA is laid out like the benchmarks' media. Taken: Open Images by way of Roboflow (CC BY) and RobertLucian's dashcam
stills (MIT), where a plate of 12 px height is labelled. Never taken: the part of
`benchmarks.labels.held_out`, and one in eight of the rest, by which a training is judged while it goes on.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from pathlib import Path

import cv2
import numpy as np

from pipeline.training.plate_scenes import Picture, Scene, cleaned
from pipeline.video.boxes import Box, iou
from pipeline.video.detectors import VEHICLES, Detectors

FREE = ("oi_", "rl_")
HELD_OUT, JUDGED_BY = "01234", "ef"
LEAST = 12  # px: height of a label
LARGEST = 1280  # px: larger pictures are reduced
# What was found beside the labels was looked at. In Open Images that is lamps, wheels, badges and words, but in these
# pictures, where a plate has no label; in dashcam stills most of it is plates, too small for whoever labelled them.
LABELLED = "oi_"
NOT_ALL_LABELLED = frozenset(
    f"oi_{one}.jpg"
    for one in ("39c193bcc0c00f9e", "5373ec295ea62c47", "5a3f94aa35766f31", "87b4f1202cd06440")
)


def gather(media: Path) -> list[Scene]:
    """Read the labels, find vehicles and what may be plates without a label, paint the labelled plates over.

    What is taken for a plate and cannot be one is learnt as what is none.
    """
    detectors = Detectors("driving", 1, stills=True)
    scenes = []
    for path in sorted((media / "labels").glob("*.json")):
        read = json.loads(path.read_text())
        name = Path(read.get("image", "")).name
        if not name.startswith(FREE) or part_of(name) in HELD_OUT + JUDGED_BY:
            continue
        labels = [Box("plate", *row["box"]) for row in read["boxes"] if row["kind"] == "plate"]
        if not any(label.h >= LEAST for label in labels):
            continue
        picture = np.asarray(cv2.imread(str(media / read["image"])), np.uint8)
        objects = detectors.objects(picture)
        vehicles = [box for box in objects if box.kind in VEHICLES and box.w > 24]
        found = detectors.plates(picture, vehicles)
        beside = [box for box in found if all(iou(box, label) < 0.1 for label in labels)]
        unsure = [box for box in beside if may_be_a_plate(name, box)]
        picture, factor = reduced(picture)

        def areas(boxes: list[Box], factor: float = factor) -> list[tuple[float, float, float, float]]:
            return [(b.x * factor, b.y * factor, b.w * factor, b.h * factor) for b in boxes]

        places = areas(labels)
        clean, lights = cleaned(picture, places)
        scenes.append(Scene(picture, clean, places, lights, areas(vehicles), areas(unsure)))
    return scenes


def part_of(name: str) -> str:
    """Return the digit that says to which part a file belongs, as `benchmarks.labels` has it."""
    return hashlib.sha256(name.encode()).hexdigest()[0]


def reduced(picture: Picture) -> tuple[Picture, float]:
    """Make a large picture smaller; also returns by which factor."""
    factor = min(1.0, LARGEST / max(picture.shape))
    if factor < 1:
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8), factor
    return picture, factor


def may_be_a_plate(name: str, found: Box) -> bool:
    """Say whether what was found in this picture, and has no label, may be a plate all the same."""
    return not name.startswith(LABELLED) or name in NOT_ALL_LABELLED or found.h < LEAST


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as file:
        pickle.dump(gather(Path(sys.argv[1])), file)
