"""Put a sidecar's track on the video's time, or say why it is of another trip."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from pipeline.telemetry.place import ahead_of_utc_s
from pipeline.telemetry.track import TelemetryError, Track

# A clock may be off by so much before somebody has to say how much.
LOOSE_S = 120.0
# The track must cover this share of the video.
LEAST_COVERED = 0.5
# Without clocks, lengths that differ by more than this belong to different trips.
SAME_LENGTH, SAME_LENGTH_S = 0.15, 15.0
WHAT_NOW = "The video is kept: choose the right file, say by how many seconds its clock differs, or go on without it."


def align(track: Track, *, began_utc: float | None, duration_s: float, clock_offset_s: float = 0.0) -> Track:
    """Return the sidecar's track with t in seconds of the video.

    `began_utc` is when the video's own clock says it began, `clock_offset_s` what to add to the telemetry's clock.
    Raises TelemetryError when the two do not belong together.
    """
    absolute = bool(np.isfinite(track.utc).all())
    if absolute and began_utc is not None:
        # Many cameras write the time on the wall where the format asks for UTC.
        ahead = ahead_of_utc_s(float(track.lat[0]), float(track.lon[0]), float(track.utc[0])) or 0.0
        for began in (began_utc, began_utc - ahead):
            placed = track.shifted(float(track.utc[0]) - began + clock_offset_s)
            if _covers(placed, duration_s):
                return placed
        raise TelemetryError(
            f"The telemetry file is of another trip: it covers {_clock(track.utc[0])} to {_clock(track.utc[-1])} "
            f"UTC, and by its own clock the recording covers {_clock(began_utc)} to "
            f"{_clock(began_utc + duration_s)}. {WHAT_NOW}"
        )
    difference = abs(track.duration_s - duration_s)
    if difference > SAME_LENGTH * duration_s + SAME_LENGTH_S:
        raise TelemetryError(
            f"The telemetry file does not fit: it lasts {_length(track.duration_s)}, the recording "
            f"{_length(duration_s)}, and there is no clock in both to tell which part is meant. {WHAT_NOW}"
        )
    return track.shifted(clock_offset_s)


def _covers(placed: Track, duration_s: float) -> bool:
    covered = min(duration_s, float(placed.t[-1])) - max(0.0, float(placed.t[0]))
    lasts = min(duration_s, max(placed.duration_s, 1.0))
    return covered >= LEAST_COVERED * lasts and covered >= LEAST_COVERED * (duration_s - LOOSE_S)


def _clock(utc: float) -> str:
    try:
        return datetime.fromtimestamp(float(utc), UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
