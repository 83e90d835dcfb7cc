"""Dates, places and names burnt into a recording: covered where they stand, from the first look on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box, envelope, iou
from pipeline.video.screens import Overlays
from pipeline.video.track import Track

# Tracks of burnt-in lines are numbered from here: what is followed never counts so far.
FIRST_ID = 500_001
SAME = 0.4


@dataclass(slots=True)
class _Line:
    track: Track
    box: Box
    end: int | None = None


class Burnt:
    """Which lines are covered in which frame. Looks come in order; frames are asked for in order, behind the looks.

    Of the first look all lines are covered until the second one. With `keeps_undecided` they stay so for as long as
    the picture around them stands still: a parked dashcam does not show where it is, a board beside a pitch is
    covered for no longer than that.
    """

    def __init__(self, *, keeps_undecided: bool) -> None:
        self._keeps_undecided = keeps_undecided
        self._overlays = Overlays()
        self._lines: list[_Line] = []
        self.looks = 0

    def look(self, frame: int, luma: NDArray[np.uint8], lines: Sequence[Box]) -> None:
        """Take the lines of text at the rims of a frame with this H × W luma plane; their kind is `screen`."""
        burnt = self._overlays.look(luma, lines)
        undecided = self._overlays.undecided if self._keeps_undecided else []
        self.looks += 1
        wanted = list(lines) if self.looks == 1 else burnt
        for line in self._lines:
            if line.end is not None:
                continue
            if (again := _same(line.box, wanted)) is not None:
                wanted.remove(again)
            elif (again := _same(line.box, undecided)) is None:
                line.end = frame
                continue
            line.box = envelope(line.box, again)
            line.track.hits.append(frame)
            line.track.scores.append(again.score)
        for box in wanted:
            number = FIRST_ID + len(self._lines)
            track = Track(id=number, kind="screen", first=frame, hits=[frame], scores=[box.score])
            self._lines.append(_Line(track=track, box=box))

    def at(self, frame: int) -> list[tuple[Track, Box]]:
        """Return (track, box) of every line in this frame, and in all before it that can still be changed."""
        return [(line.track, line.box) for line in self._lines if line.end is None or frame < line.end]

    def tracks(self) -> list[Track]:
        """Return the tracks of all lines that were covered."""
        return [line.track for line in self._lines]


def _same(box: Box, lines: Sequence[Box]) -> Box | None:
    best = max(lines, key=lambda line: iou(line, box), default=None)
    return best if best is not None and iou(best, box) >= SAME else None
