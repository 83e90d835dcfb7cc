"""Join what was found in the segments of one footage: the same frames, and the same tracks across every seam."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, iou
from pipeline.video.records import Log, PersonRecord, TrackRecord
from pipeline.video.redact import REDACTED_KINDS
from pipeline.video.scene import COLUMNS, SceneLog
from pipeline.video.track import Track
from pipeline.video.tracks import PERSON

SEAM_KINDS = REDACTED_KINDS | {PERSON}
# Boxes of one thing in the same frame, found by two segments: both looked at it around the seam.
SAME = 0.3


@dataclass(frozen=True, slots=True)
class Seam:
    """One frame as a segment saw it: a checksum of its samples before redaction, and the box of every track in it."""

    checksum: int | None = None
    boxes: tuple[tuple[int, Box], ...] = ()

    @classmethod
    def of(cls, buffer: NDArray[np.uint8], covering: Sequence[tuple[Track, Box]]) -> Seam:
        return cls(checksum=zlib.crc32(buffer.data), boxes=tuple((track.id, box) for track, box in covering))

    def public(self) -> dict[str, Any]:
        return {"checksum": self.checksum, "boxes": [(number, box) for number, box in self.boxes]}

    @classmethod
    def from_public(cls, values: dict[str, Any]) -> Seam:
        return cls(checksum=values["checksum"], boxes=tuple(values["boxes"]))


@dataclass(slots=True)
class Part:
    """What one segment found: frames [start, start + frames), and how it saw the frames at both its ends."""

    start: int
    frames: int
    log: Log
    scene: SceneLog
    head: Seam = field(default_factory=Seam)
    tail: Seam = field(default_factory=Seam)


def fits(before: Part, after: Part) -> bool:
    """Return whether the second part begins with the very frame that follows the first."""
    if after.frames == 0:
        return True
    return before.start + before.frames == after.start and before.tail.checksum == after.head.checksum


def joined(parts: Sequence[Part]) -> tuple[Log, SceneLog]:
    """Return one log and one scene of all parts; tracks that go on across a seam become one."""
    first = parts[0]
    log, scene = first.log, first.scene
    # Number of each part's tracks in the whole; the first part keeps its own.
    names = {number: number for number in _numbers(first.log)}
    tail = first.tail
    for part in parts[1:]:
        following = _same_tracks(tail, part.head)
        free = max(_numbers(log), default=0) + 1
        here: dict[int, int] = {}
        for number in sorted(_numbers(part.log)):
            if number in following and following[number] in names:
                here[number] = names[following[number]]
            else:
                here[number], free = free, free + 1
        _add(log, part.log, here)
        for name, values in part.scene._rows.items():
            scene._rows[name].extend(values)
        names, tail = here, part.tail
    return log, scene


def _numbers(log: Log) -> list[int]:
    """Return the numbers of everything that was followed."""
    return [track.id for track in log.tracks] + [person.id for person in log.people]


def only(scene: SceneLog, start: int, stop: int) -> SceneLog:
    """Return the rows [start, stop) of a scene."""
    part = SceneLog()
    for name, values in scene._rows.items():
        part._rows[name] = values[start:stop]
    return part


def _same_tracks(tail: Seam, head: Seam) -> dict[int, int]:
    """Return {track of the later segment: track of the earlier one}, best overlap first."""
    pairs = [
        (iou(a, b), one, other)
        for one, a in tail.boxes
        for other, b in head.boxes
        if a.kind == b.kind and iou(a, b) >= SAME
    ]
    found: dict[int, int] = {}
    for _, one, other in sorted(pairs, reverse=True):
        if other not in found and one not in found.values():
            found[other] = one
    return found


def _add(log: Log, more: Log, names: dict[int, int]) -> None:
    """Append a later log, its tracks renamed; rows of one name become one track."""
    known = {track.id: place for place, track in enumerate(log.tracks)}
    for track in more.tracks:
        renamed = replace(track, id=names[track.id])
        if renamed.id in known:
            log.tracks[known[renamed.id]] = _one_track(log.tracks[known[renamed.id]], renamed)
        else:
            log.tracks.append(renamed)
    people = {person.id: place for place, person in enumerate(log.people)}
    for person in more.people:
        again = replace(person, id=names[person.id])
        if again.id in people:
            log.people[people[again.id]] = _one_person(log.people[people[again.id]], again)
        else:
            log.people.append(again)
    log.poses += [replace(pose, track=names.get(pose.track)) if pose.track else pose for pose in more.poses]
    log.keys += more.keys
    log.masked_pixels.extend(more.masked_pixels)


def _one_track(a: TrackRecord, b: TrackRecord) -> TrackRecord:
    rows = np.concatenate([a.rows, b.rows])
    return replace(
        a,
        hits=np.union1d(a.hits, b.hits).astype(np.int32),
        score=max(a.score, b.score),
        review=sorted({*a.review, *b.review}),
        rows=rows,
    )


def _one_person(a: PersonRecord, b: PersonRecord) -> PersonRecord:
    hits = a.hits + b.hits
    height = (a.height * a.hits + b.height * b.hits) / hits
    return replace(a, first=min(a.first, b.first), last=max(a.last, b.last), hits=hits, height=height)


def rows_of(scene: SceneLog) -> dict[str, array[float]]:
    """Return the columns of a scene for keeping."""
    return dict(scene._rows)


def scene_of(rows: dict[str, array[float]]) -> SceneLog:
    """Return the scene of kept columns; raise ValueError when an older engine measured others."""
    if set(rows) != set(COLUMNS):
        raise ValueError("an older engine measured other things")
    scene = SceneLog()
    scene._rows.update(rows)
    return scene


def log_state(log: Log) -> dict[str, Any]:
    """Return what a settled log holds for keeping."""
    return {name: value for name, value in vars(log).items() if not name.startswith("_")}


def log_of(state: dict[str, Any]) -> Log:
    """Return the log of a kept state."""
    log = Log(fps=state["fps"], width=state["width"], height=state["height"])
    vars(log).update(state)
    return log
