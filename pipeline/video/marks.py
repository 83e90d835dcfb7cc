"""Regions that a person marked: each is followed from its first frame to its last and covered in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, clip_to, moved, pad
from pipeline.video.motion import Step, carried
from pipeline.video.options import Manual
from pipeline.video.redact import Planes
from pipeline.video.tracks import Track

# Manual tracks are numbered from here: what detectors find never counts so far.
FIRST_ID = 1_000_001
# The region's first look is searched for in this much around where the motion put it, in sizes of the box.
AROUND = 0.35
# Likeness (normalised correlation) from which the found place corrects the motion, and from which it counts as seen.
ALIKE, SEEN = 0.7, 0.8
# Longer side of the picture that is compared, in pixels: enough to place a box within 2 % of its size.
PATCH = 48
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
    look: NDArray[np.uint8] | None = None  # what it looked like when it was last certain
    doubt: float = 0.0


class Marks:
    """Follows every marked region; frames must come in order."""

    def __init__(self, marked: Sequence[Manual], *, fps: float, width: int, height: int) -> None:
        self.fps, self.width, self.height = fps, width, height
        self._scale = 0.0
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
                mark.at = mark.asked if mark.at is None else self._follow(mark, planes.y, step)
                if mark.look is None:
                    mark.look = self._patch(planes.y, mark.at)
                    self._note(mark, index, 1.0)
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

    def _follow(self, mark: _Mark, luma: NDArray[np.uint8], step: Step) -> Box:
        if mark.at is None or step.cut:
            mark.track.review.add("the scene changes inside the marked time")
            mark.look = None
            return mark.at or mark.asked  # a person said that it is covered until then: it stays where it was
        at = carried(mark.at, step, self.width / step.flow.shape[1]) if step.flow is not None else mark.at
        at = self._inside(at)
        found, likeness = self._search(luma, at, mark.look)
        if likeness >= ALIKE:
            at, mark.doubt = self._inside(found), 0.0
        else:
            mark.doubt = min(MOST_GROWTH, mark.doubt + LOST_GROWTH_PER_S / self.fps)
            mark.track.review.add("lost from sight inside the marked time")
        if likeness >= SEEN:
            mark.look = self._patch(luma, at)
        return at

    def _note(self, mark: _Mark, index: int, score: float) -> None:
        mark.track.hits.append(index)
        mark.track.scores.append(score)

    def _inside(self, box: Box) -> Box:
        """Keep the middle of the box in the picture: what leaves it may come back."""
        cx, cy = min(max(box.cx, 0.0), self.width), min(max(box.cy, 0.0), self.height)
        return moved(box, cx - box.cx, cy - box.cy)

    def _patch(self, luma: NDArray[np.uint8], box: Box) -> NDArray[np.uint8] | None:
        part = clip_to(box, self.width, self.height)
        x1, y1, x2, y2 = int(part.x), int(part.y), int(part.x2), int(part.y2)
        if x2 - x1 < 8 or y2 - y1 < 8:
            return None
        return luma[y1:y2, x1:x2].copy()

    def _search(self, luma: NDArray[np.uint8], at: Box, look: NDArray[np.uint8] | None) -> tuple[Box, float]:
        """Return (box, likeness): where around `at` the picture is most like `look`."""
        if look is None:
            return at, 0.0
        factor = min(1.0, PATCH / max(look.shape))
        wide = clip_to(pad(at, AROUND * at.w, AROUND * at.h), self.width, self.height)
        x1, y1, x2, y2 = int(wide.x), int(wide.y), int(wide.x2), int(wide.y2)
        if x2 - x1 < 8 or y2 - y1 < 8:
            return at, 0.0
        area = cv2.resize(luma[y1:y2, x1:x2], None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        size = (max(4, round(at.w * factor)), max(4, round(at.h * factor)))
        wanted = cv2.resize(look, size, interpolation=cv2.INTER_AREA)
        if area.shape[0] < wanted.shape[0] or area.shape[1] < wanted.shape[1] or int(np.ptp(wanted)) < 8:
            return at, 0.0
        _, likeness, _, (left, top) = cv2.minMaxLoc(cv2.matchTemplate(area, wanted, cv2.TM_CCOEFF_NORMED))
        return replace(at, x=x1 + left / factor, y=y1 + top / factor), float(likeness)
