"""What is seen in one key frame: detectors and pose, run on worker threads, one set of models a thread."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video import heads
from pipeline.video.boxes import Box
from pipeline.video.options import Options

if TYPE_CHECKING:
    from pipeline.video.pose import Pose

PEOPLE = frozenset({"person"})
# "vehicle" may be one: no fact about the scene, but a place to look for a plate.
VEHICLES = frozenset({"car", "truck", "bus", "motorcycle", "train", "vehicle"})
# A person shorter than this share of the picture has no pose worth keeping (33 points on 40 pixels are guesses).
POSE_MIN_HEIGHT = 0.11
MOST_POSES = 8


@dataclass(slots=True)
class Seen:
    """Detections of one key frame in its own pixels."""

    frame: int
    private: list[Box] = field(default_factory=list)  # faces and plates
    objects: list[Box] | None = None  # None: not looked for in this frame
    poses: list[Pose] | None = None  # None: pose was not asked for in this frame


class Eyes:
    """Detectors behind a small pool of threads; each thread owns its sessions, so results never depend on order."""

    def __init__(self, *, options: Options, workers: int, width: int, height: int, fps: float) -> None:
        self.vertical, self.width, self.height, self.fps = options.vertical, width, height, fps
        self.timing: dict[str, float] = defaultdict(float)  # CPU seconds of each detector
        self._known: Future[list[Box]] = Future()  # the objects seen last
        self._local = threading.local()
        self._lock = threading.Lock()
        # Half of the threads at most in the same detector: they spread over different ones, and the layers of the
        # largest network are not held twice (55 MiB at 1080p with two threads).
        self._gates = {
            name: threading.Semaphore((workers + 1) // 2) for name in ("objects", "faces", "plates")
        }
        self._pose: Any = None
        self._pose_lock = threading.Lock()
        self.models: list[dict[str, Any]] = []
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="eyes")

    def look(self, frame: int, buffer: NDArray[np.uint8], looks: frozenset[str]) -> Future[Seen]:
        """Start on a key frame; the buffer must stay as it is until the result is there."""
        if "objects" in looks:
            self._known = Future()
        return self._pool.submit(self._look, frame, buffer, self._known, looks)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._pose is not None:
            self._pose.close()

    def _look(
        self,
        frame: int,
        buffer: NDArray[np.uint8],
        known: Future[list[Box]],
        looks: frozenset[str],
    ) -> Seen:
        detectors = self._detectors()
        bgr = cv2.cvtColor(buffer.reshape(self.height * 3 // 2, self.width), cv2.COLOR_YUV2BGR_I420)
        seen = Seen(frame=frame)
        if "objects" in looks:
            try:
                with self._gates["objects"]:
                    seen.objects = detectors.objects(bgr)
                known.set_result(seen.objects)
            except BaseException as error:
                known.set_exception(error)
                raise
        with self._gates["faces"]:
            faces = detectors.faces(bgr)
        # Jobs start in order, so the one that looks for the objects has begun before this one waits for it.
        objects = known.result()
        faces = heads.plausible(faces, [box for box in objects if box.kind in PEOPLE])
        seen.private = list(faces)
        if "plates" in looks:
            vehicles = [box for box in objects if box.kind in VEHICLES]
            with self._gates["plates"]:
                seen.private += detectors.plates(bgr, vehicles, turn=frame)
        if "pose" in looks:
            people = [b for b in objects if b.kind in PEOPLE and b.h >= POSE_MIN_HEIGHT * self.height]
            people = sorted(people, key=lambda b: -b.area)[:MOST_POSES]
            seen.poses = self._people(bgr, people)
            seen.private += heads.of_poses(seen.poses, faces, people)
        return seen

    def _detectors(self) -> Any:
        if not hasattr(self._local, "detectors"):
            from pipeline.video.detectors import Detectors

            with self._lock:  # loading is not part of any library's promise of thread safety
                self._local.detectors = Detectors(self.vertical, threads=1)
                self.models = list(self._local.detectors.models)
        return self._local.detectors

    def _people(self, bgr: NDArray[np.uint8], people: list[Box]) -> list[Pose]:
        """Estimate poses, one caller at a time: a second graph would cost 110 MiB and no picture needs the other's."""
        with self._pose_lock:
            if self._pose is None:
                from pipeline.video.pose import PoseEstimator

                self._pose = PoseEstimator()
            poses: list[Pose] = self._pose.people(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), people)
            return poses
