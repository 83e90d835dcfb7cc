"""One thing followed over time: a box a frame, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.video.boxes import Box
from pipeline.video.follow import Look


@dataclass(slots=True)
class Track:
    """One face, plate or person over time: a box a frame, and which frames were really detected."""

    id: int
    kind: str
    first: int
    boxes: list[Box | None] = field(default_factory=list)  # from frame `first` on
    hits: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    colour: NDArray[np.float32] | None = None  # what redaction fills it with: Y, U, V
    review: set[str] = field(default_factory=set)
    look: Look | None = None  # what it looked like when it was last detected
    placed: int = -1  # the last frame in which detector or look said where it is
    doubted: int = -1  # the last frame in which another was seen beside where this one was expected
    opens: bool = False  # the scene began, or it came in, less than the hold before the first detection

    def at(self, frame: int) -> Box | None:
        index = frame - self.first
        return self.boxes[index] if 0 <= index < len(self.boxes) else None

    def put(self, frame: int, box: Box) -> None:
        index = frame - self.first
        if index < 0:
            self.boxes[:0] = [None] * -index
            self.first, index = frame, 0
        while len(self.boxes) <= index:
            self.boxes.append(None)
        self.boxes[index] = box

    def cut_off(self, frame: int) -> None:
        """Forget this frame and all after it."""
        del self.boxes[max(0, frame - self.first) :]
        while self.hits and self.hits[-1] >= frame:
            self.hits.pop()
            self.scores.pop()

    @property
    def end(self) -> int:
        return self.first + len(self.boxes)

    @property
    def last_hit(self) -> int:
        return self.hits[-1]
