"""A person is asked to look at what may show, and not at what nobody can read or what merely left the picture."""

from __future__ import annotations

import pytest

from pipeline.video.boxes import Box
from tests.engine.test_tracks import FPS, SCALE, Step, Tracker, steps

MIDDLE, EDGE = (300.0, 160.0), (2.0, 160.0)


def reasons(
    *, at: tuple[float, float], height: float, score: float, seen: int, kind: str = "face"
) -> set[str]:
    """Return why a thing is doubted that is seen in the first `seen` looks of three seconds."""
    tracker = Tracker(width=640, height=360, fps=FPS, scale=SCALE)
    for frame in range(90):
        tracker.note(frame, Step(None, True, False, 0.0) if frame == 0 else steps())
        if frame % 3 == 0:
            tracker.update(frame, [Box(kind, *at, height, height, score)] if frame < 3 * seen else [])
    tracker.finish(89)
    [track] = tracker.closed
    return track.review


def test_what_was_clear_and_vanishes_in_the_picture_is_doubted() -> None:
    assert reasons(at=MIDDLE, height=30, score=0.9, seen=2) == {"seen in very few frames"}
    assert reasons(at=MIDDLE, height=30, score=0.9, seen=9) == {"disappears in the middle of the picture"}
    assert reasons(at=MIDDLE, height=30, score=0.45, seen=9) == {"never clearly recognised"}


@pytest.mark.parametrize(
    ("at", "height", "score", "seen"),
    [(EDGE, 30, 0.9, 9), (MIDDLE, 12, 0.9, 9), (MIDDLE, 30, 0.45, 1), (MIDDLE, 30, 0.9, 30)],
    ids=["leaves at the edge", "too small to know", "a glimpse", "seen to the end"],
)
def test_what_hides_nothing_is_not(at: tuple[float, float], height: float, score: float, seen: int) -> None:
    assert reasons(at=at, height=height, score=score, seen=seen) == set()
