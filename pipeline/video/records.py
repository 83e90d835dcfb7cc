"""What one pass leaves behind, in compact arrays: tracks as they were covered, poses, objects a key frame."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, iou
from pipeline.video.look import Seen
from pipeline.video.redact import REDACTED_KINDS, Rect
from pipeline.video.track import Track

if TYPE_CHECKING:
    from pipeline.video.pose import Pose

# A pose belongs to the person track whose box it overlaps by at least this much.
SAME_PERSON = 0.3


@dataclass(slots=True)
class TrackRecord:
    """One redacted track: rows of (frame, x, y, w, h) as filled, frames detected, why to look at it."""

    id: int
    kind: str
    hits: NDArray[np.int32]
    score: float
    review: list[str]
    rows: NDArray[np.int32]

    def held(self) -> int:
        """Return how many frames were covered before the first or after the last detection."""
        frames = self.rows[:, 0]
        return int(np.count_nonzero((frames < self.hits[0]) | (frames > self.hits[-1])))

    def bridged(self, stride: int) -> int:
        """Return how many frames were covered inside gaps longer than the detector's stride."""
        gaps = np.diff(self.hits) - 1
        return int(gaps[gaps >= stride].sum()) if len(gaps) else 0


@dataclass(slots=True)
class PersonRecord:
    """How long one person was followed; not redacted as a whole."""

    id: int
    first: int
    last: int
    hits: int
    height: float


@dataclass(slots=True)
class PoseRow:
    """One pose: 33 × (x, y, z, visibility) and 17 × (x, y, v) in output pixels."""

    frame: int
    track: int | None
    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    score: float

    def public(self) -> dict[str, Any]:
        return {
            "frame": self.frame,
            "track": self.track,
            "box": [round(v, 1) for v in self.box],
            "landmarks33": [[round(float(v), 2) for v in point] for point in self.landmarks],
            "keypoints17": [[round(float(v), 1) for v in point] for point in self.keypoints],
            "score": round(self.score, 3),
        }


# Kinds whose boxes are kept for every key frame: what happens between them makes events.
FOLLOWED = (
    "person",
    "car",
    "truck",
    "bus",
    "motorcycle",
    "bicycle",
    "vehicle",
    "traffic light",
    "stop sign",
    "sports ball",
)


@dataclass(slots=True)
class KeyRow:
    """What was seen in one key frame: how many of each kind, the best score of each, and where.

    ``where``: n × 6 rows of (index into FOLLOWED, x, y, w, h, score), in output pixels.
    """

    frame: int
    counts: Counter[str]
    best: dict[str, float] = field(default_factory=dict)
    where: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 6), np.float32))

    @classmethod
    def of(cls, frame: int, objects: Sequence[Box]) -> KeyRow:
        best: dict[str, float] = {}
        for box in objects:
            best[box.kind] = max(best.get(box.kind, 0.0), box.score)
        rows = [(FOLLOWED.index(b.kind), b.x, b.y, b.w, b.h, b.score) for b in objects if b.kind in FOLLOWED]
        where = np.array(rows, np.float32).reshape(-1, 6)
        return cls(frame=frame, counts=Counter(box.kind for box in objects), best=best, where=where)

    @property
    def boxes(self) -> list[tuple[str, float, float, float, float, float]]:
        """The kept boxes as (kind, x, y, w, h, score)."""
        return [
            (FOLLOWED[int(row[0])], row[1], row[2], row[3], row[4], row[5]) for row in self.where.tolist()
        ]


class Log:
    """Grows during the pass; everything in it is bounded by a few bytes a frame and object."""

    def __init__(self, *, fps: float, width: int, height: int) -> None:
        self.fps, self.width, self.height = fps, width, height
        self.tracks: list[TrackRecord] = []
        self.people: list[PersonRecord] = []
        self.poses: list[PoseRow] = []
        self.keys: list[KeyRow] = []
        self.masked_pixels = array("q")
        self._rows: dict[int, array[int]] = {}
        self._waiting: list[Track] = []

    def seen(self, frame: int, seen: Seen, people: Sequence[tuple[Track, Box]]) -> None:
        """Keep what one key frame showed, where these people were."""
        if seen.objects is not None:
            self.keys.append(KeyRow.of(frame, seen.objects))
        self.poses += [self._pose(frame, pose, people) for pose in seen.poses or ()]

    def masked(self, frame: int, rects: Sequence[tuple[Track, Rect]], pixels: int) -> None:
        """Keep what was filled in one frame; called by the encoding thread, in order of frames."""
        self.masked_pixels.append(pixels)
        for track, r in rects:
            rows = self._rows.setdefault(track.id, array("i"))
            rows.extend((frame, r.left, r.top, r.right - r.left, r.bottom - r.top))

    def close(self, tracks: Iterable[Track]) -> None:
        """Take tracks that have ended; their last frames may still be on the way to the encoder."""
        for track in tracks:
            if track.kind in REDACTED_KINDS:
                self._waiting.append(track)
            else:
                heights = [box.h for box in track.boxes if box is not None]
                self.people.append(
                    PersonRecord(
                        track.id, track.hits[0], track.hits[-1], len(track.hits), float(np.median(heights))
                    )
                )
            track.boxes = []

    def settle(self) -> None:
        """Join tracks with the rectangles that were filled, once every frame is encoded."""
        for track in sorted(self._waiting, key=lambda t: t.id):
            raw = self._rows.pop(track.id, array("i"))
            if raw:
                self.tracks.append(
                    TrackRecord(
                        id=track.id,
                        kind=track.kind,
                        hits=np.array(track.hits, np.int32),
                        score=float(max(track.scores)),
                        review=sorted(track.review),
                        rows=np.array(raw, np.int32).reshape(-1, 5),
                    )
                )
        self._waiting = []

    def _pose(self, frame: int, pose: Pose, people: Sequence[tuple[Track, Box]]) -> PoseRow:
        overlaps = [(iou(pose.box, box), track.id) for track, box in people]
        best = max(overlaps, default=(0.0, 0))
        return PoseRow(
            frame=frame,
            track=best[1] if best[0] >= SAME_PERSON else None,
            box=(pose.box.x, pose.box.y, pose.box.w, pose.box.h),
            landmarks=np.asarray(pose.landmarks, np.float32),
            keypoints=np.asarray(pose.keypoints, np.float32),
            score=float(pose.score),
        )


class Lazy(Sequence[dict[str, Any]]):
    """A list of report entries made when they are asked for: long footage would not fit as dictionaries."""

    def __init__(self, records: Sequence[Any], make: Any) -> None:
        self._records, self._make = records, make

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._make(record) for record in self._records[index]]
        return self._make(self._records[index])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self._make(record) for record in self._records)
