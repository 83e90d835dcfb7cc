"""The one pass over the frames: decode → look → track → redact → encode, with a bounded ring in between."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.video.errors import Cancelled
from pipeline.video.look import Eyes, Seen
from pipeline.video.motion import Motion
from pipeline.video.read import Reader
from pipeline.video.records import Log
from pipeline.video.redact import REDACTED_KINDS, Planes, redact
from pipeline.video.scene import SceneLog
from pipeline.video.tracks import Tracker
from pipeline.video.write import Writer

# Seconds between looks: every 3rd frame at 24–30 fps (pipeline.md: every 5th leaks half of the boxes).
LOOK_EVERY_S = 0.125
MOST_STRIDE = 3
# Seconds between poses: sport is fast, pedestrians at the roadside are context.
POSE_EVERY_S = {"sports": 0.1, "driving": 0.5}
# Frames read ahead of the main thread and encoded behind it.
QUEUE = 2


@dataclass(slots=True)
class Slot:
    """One frame on its way through the ring."""

    index: int
    buffer: NDArray[np.uint8]
    planes: Planes
    cut: bool
    seen: Future[Seen] | None = None


@dataclass(slots=True)
class PassResult:
    frames: int
    log: Log
    scene: SceneLog
    stride: int
    timing: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class OnePass:
    """Runs the frames of one footage through eyes, tracker, redaction and writer."""

    def __init__(self, *, reader: Reader, writer: Writer, eyes: Eyes, vertical: str, workers: int) -> None:
        self.reader, self.writer, self.eyes = reader, writer, eyes
        fps = float(reader.rate)
        self.motion = Motion(reader.width, reader.height)
        self.tracker = Tracker(width=reader.width, height=reader.height, fps=fps, scale=self.motion.scale)
        self.scene = SceneLog()
        self.log = Log(fps=fps, width=reader.width, height=reader.height)
        self.stride = max(1, min(MOST_STRIDE, int(fps * LOOK_EVERY_S)))
        self.pose_stride = max(self.stride, round(fps * POSE_EVERY_S[vertical] / self.stride) * self.stride)
        self.in_flight = workers
        self.ring: deque[Slot] = deque()
        self.pending: deque[Slot] = deque()
        self.last_key = -MOST_STRIDE
        self.last_pose = -10_000
        self.last_seen: Future[Seen] | None = None
        self.applied = -1
        self.timing: dict[str, float] = defaultdict(float)
        self._out: queue.Queue[tuple[Slot, list[Any]] | None] = queue.Queue(QUEUE)
        self._failure: BaseException | None = None

    def run(self, *, on_frame: Callable[[int], None], cancelled: Callable[[], bool]) -> PassResult:
        """Process every frame; raise BadInput, Cancelled or what a thread met."""
        encoder = threading.Thread(target=self._encode, name="encode", daemon=True)
        encoder.start()
        previous: Slot | None = None
        unchanged_since_key = True
        frames = _ahead(self.reader)
        try:
            for index, buffer in enumerate(frames):
                if cancelled():
                    raise Cancelled("The work was cancelled; nothing was kept.")
                if self._failure:
                    raise self._failure
                same = previous is not None and _same(buffer, previous.buffer)
                slot = self._take(index, buffer, same)
                unchanged_since_key &= same
                if slot.cut and previous is not None and previous.index != self.last_key:
                    self._look(previous)  # the last frame of the old scene: its people leave covered
                if slot.cut or index - self.last_key >= self.stride:
                    self._look(slot, reuse=unchanged_since_key and index > 0)
                    unchanged_since_key = True
                self._drain(wait=False)
                previous = slot
                on_frame(index + 1)
            if previous is not None and previous.index != self.last_key:
                self._look(previous)
            self._drain(wait=True)
            total = len(self.scene)
            self.tracker.finish(total - 1)
            while self.ring:
                self._emit()
            self.log.close(self.tracker.take_closed(total + 1))
        finally:
            frames.close()
            self._out.put(None)
            encoder.join()
        if self._failure:
            raise self._failure
        return PassResult(
            frames=len(self.scene), log=self.log, scene=self.scene, stride=self.stride, timing=self.timing
        )

    def _take(self, index: int, buffer: NDArray[np.uint8], same: bool) -> Slot:
        began = time.thread_time()
        planes = Planes.of(buffer, self.reader.width, self.reader.height)
        small = self.motion.shrink(planes.y)
        step = self.motion.step(small, same=same)
        self.tracker.note(index, step)
        self.scene.add(planes, small, step)
        slot = Slot(index=index, buffer=buffer, planes=planes, cut=step.cut)
        self.ring.append(slot)
        self.timing["motion"] += time.thread_time() - began
        return slot

    def _look(self, slot: Slot, *, reuse: bool = False) -> None:
        pose = slot.index - self.last_pose >= self.pose_stride
        if reuse and self.last_seen is not None and not pose:
            slot.seen = self.last_seen  # not one sample has changed since: the answer would be the same
        else:
            slot.seen = self.last_seen = self.eyes.look(slot.index, slot.buffer, pose=pose)
            if pose:
                self.last_pose = slot.index
        self.last_key = slot.index
        self.pending.append(slot)

    def _drain(self, *, wait: bool) -> None:
        """Apply what has been seen, in order; then let go of frames that no later detection can change."""
        while self.pending and (wait or len(self.pending) > self.in_flight or self.pending[0].seen.done()):  # type: ignore[union-attr]
            slot = self.pending.popleft()
            seen: Seen = slot.seen.result()  # type: ignore[union-attr]
            began = time.thread_time()
            people = [box for box in seen.objects or () if box.kind == "person"]
            matched = self.tracker.update(slot.index, [*seen.private, *people])
            self.log.seen(slot.index, seen, matched, fresh=seen.frame == slot.index)
            self.applied = slot.index
            self.timing["track"] += time.thread_time() - began
            while self.ring and self.ring[0].index < self.applied - self.tracker.hold:
                self._emit()

    def _emit(self) -> None:
        slot = self.ring.popleft()
        covering = self.tracker.covering(slot.index, REDACTED_KINDS)
        self._out.put((slot, covering))
        self.tracker.forget(slot.index)
        self.log.close(self.tracker.take_closed(slot.index))

    def _encode(self) -> None:
        """Redact and encode on a thread of its own: x264 releases the interpreter."""
        failed = False
        while (item := self._out.get()) is not None:
            if failed:
                continue
            slot, covering = item
            try:
                began = time.thread_time()
                rects, pixels = redact(slot.planes, covering)
                self.log.masked(slot.index, rects, pixels)
                done = time.thread_time()
                self.timing["redact"] += done - began
                self.writer.write(slot.planes, cut=slot.cut)
                self.timing["encode"] += time.thread_time() - done
                self.reader.take_back(slot.buffer)
            except BaseException as error:
                self._failure, failed = error, True


def _same(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Return whether two frames are equal: a sparse look first, every sample only when that agrees."""
    return bool(np.array_equal(a[::4099], b[::4099])) and bool(np.array_equal(a, b))


def _ahead(reader: Reader) -> Generator[NDArray[np.uint8], None, None]:
    """Read frames on a thread of its own, a few ahead."""
    box: queue.Queue[Any] = queue.Queue(QUEUE)
    stop = threading.Event()

    def fetch() -> None:
        try:
            for buffer in reader.frames():
                if stop.is_set():
                    return
                box.put(buffer)
            box.put(None)
        except BaseException as error:
            box.put(error)

    thread = threading.Thread(target=fetch, name="read", daemon=True)
    thread.start()
    try:
        while (item := box.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        if thread.is_alive():
            reader.child.kill()  # it may never deliver the frame that the thread waits for
        while thread.is_alive():  # it may wait to hand over a frame that nobody wants any more
            try:
                box.get(timeout=0.05)
            except queue.Empty:
                pass
