"""Pictures that were filmed upside down or on their side: turned for the detectors, and boxes turned back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, pad
from pipeline.video.pose import Pose

CODES = {1: cv2.ROTATE_90_CLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_COUNTERCLOCKWISE}
# What covers a face reaches further above it than below; on its side or upside down it lies otherwise.
FACE_GROWN = 0.08


@dataclass(frozen=True, slots=True)
class Turn:
    """So many quarter turns clockwise make a picture of width × height pixels upright."""

    quarters: int
    width: int
    height: int

    def picture(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return an H × W × 3 picture upright."""
        if not self.quarters:
            return picture
        return np.asarray(cv2.rotate(picture, CODES[self.quarters]), np.uint8)

    def into(self, box: Box) -> Box:
        """Return where a box of the picture lies in the upright one: what `back` gives becomes what it was."""
        box = _turned(box, self.quarters, self.width, self.height)
        if self.quarters and box.kind == "face":
            share = FACE_GROWN / (1 + 2 * FACE_GROWN)
            box = pad(box, -share * box.w, -share * box.h)
        return box

    def back(self, box: Box) -> Box:
        """Return where a box of the upright picture lies in the picture."""
        if not self.quarters:
            return box
        if box.kind == "face":
            box = pad(box, FACE_GROWN * box.w, FACE_GROWN * box.h)
        return _turned(box, -self.quarters % 4, *self._upright())

    def boxes_back(self, boxes: Iterable[Box]) -> list[Box]:
        return [self.back(box) for box in boxes]

    def pose_back(self, pose: Pose) -> Pose:
        """Return a pose of the upright picture in pixels of the picture; its body stays, for the next upright one."""
        if not self.quarters:
            return pose
        return replace(
            pose,
            box=self.back(pose.box),
            landmarks=tuple((*self._point(x, y), z, seen) for x, y, z, seen in pose.landmarks),
            keypoints=tuple((*self._point(x, y), v) if v else (0.0, 0.0, 0) for x, y, v in pose.keypoints),
        )

    def _point(self, x: float, y: float) -> tuple[float, float]:
        at = _turned(Box("point", x, y, 0, 0), -self.quarters % 4, *self._upright())
        return at.x, at.y

    def _upright(self) -> tuple[int, int]:
        return (self.height, self.width) if self.quarters % 2 else (self.width, self.height)


def _turned(box: Box, quarters: int, width: int, height: int) -> Box:
    for _ in range(quarters):
        box = replace(box, x=height - box.y2, y=box.x, w=box.h, h=box.w)
        width, height = height, width
    return box
