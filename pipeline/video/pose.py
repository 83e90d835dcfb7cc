"""Pose with MediaPipe's BlazePose (Bazarevsky et al., 2020): one look a person box, and the full frame when alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from pipeline.video import pose_graphs
from pipeline.video.body import Body, expected
from pipeline.video.boxes import Box, clip_to, covered, iou, pad
from pipeline.video.nets import Picture

RIM = 4  # px around the square that the landmark model sees: what it is sampled from at its edge
MARGIN = 0.15  # of the box on each side where BlazePose's own detector looks again
LEAST = 32  # px: a smaller crop has no joints to find
SEEN, HIDDEN = 0.5, 0.1  # visibility from which a keypoint is seen (v = 2) or at least placed (v = 1)
SAME = 0.45  # two poses of one person
INSIDE = 0.6  # share of a pose that lies in the box it was looked for in; else it is somebody else's
# A pose of this score needs no other look: where the body was, or of a lone person in the full frame.
SURE = 0.7
FEW = 2  # up to so many people BlazePose's detector looks first: 20 ms more each, right for turned bodies
# COCO-17 from BlazePose's 33: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
COCO17 = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


@dataclass(frozen=True, slots=True)
class Pose:
    """One person's pose in frame pixels.

    ``box``: around the placed keypoints; ``landmarks``: 33 × (x, y, z, visibility), z in pixels relative to the
    hips; ``keypoints``: COCO's 17 × (x, y, v), v 0 absent, 1 hidden, 2 seen; ``score``: mean visibility of the 17;
    ``body``: where to look for it in the next picture.
    """

    box: Box
    landmarks: tuple[tuple[float, float, float, float], ...]
    keypoints: tuple[tuple[float, float, int], ...]
    score: float
    body: Body


class PoseEstimator:
    """MediaPipe graphs for still pictures: what is known of the picture before is told with each call.

    The same as `mediapipe.solutions.pose`, taken apart so that all ways to a region share one landmark model (60 MiB)
    and different people can follow each other. Not for two threads at once.
    """

    def __init__(self) -> None:
        # They are 70 and 40 MiB and load with their first picture: traffic without a pedestrian near needs neither.
        self._region: Any = None
        self._whole: Any = None

    def _landmarks(self) -> Any:
        if self._region is None:
            self._region = pose_graphs.landmarks()
            with pose_graphs.quiet():
                self._in_square(
                    np.zeros((LEAST, LEAST, 3), np.uint8), Body.around(Box("person", 0, 0, LEAST, LEAST))
                )
        return self._region

    def _detector(self) -> Any:
        if self._whole is None:
            self._whole = pose_graphs.detector()
            with pose_graphs.quiet():
                self._by_detector(np.zeros((LEAST, LEAST, 3), np.uint8), Box("frame", 0, 0, LEAST, LEAST))
        return self._whole

    def people(self, rgb: Picture, person_boxes: Sequence[Box], before: Sequence[Pose] = ()) -> list[Pose]:
        """Estimate one pose a person box, and one on the whole H × W × 3 RGB frame when no more than one was found.

        `before`: the poses of the picture a fifth of a second before. Who stands upright in them is looked for where
        the body must be now: a quarter of the looks of BlazePose's detector are left, and legs and hips that it places
        wrongly in every few pictures stay where they are.

        BlazePose's detector finds a crowd badly: of 298 people in street and court scenes it gave 52 a pose, the
        landmark model in our boxes 183. But it knows how far a body is turned: with it first, 0.70 of the joints of
        tumbling athletes are right (within 0.3 torso lengths), without it 0.40. Our person detector misses some
        lone athletes, so they get the full frame. The same person is given once, best first.
        """
        height, width = rgb.shape[:2]
        few = len(person_boxes) <= FEW
        bodies = [pose.body for pose in before]
        found = [pose for box in person_boxes if (pose := self._in_box(rgb, box, bodies, few)) is not None]
        if len(person_boxes) <= 1 and all(pose.score < SURE for pose in found):
            alone = self._by_detector(rgb, Box("frame", 0, 0, width, height))
            found += [alone] if alone is not None else []
        kept: list[Pose] = []
        for pose in sorted(found, key=lambda pose: -pose.score):
            if all(iou(pose.box, other.box) < SAME for other in kept):
                kept.append(pose)
        return kept

    def close(self) -> None:
        """Free the graphs."""
        for graph in (self._region, self._whole):
            if graph is not None:
                graph.close()

    def _in_box(self, rgb: Picture, box: Box, bodies: Sequence[Body], few: bool) -> Pose | None:
        """Give a pose that belongs to this box."""
        if min(box.w, box.h) < LEAST / 2 or max(box.w, box.h) < LEAST:
            return None
        if body := expected(bodies, box):
            pose = self._in_square(rgb, body)
            if _belongs(pose, box) and pose.score >= SURE and body.agrees(pose.body):
                return pose
        if few:
            area = clip_to(pad(box, MARGIN * box.w, MARGIN * box.h), rgb.shape[1], rgb.shape[0])
            pose = self._by_detector(rgb, area, box)
            if _belongs(pose, box):
                return pose
        pose = self._in_square(rgb, Body.around(box))
        return pose if _belongs(pose, box) else None

    def _in_square(self, rgb: Picture, body: Body) -> Pose | None:
        """Place landmarks in a turned square of the picture."""
        from mediapipe.framework.formats import rect_pb2

        # MediaPipe copies what it is given: what lies around the square instead of the whole frame for each person.
        half = body.side / 2 * (abs(math.cos(body.turn)) + abs(math.sin(body.turn))) + RIM
        area, crop = _cut_out(rgb, Box("area", body.cx - half, body.cy - half, 2 * half, 2 * half))
        if not crop.size:
            return None
        region = rect_pb2.NormalizedRect(
            x_center=(body.cx - area.x) / area.w,
            y_center=(body.cy - area.y) / area.h,
            width=body.side / area.w,
            height=body.side / area.h,
            rotation=body.turn,
        )
        return self._pose(rgb, area, crop, region, body.person, body.looks)

    def _by_detector(self, rgb: Picture, area: Box, person: Box | None = None) -> Pose | None:
        """Let BlazePose find the most prominent person of a part of the picture, turned however they are."""
        area, crop = _cut_out(rgb, area)
        if min(crop.shape[:2]) < LEAST:
            return None
        region = self._detector().process({"image": crop}).region
        return None if region is None else self._pose(rgb, area, crop, region, person)

    def _pose(
        self, rgb: Picture, area: Box, crop: Picture, region: Any, person: Box | None, looks: int = 0
    ) -> Pose | None:
        """Place landmarks in a region of a part of the picture; none when fewer than three keypoints are in it."""
        found = self._landmarks().process({"image": crop, "region": region})
        if found.landmarks is None:
            return None
        points = np.array([(m.x, m.y, m.z, m.visibility) for m in found.landmarks.landmark[:33]], np.float64)
        points = points * (area.w, area.h, area.w, 1) + (area.x, area.y, 0, 0)  # z is on the scale of x
        keypoints = tuple(_coco(points[index], rgb.shape[1], rgb.shape[0]) for index in COCO17)
        score = float(points[COCO17, 3].mean())
        placed = np.array([(x, y) for x, y, v in keypoints if v])
        if len(placed) < 3:
            return None
        (x1, y1), (x2, y2) = placed.min(axis=0).tolist(), placed.max(axis=0).tolist()
        box = Box("person", x1, y1, x2 - x1, y2 - y1, score)
        hips, end = ((m.x * area.w + area.x, m.y * area.h + area.y) for m in found.alignment.landmark[:2])
        landmarks = tuple((x, y, z, seen) for x, y, z, seen in points.tolist())
        return Pose(box, landmarks, keypoints, score, Body.of_landmarks(hips, end, person or box, looks))


def _belongs(pose: Pose | None, box: Box) -> TypeGuard[Pose]:
    """Return whether a pose lies where it was looked for."""
    return pose is not None and covered(pose.box, box) >= INSIDE


def _cut_out(rgb: Picture, area: Box) -> tuple[Box, Picture]:
    """Return what lies in the picture of an area, in whole pixels: where that is, and its pixels."""
    left, top = max(0, round(area.x)), max(0, round(area.y))
    crop = np.ascontiguousarray(rgb[top : max(top, round(area.y2)), left : max(left, round(area.x2))])
    return Box("area", left, top, crop.shape[1], crop.shape[0]), crop


def _coco(point: NDArray[np.float64], width: int, height: int) -> tuple[float, float, int]:
    x, y, _, visibility = point.tolist()
    if visibility < HIDDEN or not (0 <= x < width and 0 <= y < height):
        return 0.0, 0.0, 0
    return x, y, 2 if visibility >= SEEN else 1
