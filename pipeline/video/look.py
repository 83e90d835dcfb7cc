"""What is seen in one key frame: detectors and pose, run on worker threads, one set of models a thread."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box

if TYPE_CHECKING:
    from pipeline.video.pose import Pose

PEOPLE = frozenset({"person"})
VEHICLES = frozenset({"car", "truck", "bus", "motorcycle", "train"})
# A person shorter than this share of the picture has no pose worth keeping (33 points on 40 pixels are guesses).
POSE_MIN_HEIGHT = 0.11
MOST_POSES = 8


@dataclass(slots=True)
class Seen:
    """Detections of one key frame in its own pixels."""

    frame: int
    private: list[Box] = field(default_factory=list)  # faces and plates
    objects: list[Box] = field(default_factory=list)
    poses: list[Pose] | None = None  # None: pose was not asked for in this frame


class Eyes:
    """Detectors behind a small pool of threads; each thread owns its models, so results never depend on order."""

    def __init__(self, *, vertical: str, workers: int, width: int, height: int) -> None:
        self.vertical, self.width, self.height = vertical, width, height
        self._local = threading.local()
        self._lock = threading.Lock()
        self._pose: list[Any] = []
        self.models: list[dict[str, Any]] = []
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="eyes")

    def look(self, frame: int, buffer: NDArray[np.uint8], *, pose: bool) -> Future[Seen]:
        """Start on a key frame; the buffer must stay as it is until the result is there."""
        return self._pool.submit(self._look, frame, buffer, pose)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for estimator in self._pose:
            estimator.close()

    def _look(self, frame: int, buffer: NDArray[np.uint8], pose: bool) -> Seen:
        detectors = self._detectors()
        bgr = cv2.cvtColor(buffer.reshape(self.height * 3 // 2, self.width), cv2.COLOR_YUV2BGR_I420)
        objects = detectors.objects(bgr)
        faces = detectors.faces(bgr)
        plates = detectors.plates(bgr, [box for box in objects if box.kind in VEHICLES])
        seen = Seen(frame=frame, private=[*faces, *plates], objects=objects)
        if pose:
            people = [b for b in objects if b.kind in PEOPLE and b.h >= POSE_MIN_HEIGHT * self.height]
            people = sorted(people, key=lambda b: -b.area)[:MOST_POSES]
            seen.poses = self._estimator().people(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), people)
        return seen

    def _detectors(self) -> Any:
        if not hasattr(self._local, "detectors"):
            from pipeline.video.detectors import Detectors

            with self._lock:  # loading is not part of any library's promise of thread safety
                self._local.detectors = Detectors(self.vertical, threads=1)
                self.models = list(self._local.detectors.models)
        return self._local.detectors

    def _estimator(self) -> Any:
        if not hasattr(self._local, "pose"):
            from pipeline.video.pose import PoseEstimator

            with self._lock:
                self._local.pose = PoseEstimator()
                self._pose.append(self._local.pose)
        return self._local.pose
