"""COCO keypoints: one file for a package, readable by pycocotools.

Format: cocodataset's "Keypoint Detection" annotations, 17 keypoints, 1-based skeleton.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import orjson

from pipeline.formats.item import Item, by_frame

PARTS = ("videos", "images", "annotations")

KEYPOINTS = [
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
]
# COCO's own person skeleton; it counts keypoints from 1.
SKELETON = [
    [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9],
    [8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
]  # fmt: skip
PERSON = {
    "id": 1,
    "name": "person",
    "supercategory": "person",
    "keypoints": KEYPOINTS,
    "skeleton": SKELETON,
}


def texts(item: Item) -> list[str]:
    """Write one clip's entries, a text for each of PARTS: a video, an image a frame that has a person, the people.

    Numbers follow from the clip's own, so that its text is the same whatever stands before it.
    """
    width, height = item.size
    video = {"id": item.number, "file_name": item.media, "fps": item.fps, "width": width, "height": height}
    images: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    for frame, poses in by_frame(item):
        image_id = item.number * 1_000_000 + frame
        images.append(
            {
                "id": image_id,
                "file_name": f"{item.still(frame)}.jpg",
                "width": width,
                "height": height,
                "video_id": item.number,
                "video": item.media,
                "frame_id": frame,
            }
        )
        for pose in poses:
            people.append(annotation_of(pose, item.number * 1_000_000 + len(people) + 1, image_id))
    return [_inside([video]), _inside(images), _inside(people)]


def _inside(entries: list[dict[str, Any]]) -> str:
    return orjson.dumps(entries)[1:-1].decode()


class Writer:
    """Write one COCO document clip by clip: what grows lies in files beside it, so memory does not."""

    def __init__(self, folder: Path, *, description: str, version: str) -> None:
        self.path = folder / "coco_keypoints.json"
        self._about = {"description": description, "version": version}
        self._parts = {name: (folder / f"coco_{name}.part").open("w+", encoding="utf-8") for name in PARTS}
        self._begun: set[str] = set()

    def add(self, texts: list[str]) -> None:
        """Write one clip's text, as texts() gives it."""
        for name, text in zip(PARTS, texts, strict=True):
            if text:
                self._parts[name].write(("," if name in self._begun else "") + text)
                self._begun.add(name)

    def close(self) -> Path:
        """Join the parts to one document and give its path."""
        with self.path.open("w", encoding="utf-8") as out:
            out.write(f'{{"info":{json.dumps(self._about)},"categories":{json.dumps([PERSON])}')
            for name, file in self._parts.items():
                out.write(f',"{name}":[')
                file.seek(0)
                shutil.copyfileobj(file, out)
                out.write("]")
                file.close()
                Path(file.name).unlink()
            out.write("}")
        return self.path


def annotation_of(pose: dict[str, Any], annotation_id: int, image_id: int) -> dict[str, Any]:
    """Write one person: box [x, y, w, h] in pixels, 17 × (x, y, v), v 0 absent, 1 hidden, 2 seen."""
    flat: list[float] = []
    labelled = 0
    for x, y, v in pose["keypoints17"]:
        flat += [round(x, 1), round(y, 1), v] if v else [0, 0, 0]
        labelled += bool(v)
    box = [round(value, 1) for value in pose["box"]]
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": 0,
        "area": round(box[2] * box[3], 1),
        "bbox": box,
        "num_keypoints": labelled,
        "keypoints": flat,
        "track_id": pose.get("track"),
        "score": round(pose.get("score", 1.0), 3),
    }
