"""The one pass over the frames: decode → look → track → redact → encode, with a bounded ring in between."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.video.appearing import Appearing
from pipeline.video.boxes import Box
from pipeline.video.burnt import Burnt
from pipeline.video.errors import Cancelled
from pipeline.video.look import LETTERS, LOST, VEHICLES, Eyes, Seen
from pipeline.video.marks import Marks
from pipeline.video.motion import FLASH, Motion
from pipeline.video.options import Options
from pipeline.video.read import Frames, Reader, ahead
from pipeline.video.records import Log
from pipeline.video.redact import REDACTED_KINDS, Planes, covered_rects, fill
from pipeline.video.scene import SceneLog
from pipeline.video.schedule import Schedule
from pipeline.video.seams import SEAM_KINDS, Seam
from pipeline.video.track import Track
from pipeline.video.tracks import BY_LOOK, PERSON, RIGID, Tracker
from pipeline.video.upright import Upright
from pipeline.video.write import Writer

# Key frames that are looked at before the first of them is applied.
LAG = 3
# Seconds since their last detection for which plates and jerseys need no search.
KNOWN_S = 0.3
# Seconds for which something that was seen counts as near.
NEAR_S = 1.0
# The same for numbers on clothes, which show now and then.
WORN_S = 2.0
# Looks after which it is known what is burnt into a recording.
TOLD = 4
# Frames that wait behind the main thread to be covered and encoded.
QUEUE = 2
Waiting = queue.Queue[tuple[Any, ...] | None]


@dataclass(slots=True)
class Slot:
    """One frame on its way through the ring."""

    index: int
    buffer: NDArray[np.uint8]
    planes: Planes
    cut: bool
    relit: bool
    marks: list[tuple[Track, Box]]
    seen: Future[Seen] | None = None


@dataclass(slots=True)
class PassResult:
    """What a segment holds; `head` and `tail` show the first frame of it and of the next one, to join them."""

    frames: int
    log: Log
    scene: SceneLog
    stride: int
    head: Seam
    tail: Seam
    quarters: int  # by how many quarter turns clockwise the pictures become upright
    timing: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class OnePass:
    """Runs the frames of one segment through eyes, tracker, redaction and writer.

    Frames are numbered as in the whole footage: the reader begins at `reader.first`, what is kept begins at `start`
    and ends before `end`. What is read around it only shows the tracker what comes before and after.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        writer: Writer,
        eyes: Eyes,
        options: Options,
        start: int = 0,
        end: int | None = None,
    ) -> None:
        self.reader, self.writer, self.eyes = reader, writer, eyes
        self.first, self.start, self.end = reader.first, start, end
        self.fill, self.tagged = options.fill, not options.only_redact
        self.manual = Marks(options.manual, fps=float(reader.rate), width=reader.width, height=reader.height)
        fps = float(reader.rate)
        self.motion = Motion(reader.width, reader.height, fps=fps)
        self.tracker = Tracker(width=reader.width, height=reader.height, fps=fps, scale=self.motion.scale)
        self.scene = SceneLog()
        self.log = Log(fps=fps, width=reader.width, height=reader.height)
        self.schedule = Schedule(options=options, fps=fps)
        self.vehicles = self.jerseys = -1  # the last key frame in which there was one
        self.burnt = Burnt(keeps_undecided=options.vertical == "driving", fps=fps)
        self.appearing = Appearing(reader.width, reader.height) if options.screens else None
        # Only where nothing was turned yet.
        self.upright = None if eyes.turn.quarters else Upright(reader.width, reader.height)
        self.ring: deque[Slot] = deque()
        self.pending: deque[Slot] = deque()
        self.last_key = self.objects_at = -1
        self.applied = -1
        self.head = self.tail = Seam()
        self.timing: dict[str, float] = defaultdict(float)
        # A frame is covered while the one before it is encoded: x264 releases the interpreter.
        self._out: Waiting = queue.Queue(QUEUE)
        self._covered: Waiting = queue.Queue(1)
        self._failure: BaseException | None = None

    def run(self, *, on_frame: Callable[[int], None], cancelled: Callable[[], bool]) -> PassResult:
        """Process every frame; raise BadInput, Cancelled or what a thread met."""
        threads = [
            threading.Thread(target=self._serve, args=args, name=name, daemon=True)
            for name, *args in (
                ("redact", self._out, self._redact, self._covered),
                ("encode", self._covered, self._encode),
            )
        ]
        for thread in threads:
            thread.start()
        previous: Slot | None = None
        frames = ahead(self.reader)
        try:
            for index, buffer in enumerate(frames, start=self.first):
                if cancelled():
                    raise Cancelled("The work was cancelled; nothing was kept.")
                if self._failure:
                    raise self._failure
                same = previous is not None and _same(buffer, previous.buffer)
                slot = self._take(index, buffer, same, frames)
                if slot.cut and previous is not None and previous.index != self.last_key:
                    self._look(previous)  # the last frame of the old scene: its people leave covered
                if slot.cut or slot.relit or self.schedule.is_key(index):
                    self._look(slot)
                previous = slot
                on_frame(max(0, index + 1 - self.start))
            if previous is not None and previous.index != self.last_key:
                self._look(previous)
            self._apply(0)
            total = self.first if previous is None else previous.index + 1
            self.tracker.finish(total - 1)
            while self.ring:
                self._emit()
            self.log.close([*self._ended(total + 1), *self.burnt.tracks(), *self.manual.tracks()])
        finally:
            frames.close()
            self._out.put(None)
            for thread in threads:
                thread.join()
        if self._failure:
            raise self._failure
        self.log.settle()
        return PassResult(
            frames=self.writer.master.count, log=self.log, scene=self.scene, stride=self.schedule.stride,
            head=self.head, tail=self.tail, quarters=self._quarters(), timing=self.timing,
        )  # fmt: skip

    def _take(self, index: int, buffer: NDArray[np.uint8], same: bool, frames: Frames) -> Slot:
        began = time.thread_time()
        planes = Planes.of(buffer, self.reader.width, self.reader.height)
        small = self.motion.shrink(planes.y)
        step = self.motion.step(small, same=same, later=self._later(frames))
        self.tracker.note(index, step)
        if self.tagged:
            self.scene.add(planes, small, step)
        slot = Slot(
            index=index,
            buffer=buffer,
            planes=planes,
            cut=step.cut,
            relit=step.relit,
            marks=self.manual.step(index, planes, step),
        )
        self.ring.append(slot)
        self.timing["motion"] += time.thread_time() - began
        return slot

    def _later(self, frames: Frames) -> Iterator[NDArray[np.uint8]]:
        for buffer in frames.later(FLASH):
            yield self.motion.shrink(Planes.of(buffer, self.reader.width, self.reader.height).y)

    def _look(self, slot: Slot) -> None:
        self._apply(LAG - 1)
        looks = self.schedule.looks(
            slot.index, fresh=slot.cut or slot.relit, quiet=self._quiet(slot.index), still=self.motion.still
        )
        if self.appearing is not None and self.burnt.due(slot.index):
            looks |= {"text"}
        if "objects" in looks:
            self.objects_at = slot.index
        expected = {} if slot.cut else self._expected(slot.index, looks)
        if self.appearing is not None:
            expected[LETTERS] = self.appearing.look(slot.planes.y)
        moved = self.tracker.motion(self.objects_at, slot.index)
        slot.seen = self.eyes.look(slot.index, slot.buffer, looks, expected, moved)
        self.last_key = slot.index
        self.pending.append(slot)

    def _expected(self, index: int, looks: frozenset[str]) -> dict[str, list[Box]]:
        """Return what is looked at again, and what is known well enough not to be searched for."""
        found = {kind: self.tracker.expected(index, kind, seen_s=KNOWN_S) for kind in BY_LOOK}
        if "plates" in looks:
            found[LOST] = self.tracker.expected(index, RIGID, unseen_s=KNOWN_S)
        if "faces" not in looks:
            found["face"] = self.tracker.expected(index, "face")
        return found

    def _quiet(self, index: int) -> set[str]:
        """Return what need not be looked for so often: nothing of it has been near for a while.

        Told by what was applied until now, never by time: the same footage is looked at in the same way each time.
        """
        rate = float(self.reader.rate)
        people = any(track.kind in ("face", PERSON) for track in self.tracker.active)
        nobody = {
            "faces": not people,
            "wide": self.vehicles < index - NEAR_S * rate,
            "jerseys": self.jerseys < index - WORN_S * rate,
            "text": self.burnt.looks >= TOLD,
        }
        return {look for look, true in nobody.items() if true}

    def _apply(self, waiting: int) -> None:
        """Apply what has been seen, in order, until only so many key frames wait; let go of what is settled.

        What is expected in a key frame depends on what was applied before, so this happens at fixed points: the
        outcome does not depend on how many threads look.
        """
        while len(self.pending) > waiting:
            slot = self.pending.popleft()
            seen: Seen = slot.seen.result()  # type: ignore[union-attr]
            began = time.thread_time()
            people = [box for box in seen.objects or () if box.kind == "person"]
            self.tracker.update(slot.index, [*seen.private, *people], slot.planes.y)
            if self._kept(slot.index):
                self.log.seen(slot.index, seen, self.tracker.covering(slot.index, frozenset({PERSON})))
            if self.upright is not None and seen.objects is not None:
                self.upright.look(slot.planes, seen.objects)
            if any(box.kind in VEHICLES for box in seen.objects or ()):
                self.vehicles = slot.index
            if any(box.kind == "jersey" for box in seen.private):
                self.jerseys = slot.index
            self.burnt.appeared(slot.index, seen.letters)
            if seen.lines is not None:
                self.burnt.look(slot.index, slot.planes.y, seen.lines)
            self.applied = slot.index
            self.timing["track"] += time.thread_time() - began
            while self.ring and self.ring[0].index < self.applied - self.tracker.hold:
                self._emit()

    def _emit(self) -> None:
        slot = self.ring.popleft()
        everything = self.tracker.covering(slot.index, SEAM_KINDS) + self.burnt.at(slot.index)
        if slot.index == self.start:
            self.head = Seam.of(slot.buffer, everything)
        if slot.index == self.end:
            self.tail = Seam.of(slot.buffer, everything)
        self._out.put((slot, [(t, box) for t, box in everything if t.kind in REDACTED_KINDS] + slot.marks))
        self.tracker.forget(slot.index)
        self.log.close(self._ended(slot.index))

    def _ended(self, before: int) -> list[Track]:
        """Return the tracks that ended before this frame and were in what is kept."""
        ended = self.tracker.take_closed(before)
        return [t for t in ended if t.end > self.start and (self.end is None or t.first < self.end)]

    def _kept(self, index: int) -> bool:
        return index >= self.start and (self.end is None or index < self.end)

    def _quarters(self) -> int:
        return self.eyes.turn.quarters if self.upright is None else self.upright.quarters(self.eyes.objects)

    def _redact(self, slot: Slot, covering: list[Any]) -> None:
        began = time.thread_time()
        rects = covered_rects(covering, self.reader.width, self.reader.height)
        pixels = fill(slot.planes, rects, method=self.fill)
        if self._kept(slot.index):
            self.log.masked(slot.index, rects, pixels)
        self.timing["redact"] += time.thread_time() - began
        self._covered.put((slot,))

    def _encode(self, slot: Slot) -> None:
        began = time.thread_time()
        if self._kept(slot.index):
            self.writer.write(slot.planes, cut=slot.cut)
        self.timing["encode"] += time.thread_time() - began
        self.reader.take_back(slot.buffer)

    def _serve(self, waiting: Waiting, work: Callable[..., None], then: Waiting | None = None) -> None:
        """Do one kind of work for what waits, until None; after a failure of any thread only empty the queue."""
        while (item := waiting.get()) is not None:
            if self._failure:
                continue
            try:
                work(*item)
            except BaseException as error:
                self._failure = error
        if then is not None:
            then.put(None)


def _same(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Return whether two frames are equal: a sparse look first, every sample only when that agrees."""
    return bool(np.array_equal(a[::4099], b[::4099])) and bool(np.array_equal(a, b))
