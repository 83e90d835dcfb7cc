"""Gather the scenes in which numbers are printed on people: pictures and recordings under free licences.

    python -m pipeline.training.gather_people MEDIA people.pickle

MEDIA is laid out like the benchmarks' media. Taken: Open Images by way of Roboflow (CC BY), RobertLucian's dashcam
stills (MIT), DAWN (CC BY), two recordings of Intel's samples (CC BY), one of TensorFlow.js (Apache) and one of OpenCV
(Apache). Athletes' pictures are none of them: by those the training is judged. Never taken: the part of
`benchmarks.labels.held_out`.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pipeline.training.gather_scenes import HELD_OUT
from pipeline.training.number_scenes import People
from pipeline.training.plate_scenes import Area, Picture
from pipeline.video.boxes import Box
from pipeline.video.detectors import Detectors

FREE = ("oi_", "rl_", "dawn_")
RECORDINGS = ("intel_faces_walking", "intel_one_by_one", "tfjs_squats", "opencv_vtest")
EVERY = 12  # frames of a recording between two that are taken
LEAST_PERSON = 60  # px: smaller people wear no number that can be read
LARGEST = 1280  # px: larger pictures are reduced
SURE = 0.4  # score of a person


def gather(media: Path) -> list[People]:
    """Find the people of each picture, and the words that nobody labelled: they count neither way."""
    detectors = Detectors("sports", 1, stills=True)
    scenes = []
    for picture, words in _pictures(media):
        people = [
            box
            for box in detectors.objects(picture)
            if box.kind == "person" and box.h >= LEAST_PERSON and box.score >= SURE
        ]
        unsure = [_area(box) for box in detectors.jerseys(picture, people)]
        scenes.append(People(picture, [_area(box) for box in people], [*unsure, *words]))
    return scenes


def _pictures(media: Path) -> Iterator[tuple[Picture, list[Area]]]:
    """Give each picture and its labelled plates, in its pixels as it is given."""
    for path in sorted((media / "labels").glob("*.json")):
        read = json.loads(path.read_text())
        image = Path(read.get("image", ""))
        if not image.name.startswith(FREE) or _held_out(image):
            continue
        picture = np.asarray(cv2.imread(str(media / image)), np.uint8)
        factor = min(1.0, LARGEST / max(picture.shape))
        if factor < 1:
            picture = np.asarray(
                cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
            )
        plates = [row["box"] for row in read["boxes"] if row["kind"] == "plate"]
        yield picture, [(x * factor, y * factor, w * factor, h * factor) for x, y, w, h in plates]
    for path in sorted((media / "video").glob("*/*")):
        if not path.name.startswith(RECORDINGS) or _held_out(path):
            continue
        recording = cv2.VideoCapture(str(path))
        number = 0
        while True:
            there, frame = recording.read()
            if not there:
                break
            if number % EVERY == 0:
                yield np.asarray(frame, np.uint8), []
            number += 1


def _area(box: Box) -> Area:
    return box.x, box.y, box.w, box.h


def _held_out(path: Path) -> bool:
    return hashlib.sha256(path.name.encode()).hexdigest()[0] in HELD_OUT


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as file:
        pickle.dump(gather(Path(sys.argv[1])), file)
