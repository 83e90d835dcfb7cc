"""COCO keypoints: one file for a package, readable by pycocotools.

Format: cocodataset's "Keypoint Detection" annotations, 17 keypoints, 1-based skeleton.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def images_and_annotations(
    video_id: int, name: str, facts: dict[str, Any], first_annotation: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ("images"|"annotations", entry) of one clip.

    ``facts`` is a clip's poses file: pixels of the redacted clip, frames from 0. Image ids are
    ``video_id * 1_000_000 + frame`` and file names ``000000_000015.jpg``, unique over the package.
    """
    width, height = facts["output"]["width"], facts["output"]["height"]
    seen: set[int] = set()
    annotation = first_annotation
    for pose in facts["poses"]:
        frame = pose["frame"]
        image_id = video_id * 1_000_000 + frame
        if frame not in seen:
            seen.add(frame)
            yield (
                "images",
                {
                    "id": image_id,
                    "file_name": f"{video_id:06d}_{frame:06d}.jpg",
                    "width": width,
                    "height": height,
                    "video_id": video_id,
                    "video": name,
                    "frame_id": frame,
                },
            )
        yield "annotations", annotation_of(pose, annotation, image_id)
        annotation += 1


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


def document(clips: list[tuple[str, dict[str, Any]]], *, description: str, version: str) -> dict[str, Any]:
    """Build the whole COCO document from (media path, facts) of each clip."""
    coco: dict[str, Any] = {
        "info": {"description": description, "version": version},
        "videos": [],
        "images": [],
        "annotations": [],
        "categories": [PERSON],
    }
    for video_id, (name, facts) in enumerate(clips):
        coco["videos"].append({"id": video_id, "file_name": name, "fps": facts["output"]["fps"]})
        for kind, entry in images_and_annotations(video_id, name, facts, len(coco["annotations"]) + 1):
            coco[kind].append(entry)
    return coco
