"""Which detector looks at which frame: on one grid of the whole footage, so that every segment keeps to the same."""

from __future__ import annotations

import math

from pipeline.video.options import Options

# Seconds between two key frames at most: every 3rd frame at 24–30 fps (pipeline.md: every 5th leaks half of the boxes).
KEY_EVERY_S = 0.125
# Seconds between looks at whole key frames. What moves in between is carried by the motion and looked at again where
# it is expected; what is new is followed back to where it came from.
EVERY_S: dict[str, dict[str, float]] = {
    "driving": {
        "objects": 0.3,
        "faces": 0.2,
        "plates": 0.25,
        "wide": 0.5,
        "pose": 1.0,
        "jerseys": 0.3,
        "text": 1.5,
    },
    "sports": {
        "objects": 0.2,
        "faces": 0.2,
        "plates": 1.0,
        "wide": 2.0,
        "pose": 0.2,
        "jerseys": 0.3,
        "text": 1.5,
    },
}
# "wide": plates in the whole frame as well, not in vehicles alone. "text": dates and places burnt into the picture.
LOOKS = ("objects", "faces", "plates", "wide", "pose", "jerseys", "text")


class Schedule:
    """Key frames, and what is looked for in each."""

    def __init__(self, *, options: Options, fps: float) -> None:
        vertical = options.vertical
        self.stride = max(1, int(fps * KEY_EVERY_S))
        self._left_out = {
            look
            for look, wanted in (
                ("pose", not options.only_redact),
                ("jerseys", options.jersey),
                ("text", options.screens),
            )
            if not wanted
        }
        keys_per_s = fps / self.stride
        self._every = {look: max(1, math.ceil(EVERY_S[vertical][look] * keys_per_s - 0.25)) for look in LOOKS}

    def is_key(self, index: int) -> bool:
        """Return whether detectors look at this frame."""
        return index % self.stride == 0

    def looks(self, index: int, *, fresh: bool) -> frozenset[str]:
        """Return what is looked for in a frame; in a `fresh` scene everything, for nothing of it is known."""
        number = index // self.stride
        wanted = {
            look
            for place, look in enumerate(LOOKS)
            if fresh or number % self._every[look] == place % self._every[look]
        }
        wanted -= self._left_out
        if wanted & {"pose", "jerseys"}:
            wanted.add("objects")  # these look at the people of the same frame
        if "wide" in wanted:
            wanted.add("plates")
        return frozenset(wanted)
