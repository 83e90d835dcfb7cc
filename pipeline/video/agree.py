"""Does the telemetry belong to the pictures: it stands still when they do. A wrong clock hides the wrong places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.telemetry.private import is_hidden
from pipeline.telemetry.ride import RATE_HZ, Ride
from pipeline.video import ego
from pipeline.video.scene import SceneLog

# Metres a second from which a ride surely moves, and below which it surely stands.
MOVES, STANDS = 4.0, 0.6
# So much contradiction is more than a passing bus: seconds, and share of what can be judged.
LEAST_S, LEAST_SHARE = 8.0, 0.25
# An offset is suggested when it leaves at most this share and the ride both moves and stands for so long.
LEFT_SHARE, BOTH_S, FURTHEST_S = 0.08, 5.0, 120.0
States = NDArray[np.float64]


def contradiction(ride: Ride, scene: SceneLog, fps: float, end_s: float) -> str | None:
    """Return a sentence for the contributor when telemetry and pictures tell of different rides; else nothing."""
    seen = _pictures(ride, scene, fps, end_s)
    said = np.where(ride.speed > MOVES, 1.0, np.where(ride.speed < STANDS, 0.0, np.nan))
    size = min(len(seen), len(said))
    seen, said = seen[:size], said[:size]
    against, judged = _against(seen, said)
    if against / RATE_HZ < LEAST_S or against < LEAST_SHARE * judged:
        return None
    sentence = (
        f"For {against / RATE_HZ:.0f} of {judged / RATE_HZ:.0f} seconds the telemetry moves while the picture stands "
        "still, or the other way round. It is of another trip or its clock is off, and then other places are cut out "
        "than should be."
    )
    offset = _offset(seen, said)
    if offset is None:
        return f"{sentence} Choose the right file, or another clock offset."
    return f"{sentence} By the pictures the clock offset should be {ride.clock_offset_s + offset:+.0f} s."


def _pictures(ride: Ride, scene: SceneLog, fps: float, end_s: float) -> States:
    """Return for each tenth of a second whether the picture moves: 1, 0, NaN where nobody can tell."""
    times = np.arange(0.0, end_s, 1 / RATE_HZ)
    out = np.full(len(times), np.nan)
    for span in ego.by_flow(scene, fps, end_s)[0]:
        if span.end_s - span.start_s >= 2.0:
            out[(times >= span.start_s) & (times < span.end_s)] = float(span.value != "stopped")
    frames = np.minimum((times * fps).astype(np.int64), len(scene) - 1)
    blind = (scene.column("spread") < 8.0) | (scene.column("luma") < 30.0)
    out[blind[frames] | is_hidden(ride.hidden, times)] = np.nan
    return out


def _against(seen: States, said: States) -> tuple[int, int]:
    judged = np.isfinite(seen) & np.isfinite(said)
    return int((seen[judged] != said[judged]).sum()), int(judged.sum())


def _offset(seen: States, said: States) -> float | None:
    """Return by how many seconds later the telemetry fits, where one shift stands out."""
    known = seen[np.isfinite(seen)]
    if min((known == 0).sum(), (known == 1).sum()) < BOTH_S * RATE_HZ:
        return None
    best, share = None, LEFT_SHARE
    most = round(min(FURTHEST_S, 0.4 * len(seen) / RATE_HZ) * RATE_HZ)
    for shift in range(-most, most + 1, 5):
        a, b = (seen[shift:], said[: len(said) - shift]) if shift >= 0 else (seen[:shift], said[-shift:])
        against, judged = _against(a, b)
        if judged > 0.5 * len(known) and against < share * judged:
            best, share = shift / RATE_HZ, against / judged
    return best
