"""The one call: everything a recording and its sidecar say about motion and place, trimmed and aligned."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.telemetry import embedded, sidecar
from pipeline.telemetry.align import align
from pipeline.telemetry.private import Hidden, Privacy, hidden
from pipeline.telemetry.ride import Ride, ride
from pipeline.telemetry.track import TelemetryError, Track


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller knows: a sidecar beside the video, its clock's offset, and what to keep private."""

    sidecar: Path | None = None
    clock_offset_s: float = 0.0
    privacy: Privacy = field(default_factory=Privacy)


@dataclass(frozen=True, slots=True)
class Reading:
    """The ride, None without any telemetry, and the stretches of the recording that nobody may see."""

    ride: Ride | None
    hidden: list[Hidden]


def read(video: Path, request: Request, *, duration_s: float, trip: bool) -> Reading:
    """Read telemetry of a video; raise TelemetryError with a sentence when it cannot be shown or does not belong.

    `trip`: whether it is of a drive, whose two ends are kept back.
    """
    inside = embedded.read(video)
    track: Track | None = inside.track
    offset = 0.0
    if request.sidecar is not None:
        with request.sidecar.open("rb") as handle:
            beside = sidecar.parse(handle.read(sidecar.MOST_BYTES + 1))
        offset = request.clock_offset_s
        track = align(beside, began_utc=inside.began_utc, duration_s=duration_s, clock_offset_s=offset)
    elif track is not None and request.clock_offset_s and len(track) > 1:
        offset = request.clock_offset_s
        track = track.shifted(offset)
    if track is None:
        return Reading(None, [])
    away = hidden(track, request.privacy, duration_s=duration_s, trip=trip)
    if sum(each.end_s - each.start_s for each in away) > duration_s - 2.0 and away:
        raise TelemetryError(_nothing_left(away, request.privacy))
    return Reading(ride(track, duration_s=duration_s, hidden=away, clock_offset_s=offset), away)


def _nothing_left(away: list[Hidden], privacy: Privacy) -> str:
    if any(each.reason == "zone" for each in away):
        why = "inside your private zones, or too near to where the trip starts or ends"
    else:
        why = f"within {privacy.trim_m:.0f} m of where the trip starts or ends"
    return (
        f"This recording lies wholly {why}, so nothing of it may be shown. The video is kept, and nobody sees it: "
        "change your private places and start the work again, or withdraw it."
    )
