"""Heads as a safety net, and faces that cannot be: what people and poses say about the face detector's answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.video.boxes import Box, covered, intersection, iou

if TYPE_CHECKING:
    from pipeline.video.pose import Pose

# BlazePose: nose, eyes, ears and mouth are points 0–10, then shoulders and hips.
FACE_POINTS = slice(0, 11)
SHOULDERS, HIPS = slice(11, 13), slice(23, 25)
# Of an adult's trunk (shoulder to hip): head from chin to crown 0.43, brow to chin about 0.33; children's are larger.
HEAD_TO_TRUNK = 0.42
# A pose less certain than this may not be a person at all.
LEAST_POSE = 0.5
# Share of a person box from its top within which its head lies.
LOW = 0.42
# A weak "face" of this share of a person it lies on is that person's body.
TOO_LARGE = 0.4
WEAK = 0.65


def of_poses(poses: Iterable[Pose], faces: Sequence[Box], people: Sequence[Box]) -> list[Box]:
    """Return a face box for every head of a pose on which no face was found: turned away, in profile, blurred."""
    found = []
    for pose in poses:
        if pose.score < LEAST_POSE:
            continue
        points = np.asarray(pose.landmarks, float)[:, :2]
        head = points[FACE_POINTS]
        trunk = float(np.linalg.norm(points[SHOULDERS].mean(0) - points[HIPS].mean(0)))
        across = float(np.linalg.norm(points[11] - points[12]))
        spread = float(np.ptp(head, axis=0).max())
        size = max(HEAD_TO_TRUNK * trunk, 0.45 * across, 1.3 * spread)
        cx, cy = head.mean(0)
        box = Box("face", cx - 0.42 * size, cy - 0.55 * size, 0.84 * size, size, float(pose.score))
        if _misplaced(box, people):
            continue
        if all(iou(box, face) < 0.1 and covered(face, box) < 0.5 for face in faces):
            found.append(box)
    return found


def _misplaced(head: Box, people: Sequence[Box]) -> bool:
    """Return whether the head lies low in every person box around it: the pose is upside down or made of legs."""
    around = [p for p in people if p.x <= head.cx <= p.x2 and p.y - 0.2 * p.h <= head.cy <= p.y2]
    return bool(around) and min((head.cy - p.y) / p.h for p in around) > LOW


def plausible(faces: Iterable[Box], people: Sequence[Box]) -> list[Box]:
    """Return the faces without the weak ones that are as large as the person they lie on."""
    return [
        face
        for face in faces
        if face.score >= WEAK
        or not any(
            intersection(face, person) > 0.5 * min(face.area, person.area)
            and face.area > TOO_LARGE * person.area
            for person in people
        )
    ]
