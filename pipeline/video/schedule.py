"""Which detector looks at which frame: on one grid of the whole footage, so that every segment keeps to the same."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from pipeline.video.options import Options

# Seconds between two key frames at most: every 3rd frame at 24–30 fps (pipeline.md: every 5th leaks half of the boxes).
KEY_EVERY_S = 0.125
# Seconds between looks at whole key frames. What moves in between is carried by the motion and looked at again where
# it is expected; what is new is followed back to where it came from. Of 99 faces filmed by a moving camera 2 leaked
# in some frame with faces looked for every 0.24 s, 11 with every 0.36 s.
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
        "objects": 0.3,
        "faces": 0.2,
        "plates": 0.3,
        "wide": 0.5,
        "pose": 0.2,
        "jerseys": 0.3,
        "text": 1.5,
    },
}
# The same while nothing of what is looked for has been near: somebody who comes is seen among the objects first, as
# is a vehicle that comes upon a field; a number is followed back for as long as frames are held.
QUIET_S: dict[str, dict[str, float]] = {
    "driving": {"faces": 0.5, "text": 3.0, "jerseys": 0.6},
    "sports": {"faces": 0.5, "wide": 4.0, "text": 3.0, "jerseys": 0.6},
}
# The same while the camera stands still: who comes then walks into the picture or turns around in it.
STILL_S = {"faces": 0.32}
# "wide": plates in the whole frame, beside the vehicles that are seen. "text": dates and places burnt into the picture.
LOOKS = ("objects", "faces", "plates", "wide", "pose", "jerseys", "text")
# How the picture is turned for faces of athletes who are on their heads or sides: one turn in each look for faces.
TURNS = {"turned once": 1, "turned twice": 2, "turned three times": 3}
# Once, when a scene begins: nothing has been seen of it yet, so plates are looked for more closely.
CLOSE = "close"
# Every second look for faces is a coarser one.
COARSE = "coarse"
# What is burnt in is there in every scene: once it is known, another scene is no reason to look.
OF_RECORDING = frozenset({"text"})
# In the same frames as the objects where they can be.
OF_PEOPLE = frozenset({"pose", "jerseys"})


class Schedule:
    """Key frames, and what is looked for in each."""

    def __init__(self, *, options: Options, fps: float) -> None:
        vertical = options.vertical
        self.stride = max(1, int(fps * KEY_EVERY_S))
        self._athletes = vertical == "sports"
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
        seconds = EVERY_S[vertical]

        def keys(look: str, more: Mapping[str, float]) -> int:
            return max(1, math.ceil(max(seconds[look], more.get(look, 0.0)) * keys_per_s - 0.25))

        self._every = {look: keys(look, {}) for look in LOOKS}
        self._still = {look: keys(look, STILL_S) for look in LOOKS}
        self._quiet = {look: keys(look, QUIET_S[vertical]) for look in LOOKS}

    def is_key(self, index: int) -> bool:
        """Return whether detectors look at this frame."""
        return index % self.stride == 0

    def looks(
        self, index: int, *, fresh: bool, quiet: Collection[str] = (), still: bool = False
    ) -> frozenset[str]:
        """Return what is looked for in a frame; in a `fresh` scene all that is the scene's, for nothing of it is known.

        `quiet`: looks that may come more seldom now, of QUIET_S. `still`: the camera stands still.
        """
        number = index // self.stride
        wanted = set()
        usual = self._still if still else self._every
        for place, look in enumerate(LOOKS):
            every = (self._quiet if look in quiet else usual)[look]
            at = 0 if look in OF_PEOPLE else place
            new = fresh and not (look in OF_RECORDING and look in quiet)
            if look not in self._left_out and (new or number % every == at % every):
                wanted.add(look)
                if look == "faces" and not fresh and number // every % 2:
                    wanted.add(COARSE)
                if look == "faces" and self._athletes:
                    wanted |= TURNS.keys() if fresh else {list(TURNS)[number // every % len(TURNS)]}
        if "wide" in wanted:
            wanted.add("plates")
        if fresh:
            wanted.add(CLOSE)
        return frozenset(wanted)
