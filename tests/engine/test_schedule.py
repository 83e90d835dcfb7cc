"""Whatever is covered is looked for before a new one has been there longer than it is followed back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipeline.video.options import Options
from pipeline.video.schedule import Schedule
from pipeline.video.tracks import HOLD_S

SECONDS = 40
QUIET = frozenset({"faces", "wide", "text"})


def looks(schedule: Schedule, fps: float, *, quiet: bool, still: bool) -> dict[int, frozenset[str]]:
    """Return what is looked for in each key frame of a scene that goes on."""
    keys = [frame for frame in range(round(SECONDS * fps)) if schedule.is_key(frame)]
    known = QUIET if quiet else frozenset()
    return {frame: schedule.looks(frame, fresh=False, quiet=known, still=still) for frame in keys}


@pytest.mark.parametrize("vertical", ["driving", "sports"])
@pytest.mark.parametrize("fps", [10.0, 24.0, 29.97, 60.0])
@pytest.mark.parametrize("only_redact", [True, False])
def test_faces_objects_and_plates_of_vehicles_are_looked_for_within_the_hold(
    vertical: str, fps: float, only_redact: bool
) -> None:
    schedule = Schedule(options=Options.of(vertical=vertical, only_redact=only_redact), fps=fps)
    for quiet, still in itertools.product((False, True), repeat=2):
        found = looks(schedule, fps, quiet=quiet, still=still)
        for look in ("objects", "faces", "plates"):
            longest = np.diff([frame for frame, asked in found.items() if look in asked]).max() / fps
            assert longest <= HOLD_S, f"{look}: {longest:.2f} s"
        # A plate on no vehicle that is seen; no field without a vehicle shows one.
        if vertical == "driving" or not quiet:
            longest = np.diff([frame for frame, asked in found.items() if "wide" in asked]).max() / fps
            assert longest <= HOLD_S, f"whole frame: {longest:.2f} s"


def test_poses_are_looked_for_more_often_than_the_people_they_belong_to() -> None:
    schedule = Schedule(options=Options.of(vertical="sports"), fps=25)
    found = looks(schedule, 25, quiet=False, still=False).values()
    assert sum("pose" in look for look in found) > 1.4 * sum("objects" in look for look in found)
