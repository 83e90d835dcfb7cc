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

from pipeline.training.plate_scenes import Scene, cleaned
from pipeline.video.boxes import Box, iou
from pipeline.video.detectors import VEHICLES, Detectors

FREE = ("oi_", "rl_")
HELD_OUT, JUDGED_BY = "01234", "ef"
LEAST = 12  # px: height of a label
LARGEST = 1280  # px: larger pictures are reduced


def gather(media: Path) -> list[Scene]:
    """Read the labels, find vehicles and what may be plates without a label, paint the labelled plates over."""
    detectors = Detectors("driving", 1, stills=True)
    scenes = []
    for path in sorted((media / "labels").glob("*.json")):
        read = json.loads(path.read_text())
        name = Path(read.get("image", "")).name
        first = hashlib.sha256(name.encode()).hexdigest()[0]
        if not name.startswith(FREE) or first in HELD_OUT + JUDGED_BY:
            continue
        labels = [Box("plate", *row["box"]) for row in read["boxes"] if row["kind"] == "plate"]
        if not any(label.h >= LEAST for label in labels):
            continue
        picture = np.asarray(cv2.imread(str(media / read["image"])), np.uint8)
        objects = detectors.objects(picture)
        vehicles = [box for box in objects if box.kind in VEHICLES and box.w > 24]
        found = detectors.plates(picture, vehicles)
        unsure = [box for box in found if all(iou(box, label) < 0.1 for label in labels)]
        factor = min(1.0, LARGEST / max(picture.shape))
        if factor < 1:
            picture = np.asarray(
                cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
            )

        def areas(boxes: list[Box], factor: float = factor) -> list[tuple[float, float, float, float]]:
            return [(b.x * factor, b.y * factor, b.w * factor, b.h * factor) for b in boxes]

        places = areas(labels)
        clean, lights = cleaned(picture, places)
        scenes.append(Scene(picture, clean, places, lights, areas(vehicles), areas(unsure)))
    return scenes


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as file:
        pickle.dump(gather(Path(sys.argv[1])), file)
