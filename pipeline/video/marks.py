"""Regions that a person marked: each is followed from its first frame to its last and covered in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, moved, pad
from pipeline.video.follow import Look
from pipeline.video.motion import Step, carried
from pipeline.video.options import Manual
from pipeline.video.redact import Planes
from pipeline.video.track import Track

# Manual tracks are numbered from here: what detectors find never counts so far.
FIRST_ID = 1_000_001
# Likeness from which a region is so certain that its look is taken again, not more often than this: each time adds
# a part of a pixel of error.
SEEN, RENEW_S = 0.85, 0.5
# Growth a second, in sizes of the box, while nothing confirms where it is.
LOST_GROWTH_PER_S = 0.15
MOST_GROWTH = 1.0
# Added on each side within the first second, in sizes of the box: following is not exact.
SLACK = 0.06


@dataclass(slots=True)
class _Mark:
    track: Track
    start: int
    end: int
    asked: Box
    at: Box | None = None
    look: Look | None = None  # what it looked like when it was last certain
    looked: int = 0
    doubt: float = 0.0


class Marks:
    """Follows every marked region; frames must come in order."""

    def __init__(self, marked: Sequence[Manual], *, fps: float, width: int, height: int) -> None:
        self.fps, self.width, self.height = fps, width, height
        self._marks = [
            _Mark(
                track=Track(id=FIRST_ID + i, kind="manual", first=round(m.start_s * fps)),
                start=round(m.start_s * fps),
                end=max(round(m.start_s * fps) + 1, round(m.end_s * fps)),
                asked=Box("manual", *m.box),
            )
            for i, m in enumerate(marked)
        ]

    def step(self, index: int, planes: Planes, step: Step) -> list[tuple[Track, Box]]:
        """Return (track, box) of every region that is marked in this frame."""
        out = []
        for mark in self._marks:
            if mark.start <= index < mark.end:
                mark.at = mark.asked if mark.at is None else self._follow(mark, index, planes.y, step)
                if not mark.track.hits:
                    mark.track.hits.append(index)
                    mark.track.scores.append(1.0)
                if mark.look is None:
                    mark.look, mark.looked = Look.of(planes.y, mark.at), index
                more = mark.doubt / 2 + SLACK * min(1.0, (index - mark.start) / self.fps)
                covered = pad(mark.at, more * mark.at.w, more * mark.at.h)
                out.append((mark.track, covered))
        return out

    def wanted(self, index: int) -> bool:
        """Return whether the motion into this frame, or into the next one, is asked for."""
        return any(mark.start <= index < mark.end for mark in self._marks)

    def tracks(self) -> list[Track]:
        """Return the tracks of the regions that were met."""
        return [mark.track for mark in self._marks if mark.track.hits]

    def _follow(self, mark: _Mark, index: int, luma: NDArray[np.uint8], step: Step) -> Box:
        if mark.at is None or step.cut:
            mark.track.review.add("the scene changes inside the marked time")
            mark.look = None
            return mark.at or mark.asked  # a person said that it is covered until then: it stays where it was
        at = carried(mark.at, step, self.width / step.flow.shape[1]) if step.flow is not None else mark.at
        at = self._inside(at)
        found = mark.look.find(luma, at) if mark.look else None
        if found is None:
            mark.doubt = min(MOST_GROWTH, mark.doubt + LOST_GROWTH_PER_S / self.fps)
            mark.track.review.add("lost from sight inside the marked time")
            return at
        mark.doubt = 0.0
        at = self._inside(found)
        if found.score >= SEEN and index - mark.looked >= RENEW_S * self.fps:
            mark.look, mark.looked = Look.of(luma, at) or mark.look, index
        return at

    def _inside(self, box: Box) -> Box:
        """Keep the middle of the box in the picture: what leaves it may come back."""
        cx, cy = min(max(box.cx, 0.0), self.width), min(max(box.cy, 0.0), self.height)
        return moved(box, cx - box.cx, cy - box.cy)
