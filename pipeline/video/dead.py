"""Stretches that make no clip, and why: private, black, covered lens, frozen, parked, too short, or seen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.video.scene import SceneLog
from pipeline.video.spans import runs

if TYPE_CHECKING:
    from pipeline.video.tags import Tag

# Nothing happens in a picture that stays black or frozen for this long.
DEAD_S = 2.0
# A hand, a sun visor, a fogged windscreen: no contrast, or no edge anywhere, for this long.
COVERED_S = 4.0
FLAT_SPREAD, BLURRED = 7.0, 6.0
# A red light takes up to two minutes; whoever stands longer has parked. The first and last seconds stay.
PARKED_S, PARKED_HEAD_S, PARKED_TAIL_S = 120.0, 10.0, 5.0
SENTENCES = {
    "private": "Kept back for your privacy: the start or end of the trip, or a private place.",
    "black": "The picture is black.",
    "covered_lens": "The lens is covered, or shows nothing but a fogged windscreen.",
    "static": "The picture does not change.",
    "parked": "The car is parked.",
    "short": "Shorter than five seconds between other stretches that were left out.",
    "duplicate": "The same pictures are in another clip of this recording.",
}


@dataclass(frozen=True, slots=True)
class Dropped:
    """A stretch that is in no clip, in seconds of the output."""

    start_s: float
    end_s: float
    reason: str

    def public(self) -> dict[str, Any]:
        return {**asdict(self), "sentence": SENTENCES[self.reason]}


def stretches(
    scene: SceneLog, tags: Sequence[Tag], *, fps: float, vertical: str, hidden: Sequence[tuple[int, int]] = ()
) -> list[Dropped]:
    """Return what makes no clip, in order of time; `hidden` are frames [start, end) that were blacked out."""
    total = len(scene)
    luma, spread, sharp = scene.column("luma"), scene.column("spread"), scene.column("sharp")
    taken = np.zeros(total, np.bool_)
    found: list[Dropped] = []

    def take(mask: NDArray[np.bool_], reason: str, least_s: float) -> None:
        for start, stop in runs(mask & ~taken):
            if (stop - start) / fps >= least_s:
                taken[start:stop] = True
                found.append(Dropped(round(start / fps, 3), round(stop / fps, 3), reason))

    take(_mask(hidden, total), "private", 0.0)
    black = (luma < 21) & (spread < 5)
    take(black, "black", DEAD_S)
    take(((spread < FLAT_SPREAD) | (sharp < BLURRED)) & ~black, "covered_lens", COVERED_S)
    take(scene.column("same") > 0, "static", DEAD_S)
    if vertical == "driving":
        take(_parked(tags, total, fps), "parked", 1.0)
    return sorted(found, key=lambda d: d.start_s)


def duplicates(scene: SceneLog, pieces: Sequence[tuple[int, int]], *, fps: float) -> list[int]:
    """Return the indexes of pieces [start, end) whose pictures were all in an earlier piece: a loop, a copied file."""
    marks = np.stack([scene.column(name) for name in ("luma", "spread", "sky")], axis=1)
    moving = scene.column("difference")
    kept: list[tuple[int, int]] = []
    out = []
    for i, (start, end) in enumerate(pieces):
        for a, b in kept:
            count = min(end - start, b - a)
            if abs((end - start) - (b - a)) <= 2 and count > fps and moving[start:end].mean() > 0.3:
                apart = np.abs(marks[start : start + count] - marks[a : a + count])
                if float(apart.mean()) < 0.25 and float(np.percentile(apart, 99)) < 1.5:
                    out.append(i)
                    break
        else:
            kept.append((start, end))
    return out


def _mask(parts: Sequence[tuple[int, int]], total: int) -> NDArray[np.bool_]:
    mask = np.zeros(total, np.bool_)
    for start, stop in parts:
        mask[max(0, start) : max(0, stop)] = True
    return mask


def _parked(tags: Sequence[Tag], total: int, fps: float) -> NDArray[np.bool_]:
    return _mask(
        [
            (round((tag.start_s + PARKED_HEAD_S) * fps), round((tag.end_s - PARKED_TAIL_S) * fps))
            for tag in tags
            if tag.id == "ego.stopped" and tag.end_s - tag.start_s >= PARKED_S
        ],
        total,
    )
