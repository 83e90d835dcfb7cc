"""What is seen in one key frame: detectors and pose, run on worker threads, one set of models a process."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video import heads, pose_graphs, tumbling, weights
from pipeline.video.boxes import Box, envelope, iou
from pipeline.video.light import corrected
from pipeline.video.motion import WIDTH, Step, carried
from pipeline.video.options import Options
from pipeline.video.schedule import CLOSE, COARSE, TURNS
from pipeline.video.turned import Turn

if TYPE_CHECKING:
    from pipeline.video.detectors import Detectors
    from pipeline.video.pose import Pose, PoseEstimator

PEOPLE = frozenset({"person"})
# "vehicle" may be one: no fact about the scene, but a place to look for a plate.
VEHICLES = frozenset({"car", "truck", "bus", "motorcycle", "train", "vehicle"})
# A person shorter than this share of the picture has no pose worth keeping (33 points on 40 pixels are guesses).
POSE_MIN_HEIGHT = 0.11
MOST_POSES = 8
# What is looked at again is not smaller than this share of what it was a tenth of a second before.
SHRINKS = 0.92
# Overlap with where it was expected under which it jumped.
JUMPED = 0.6

# Plates that were not seen lately.
LOST = "lost plate"
# Places where letters may have been laid over the picture.
LETTERS = "letters"
# Kind → boxes where the motion puts what is known of it.
Expected = Mapping[str, Sequence[Box]]


@dataclass(slots=True)
class Seen:
    """Detections of one key frame in its own pixels."""

    private: list[Box] = field(default_factory=list)  # what is covered: faces, plates, jerseys, lit screens
    objects: list[Box] | None = None  # None: not looked for in this frame
    lines: list[Box] | None = None  # lines of text at top and bottom; None: not looked for in this frame
    letters: list[Box] = field(default_factory=list)  # lines of text that were not there before
    poses: list[Pose] | None = None  # None: pose was not asked for in this frame


class Eyes:
    """Detectors behind a small pool of threads; what one look takes from another depends on their order alone."""

    def __init__(
        self, *, options: Options, workers: int, width: int, height: int, fps: float, quarters: int = 0
    ) -> None:
        self.vertical, self.width, self.height, self.fps = options.vertical, width, height, fps
        self.turn = Turn(quarters, width, height)
        self.screens, self.posing, self.discipline = (
            options.screens,
            not options.only_redact,
            options.discipline,
        )
        self.timing: dict[str, float] = defaultdict(float)  # CPU seconds of each detector
        self._known: Future[list[Box]] = Future()  # the objects seen last
        self._posed: Future[Seen] | None = None  # the look with the poses seen last
        self._lock = threading.Lock()
        # Half of the threads at most in the same detector: they spread over different ones, and the layers of the
        # largest network are not held twice (55 MiB at 1080p with two threads).
        self._gates = {
            name: threading.Semaphore((workers + 1) // 2) for name in ("objects", "faces", "plates")
        }
        self._pictures = threading.local()
        self.models: list[dict[str, Any]] = []
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="eyes")
        # While the decoder starts. Jobs start in order, so this one has begun before a look waits for it.
        self._detectors = self._pool.submit(self._load)

    def look(
        self,
        frame: int,
        buffer: NDArray[np.uint8],
        looks: frozenset[str],
        expected: Expected,
        moved: Sequence[Step] = (),
    ) -> Future[Seen]:
        """Start on a key frame: look for `looks` in all of it, and again for faces that are `expected` somewhere.

        Plates and jerseys that are expected spare whoever shows them. `moved`: the motion since the last frame in
        which objects were looked for.

        The buffer must stay as it is until the result is there.
        """
        if "objects" in looks:
            self._known = Future()
        before = None if CLOSE in looks else self._posed  # people of another scene are others
        look = self._pool.submit(self._look, frame, buffer, self._known, looks, expected, moved, before)
        if "pose" in looks:
            self._posed = look
        return look

    def objects(self, bgr: NDArray[np.uint8]) -> list[Box]:
        """Find objects in a picture of any size, as `Detectors.objects` does; for one caller, between looks."""
        return self._detectors.result().objects(bgr)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _look(
        self,
        frame: int,
        buffer: NDArray[np.uint8],
        known: Future[list[Box]],
        looks: frozenset[str],
        expected: Expected,
        moved: Sequence[Step],
        before: Future[Seen] | None,
    ) -> Seen:
        detectors = self._detectors.result()
        with self._clock("colour"):
            shown = self._colours(buffer)
            bgr = corrected(shown, self._kept("corrected"))
        seen = Seen()
        if "text" in looks:
            with self._gates["plates"], self._clock("text"):
                seen.lines = detectors.lines_of_text(bgr)
        if places := expected.get(LETTERS):
            with self._gates["plates"], self._clock("text"):
                seen.letters = detectors.lines_at(bgr, places)
        # From here on upright: cameras write upright whichever way they hang.
        shown, bgr = self.turn.picture(shown), self.turn.picture(bgr)
        expected = {kind: [self.turn.into(box) for box in boxes] for kind, boxes in expected.items()}
        if "objects" in looks:
            try:
                with self._gates["objects"], self._clock("objects"):
                    seen.objects = detectors.objects(bgr)
                known.set_result(seen.objects)
            except BaseException as error:
                known.set_exception(error)
                raise
        # Jobs start in order, so the one that looks for the objects has begun before this one waits for it.
        objects = known.result()
        people = [box for box in objects if box.kind in PEOPLE]
        tumbles = self.vertical == "sports" and tumbling.expected(self.discipline, people, bgr.shape[0])
        if "faces" in looks:
            with self._gates["faces"], self._clock("faces"):
                faces = detectors.faces(bgr, coarse=COARSE in looks)
                if tumbles:
                    turns = [turn for look, turn in TURNS.items() if look in looks]
                    faces += tumbling.find(detectors, bgr, turns, faces)
            seen.private += heads.plausible(faces, people)
        if "plates" in looks:
            vehicles = [box for box in objects if box.kind in VEHICLES]
            with self._gates["plates"], self._clock("plates"):
                seen.private += detectors.plates(
                    bgr, vehicles, turn=frame, known=expected.get("plate", ()), lost=expected.get(LOST, ()),
                    whole="wide" in looks, close=CLOSE in looks,
                )  # fmt: skip
        if "jerseys" in looks:
            with self._gates["plates"], self._clock("jerseys"):
                seen.private += detectors.jerseys(bgr, people, turn=frame, known=expected.get("jersey", ()))
        if self.screens and seen.objects is not None:
            seen.private += detectors.screens(shown, seen.objects)
        with self._clock("near"):
            again = expected.get("face", ())
            for box, face in zip(detectors.near(bgr, again), again, strict=True):
                found = box or (tumbling.near(detectors, bgr, face) if tumbles else None)
                if found is not None:
                    seen.private.append(_measured(found, face))
        if "pose" in looks:
            poses = before.result().poses if before else None
            with self._clock("pose"):
                there = [self._moved(box, moved) for box in people]
                tall = [box for box in there if box.h >= POSE_MIN_HEIGHT * bgr.shape[0]]
                tall = sorted(tall, key=lambda box: -box.area)[:MOST_POSES]
                seen.poses = self._people(bgr, tall, poses or [])
                faces = [box for box in seen.private if box.kind == "face"]
                seen.private += heads.of_poses(seen.poses, faces, tall)
                seen.poses = [self.turn.pose_back(pose) for pose in seen.poses]
        seen.private = self.turn.boxes_back(seen.private)
        seen.objects = None if seen.objects is None else self.turn.boxes_back(seen.objects)
        return seen

    def _moved(self, box: Box, steps: Sequence[Step]) -> Box:
        """Return where the motion has put a person since: objects are looked for more seldom than poses."""
        box = self.turn.back(box)
        for step in steps:
            box = carried(box, step, self.width / WIDTH, grows=False)
        return self.turn.into(box)

    def _colours(self, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the frame as BGR."""
        rows = buffer.reshape(self.height * 3 // 2, self.width)
        return np.asarray(cv2.cvtColor(rows, cv2.COLOR_YUV2BGR_I420, dst=self._kept("bgr")), np.uint8)

    def _kept(self, name: str) -> NDArray[np.uint8]:
        """Give a picture that this thread uses again: new pages cost more than what is written."""
        picture: NDArray[np.uint8] | None = getattr(self._pictures, name, None)
        if picture is None:
            picture = np.empty((self.height, self.width, 3), np.uint8)
            setattr(self._pictures, name, picture)
        return picture

    @contextmanager
    def _clock(self, name: str) -> Iterator[None]:
        began = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self.timing[name] += time.thread_time() - began

    def _load(self) -> Detectors:
        with self._clock("load"):
            detectors = _MODELS.detectors(self.vertical)
        self.models = list(detectors.models)
        if self.posing:
            self.models.append({**weights.described(pose_graphs.MODEL), "runs_on": pose_graphs.RUNS_ON})
        return detectors

    def _people(self, bgr: NDArray[np.uint8], people: list[Box], before: list[Pose]) -> list[Pose]:
        rgb = np.asarray(
            cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=None if self.turn.quarters % 2 else self._kept("rgb")),
            np.uint8,
        )
        return _MODELS.people(rgb, people, before)


