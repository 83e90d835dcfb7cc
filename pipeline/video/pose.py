"""Pose with MediaPipe's BlazePose (Bazarevsky et al., 2020): one person a crop, and the full frame when alone."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, clip_to, iou, pad

# Before mediapipe is imported: it writes to standard error from C++ otherwise.
os.environ.setdefault("GLOG_minloglevel", "2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

MARGIN = 0.15  # of the box on each side: arms and feet reach over it
LEAST = 32  # px: a smaller crop has no joints to find
CONFIDENCE = 0.5
SEEN, HIDDEN = 0.5, 0.1  # visibility from which a keypoint is seen (v = 2) or at least placed (v = 1)
SAME = 0.45  # two poses of one person
# COCO-17 from BlazePose's 33: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
COCO17 = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


@dataclass(frozen=True)
class Pose:
    """One person's pose in frame pixels.

    ``landmarks``: 33 × (x, y, z, visibility), z in pixels relative to the hips; ``keypoints``: COCO's
    17 × (x, y, v), v 0 absent, 1 hidden, 2 seen; ``score``: mean visibility of the 17.
    """

    box: Box
    landmarks: tuple[tuple[float, float, float, float], ...]
    keypoints: tuple[tuple[float, float, int], ...]
    score: float


class PoseEstimator:
    """One MediaPipe graph in still-image mode: crops of different people follow each other, so nothing is tracked."""

    def __init__(self) -> None:
        from mediapipe.python.solutions import pose as blazepose

        self._graph: Any = blazepose.Pose(
            static_image_mode=True, model_complexity=1, min_detection_confidence=CONFIDENCE
        )

    def people(self, rgb: NDArray[np.uint8], person_boxes: list[Box]) -> list[Pose]:
        """Estimate one pose a person box, and one on the whole H × W × 3 RGB frame when at most one box was found.

        MediaPipe finds one person well and a crowd badly, and the person detector misses some lone athletes, so the
        two complete each other; the same person is given once.
        """
        height, width = rgb.shape[:2]
        found: list[Pose] = []
        for box in person_boxes:
            area = clip_to(pad(box, MARGIN * box.w, MARGIN * box.h), width, height)
            pose = self._one(rgb, area)
            if pose is not None:
                found.append(replace(pose, box=box))
        if len(person_boxes) <= 1:
            pose = self._one(rgb, Box("frame", 0, 0, width, height))
            if pose is not None and all(iou(pose.box, other.box) < SAME for other in found):
                found.append(pose)
        return found

    def close(self) -> None:
        """Free the graph."""
        self._graph.close()

    def _one(self, rgb: NDArray[np.uint8], area: Box) -> Pose | None:
        left, top = round(area.x), round(area.y)
        crop = np.ascontiguousarray(rgb[top : round(area.y2), left : round(area.x2)])
        if min(crop.shape[:2]) < LEAST:
            return None
        marks = self._graph.process(crop).pose_landmarks
        if marks is None:
            return None
        h, w = crop.shape[:2]
        landmarks = tuple(
            (left + mark.x * w, top + mark.y * h, mark.z * w, float(mark.visibility))
            for mark in marks.landmark
        )
        keypoints = tuple(_coco(landmarks[index], rgb.shape[1], rgb.shape[0]) for index in COCO17)
        score = float(np.mean([landmarks[index][3] for index in COCO17]))
        placed = np.array([(x, y) for x, y, v in keypoints if v])
        if len(placed) < 3:
            return None
        (x1, y1), (x2, y2) = placed.min(axis=0), placed.max(axis=0)
        return Pose(
            Box("person", float(x1), float(y1), float(x2 - x1), float(y2 - y1), score),
            landmarks,
            keypoints,
            score,
        )


def _coco(mark: tuple[float, float, float, float], width: int, height: int) -> tuple[float, float, int]:
    x, y, _, visibility = mark
    if visibility < HIDDEN or not (0 <= x < width and 0 <= y < height):
        return 0.0, 0.0, 0
    return x, y, 2 if visibility >= SEEN else 1
