"""Find whatever telemetry a video file carries. The bytes are untrusted: reading is bounded and never raises."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from pathlib import Path

from pipeline.telemetry import dashcams, gpmf, mp4, phones
from pipeline.telemetry.mp4 import Source, TimedTrack
from pipeline.telemetry.track import Track

# What a reader may meet in damaged bytes, all of it meaning "not this format".
DAMAGE = (ValueError, ArithmeticError, LookupError, TypeError, MemoryError, struct.error)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What the file itself says: its track (or single point), and when its clock says that it began."""

    track: Track | None
    began_utc: float | None
    duration_s: float | None


def read(path: Path) -> Embedded:
    """Return the best telemetry of a video file: a camera's own track before a phone's single point."""
    with path.open("rb") as handle:
        source = Source(handle)
        if source.read(0, 1) == b"\x47" and source.read(188, 1) == b"\x47":
            with contextlib.suppress(*DAMAGE):
                return Embedded(dashcams.transport_stream(source), None, None)
            return Embedded(None, None, None)
        try:
            found = mp4.boxes(source)
            began, duration = mp4.movie_times(source, found)
        except DAMAGE:
            return Embedded(None, None, None)
        best: Track | None = None
        with contextlib.suppress(*DAMAGE):
            for timed in mp4.timed_tracks(source, found):
                best = _better(best, _of_track(source, timed))
        for reader in (
            lambda: dashcams.free_gps(source, found, duration),
            lambda: dashcams.mai_box(source, found),
            lambda: dashcams.blackvue(source, found),
            lambda: phones.point(source, found),
        ):
            if best is None or not len(best):
                with contextlib.suppress(*DAMAGE):
                    best = reader() or best
        return Embedded(best, began, duration)


def _of_track(source: Source, timed: TimedTrack) -> Track | None:
    with contextlib.suppress(*DAMAGE):
        if timed.sample_format == b"gpmd":
            return gpmf.read(source, timed)
        if timed.sample_format == b"camm":
            return phones.camera_motion(source, timed)
        if timed.handler in (b"sbtl", b"text", b"subt"):
            return dashcams.garmin(source, timed)
    return None


def _better(a: Track | None, b: Track | None) -> Track | None:
    return max((track for track in (a, b) if track is not None), key=len, default=None)