class _Models:
    """The networks of this process, loaded when first asked for: a worker's next segment or footage has them there.

    They keep nothing between calls, so all threads use one set.
    """

    def __init__(self) -> None:
        self._loading, self._posing = threading.Lock(), threading.Lock()
        self._detectors: Detectors | None = None
        self._pose: PoseEstimator | None = None

    def detectors(self, vertical: str) -> Detectors:
        with self._loading:
            if self._detectors is None or self._detectors.vertical != vertical:
                from pipeline.video.detectors import Detectors

                self._detectors = Detectors(vertical, threads=1)
            return self._detectors

    def people(self, rgb: NDArray[np.uint8], people: list[Box], before: list[Pose]) -> list[Pose]:
        """Estimate poses, one caller at a time: a second graph would cost 110 MiB and no picture needs the other's."""
        with self._posing:
            if self._pose is None:
                from pipeline.video.pose import PoseEstimator

                self._pose = PoseEstimator()
            return self._pose.people(rgb, people, before)


_MODELS = _Models()


def _measured(found: Box, expected: Box) -> Box:
    """Return what to cover of a thing that a small crop shows again: the crop places it well and measures it badly.

    It hardly shrinks; and where it jumped, both places are covered, for either may be wrong.
    """
    w, h = max(found.w, SHRINKS * expected.w), max(found.h, SHRINKS * expected.h)
    box = replace(found, x=found.cx - w / 2, y=found.cy - h / 2, w=w, h=h)
    return box if iou(box, expected) >= JUMPED else envelope(box, expected)
