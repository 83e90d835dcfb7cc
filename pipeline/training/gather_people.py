"""Gather the scenes in which numbers are printed on people: pictures and recordings under free licences.

    python -m pipeline.training.gather_people MEDIA people.pickle

MEDIA is laid out like the benchmarks' media. Taken: Open Images by way of Roboflow (CC BY), RobertLucian's dashcam
stills (MIT), DAWN (CC BY), two recordings of Intel's samples (CC BY), one of TensorFlow.js (Apache) and one of OpenCV
(Apache). Athletes' pictures are none of them: by those the training is judged. Never taken: the part of
`benchmarks.labels.held_out`.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pipeline.training.gather_scenes import HELD_OUT, part_of, reduced
from pipeline.training.number_scenes import People
from pipeline.training.plate_scenes import Area, Picture
from pipeline.video.boxes import Box
from pipeline.video.detectors import Detectors
from pipeline.video.jerseys import STILL, TRUNK, ZOOM, part
from pipeline.video.text import Text

FREE = ("oi_", "rl_", "dawn_")
RECORDINGS = ("intel_faces_walking", "intel_one_by_one", "tfjs_squats", "opencv_vtest")
EVERY = 12  # frames of a recording between two that are taken
LEAST_PERSON = 60  # px: smaller people wear no number that can be read
SURE = 0.4  # score of a person


def gather(media: Path) -> list[People]:
    """Find the people of each picture, and the words that nobody labelled: they count neither way."""
    detectors, text = Detectors("sports", 1, stills=True), Text(threads=1)
    scenes = []
    for picture, words in _pictures(media):
        people = [
            box
            for box in detectors.objects(picture)
            if box.kind == "person" and box.h >= LEAST_PERSON and box.score >= SURE
        ]
        # By letters alone: what the head itself took for a number it could never learn to leave.
        unsure = [
            _area(box)
            for person in people
            for box in text.find(picture, part(person, TRUNK), zoom=ZOOM, longest=STILL.longest)
        ]
        scenes.append(People(picture, [_area(box) for box in people], [*unsure, *words]))
    return scenes


def _pictures(media: Path) -> Iterator[tuple[Picture, list[Area]]]:
    """Give each picture and its labelled plates, in its pixels as it is given."""
    for path in sorted((media / "labels").glob("*.json")):
        read = json.loads(path.read_text())
        image = Path(read.get("image", ""))
        if not image.name.startswith(FREE) or part_of(image.name) in HELD_OUT:
            continue
        picture, factor = reduced(np.asarray(cv2.imread(str(media / image)), np.uint8))
        plates = [row["box"] for row in read["boxes"] if row["kind"] == "plate"]
        yield picture, [(x * factor, y * factor, w * factor, h * factor) for x, y, w, h in plates]
    for path in sorted((media / "video").glob("*/*")):
        if not path.name.startswith(RECORDINGS) or part_of(path.name) in HELD_OUT:
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


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as file:
        pickle.dump(gather(Path(sys.argv[1])), file)
