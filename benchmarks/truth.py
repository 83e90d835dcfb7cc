"""Labelled video: where every face and plate is in every frame, and how a redaction of it is scored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.labels import Box
from benchmarks.scoring import coverage, leaking_tracks, union_area

# Height in pixels from which one counts (pipeline.md; numbers on clothes as plates).
LEAST = {"face": 20, "plate": 12, "jersey": 12}
# Plates of this height can be read in good footage all the same.
READABLE = 8
Masks = Mapping[int, Sequence[Box]]


@dataclass(frozen=True, slots=True)
class Mark:
    """One face or plate in one frame; those that do not count are private all the same, so masking them is right.

    `cut`: it would count, were it not cut by the edge of the picture.
    """

    track: str
    kind: str
    box: Box
    counts: bool
    cut: bool = False


@dataclass(slots=True)
class Truth:
    """One labelled video. `complete` says whether every face and plate in it is labelled."""

    video: Path
    size: tuple[int, int]
    frames: int
    complete: bool
    marks: dict[int, list[Mark]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class Score:
    """Coverage of every track, frame by frame, and areas in pixels."""

    covered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    masked: int = 0
    true: int = 0
    pixels: int = 0

    @property
    def boxes(self) -> int:
        return sum(map(len, self.covered.values()))

    def frame_recall(self, least: float = 0.9) -> float | None:
        """Return the share of boxes covered to at least `least`."""
        hits = sum(share >= least for shares in self.covered.values() for share in shares)
        return hits / self.boxes if self.boxes else None

    def leaking(self) -> list[str]:
        """Return the tracks with one frame or more that is covered less than nine tenths."""
        return leaking_tracks(self.covered)

    def leak_rate(self) -> float | None:
        return len(self.leaking()) / len(self.covered) if self.covered else None

    def add(self, other: Score) -> None:
        """Take in the score of another video; track names must differ."""
        for track, shares in other.covered.items():
            self.covered[track] += shares
        self.masked, self.true, self.pixels = (
            self.masked + other.masked, self.true + other.true, self.pixels + other.pixels,
        )  # fmt: skip


def score(
    truth: Truth,
    shared: Callable[[int, Box], float],
    masked: Callable[[int], int],
    *,
    kind: str,
    take: Callable[[str], bool] = lambda track: True,
    heights: tuple[float, float] | None = None,
    cut: bool = False,
) -> Score:
    """Score one kind; `shared(frame, box)` is the share of a box under the masks, `masked(frame)` pixels under them.

    `heights` are the least height and the one that is too large; by default those that the targets count. `cut`: score
    those that the edge of the picture cuts instead.

    Areas are added up where the video is labelled completely and `take` leaves nothing out: they are of all kinds.
    """
    found = Score()
    width, height = truth.size
    least, most = heights or (LEAST[kind], float("inf"))
    for frame in range(truth.frames):
        marks = truth.marks.get(frame, [])
        for mark in marks:
            counts = mark.cut if cut else mark.counts
            if mark.kind == kind and counts and least <= mark.box[3] < most and take(mark.track):
                found.covered[mark.track].append(shared(frame, mark.box))
        found.masked += masked(frame)
        found.true += union_area([mark.box for mark in marks], width, height)
        found.pixels += width * height
    return found


def by_boxes(truth: Truth, masks: Masks) -> tuple[Callable[[int, Box], float], Callable[[int], int]]:
    """Return the two functions that `score` asks for, from boxes a frame."""
    width, height = truth.size
    return (
        lambda frame, box: coverage(box, masks.get(frame, ())),
        lambda frame: union_area(masks.get(frame, ()), width, height),
    )
