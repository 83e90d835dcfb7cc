"""Dates, places and names burnt into a recording: covered where they stand, from the first look on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, covered, envelope, iou
from pipeline.video.screens import Overlays
from pipeline.video.track import Track

# Tracks of burnt-in lines are numbered from here: what is followed never counts so far.
FIRST_ID = 500_001
# Overlap of a line with itself, and share of what has appeared that is in the line which a later look reads whole.
SAME, PART = 0.4, 0.7
# Seconds after letters appeared until the next look tells whether they stay, and looks which must tell.
CONFIRMED_S, PATIENT = 0.5, 2


@dataclass(slots=True)
class _Line:
    track: Track
    box: Box
    end: int | None = None
    patient: int = 0  # looks for which it stays covered though nobody can tell what it is


class Burnt:
    """Which lines are covered in which frame. Looks come in order; frames are asked for in order, behind the looks.

    Of the first look all lines are covered until a later one tells, and so is what appears later: a camera writes
    where it is as soon as it knows it. With `keeps_undecided` they stay so for as long as the picture around them
    stands still: a parked dashcam does not show where it is, a board beside a pitch is covered for no longer.
    """

    def __init__(self, *, keeps_undecided: bool, fps: float) -> None:
        self._keeps_undecided, self._soon = keeps_undecided, max(1, round(CONFIRMED_S * fps))
        self._overlays = Overlays()
        self._lines: list[_Line] = []
        self._due: int | None = None
        self.looks = 0

    def due(self, frame: int) -> bool:
        """Say whether it should be looked in this frame, because something appeared a while ago; once for each."""
        if self._due is None or frame < self._due:
            return False
        self._due = None
        return True

    def appeared(self, frame: int, lines: Sequence[Box]) -> None:
        """Take lines of text that were not there before, of kind `screen`: they are covered from before it on."""
        active = [line.box for line in self._lines if line.end is None]
        new = [box for box in lines if all(covered(box, other) < PART for other in active)]
        for box in new:
            self._begin(frame, box, patient=PATIENT)
        if new:
            self._due = frame + self._soon

    def look(self, frame: int, luma: NDArray[np.uint8], lines: Sequence[Box]) -> None:
        """Take the lines of text at the rims of a frame with this H × W luma plane; their kind is `screen`."""
        burnt = self._overlays.look(luma, lines)
        undecided = self._overlays.undecided
        self.looks += 1
        wanted = list(lines) if self.looks == 1 else burnt
        for line in self._lines:
            if line.end is not None:
                continue
            if (again := _same(line.box, wanted)) is not None:
                wanted.remove(again)
            else:
                if self._keeps_undecided or line.patient:
                    again = _same(line.box, undecided)
                line.patient = max(0, line.patient - 1)
                if again is None:
                    line.end = frame
                    continue
            line.box = envelope(line.box, again)
            line.track.hits.append(frame)
            line.track.scores.append(again.score)
        for box in wanted:
            self._begin(frame, box, patient=int(self.looks == 1))

    def at(self, frame: int) -> list[tuple[Track, Box]]:
        """Return (track, box) of every line in this frame, and in all before it that can still be changed."""
        return [(line.track, line.box) for line in self._lines if line.end is None or frame < line.end]

    def tracks(self) -> list[Track]:
        """Return the tracks of all lines that were covered."""
        return [line.track for line in self._lines]

    def _begin(self, frame: int, box: Box, *, patient: int = 0) -> None:
        number = FIRST_ID + len(self._lines)
        track = Track(id=number, kind="screen", first=frame, hits=[frame], scores=[box.score])
        self._lines.append(_Line(track=track, box=box, patient=patient))


def _same(box: Box, lines: Sequence[Box]) -> Box | None:
    """Return the line that this one is, or is a part of."""
    best = max(lines, key=lambda line: max(iou(line, box), covered(box, line)), default=None)
    return best if best is not None and (iou(best, box) >= SAME or covered(box, best) >= PART) else None
