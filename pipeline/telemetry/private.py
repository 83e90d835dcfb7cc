"""What of a recording nobody may see: the start and end of the trip, and the zones its owner drew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.telemetry.track import EARTH_M, Floats, TelemetryError, Track, distance_m

TRIM_M = 300.0
MOST_TRIM_M = 5000.0
# A fix is no surer than this; zones grow by it, and by what a car drives between fixes.
MARGIN_M = 15.0
# Between fixes further apart than this nobody knows where the camera was.
LONGEST_HOLE_S = 5.0
WALKING = 3.0  # m/s


@dataclass(frozen=True, slots=True)
class Zone:
    """A circle that must not be shown."""

    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Privacy:
    """What to keep back: metres around the trip's ends, and zones."""

    trim_m: float = TRIM_M
    zones: tuple[Zone, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A stretch of the recording that nobody sees, and why: "trip_end", "zone" or "no_fix"."""

    start_s: float
    end_s: float
    reason: str


def hidden(track: Track, privacy: Privacy, *, duration_s: float, trip: bool) -> list[Hidden]:
    """Return the stretches to hide, in order, without overlap.

    `trip`: whether the recording is of a drive, whose first and last fix are kept back like zones; a run or a ride
    on a bicycle is one when it leaves that radius. A zone that the way crosses between two fixes counts too.
    Everything before the first fix, after the last and inside holes is hidden when anything could be kept back there. A
    single point (a phone's) is a place, not a trip: inside a zone it raises TelemetryError, since nobody knows when
    it was left.
    """
    zones = list(privacy.zones)
    if len(track) < 2:
        if any(_inside(track, zone).any() for zone in zones):
            raise TelemetryError(
                "This recording says that it was filmed inside one of your private zones, and carries no track that "
                "tells when it left. The video is kept, and nobody sees it: add a telemetry file (GPX, NMEA or "
                "CSV), or change your private places."
            )
        return []
    ends: list[Zone] = []
    if privacy.trim_m > 0 and _travels(track, privacy.trim_m, drive=trip):
        ends = [Zone(float(track.lat[i]), float(track.lon[i]), privacy.trim_m) for i in (0, -1)]
    if not zones and not ends:
        return []
    reasons = np.full(len(track), "", dtype="<U8")
    for zone in ends:
        reasons[_inside(track, zone)] = "trip_end"
    for zone in zones:
        reasons[_inside(track, zone)] = "zone"
    found: list[Hidden] = []
    between = _crossed(track, zones)
    for i, j in itertools.pairwise(range(len(track))):
        start, end = float(track.t[i]), float(track.t[j])
        if reasons[i] or reasons[j] or between[i]:
            found.append(Hidden(start, end, str(reasons[i] or reasons[j] or "zone")))
        elif end - start > LONGEST_HOLE_S:
            found.append(Hidden(start, end, "no_fix"))
    # Half a second at the ends is how cameras start; a zone there would be seen at the first fix.
    first, last = float(track.t[0]), float(track.t[-1])
    edge = 1.5
    if first > edge or reasons[0]:
        found.insert(0, Hidden(0.0, first, str(reasons[0] or "no_fix")))
    if last < duration_s - edge or reasons[-1]:
        found.append(Hidden(last, duration_s, str(reasons[-1] or "no_fix")))
    return _joined([Hidden(max(0.0, h.start_s), min(duration_s, h.end_s), h.reason) for h in found])


def _travels(track: Track, trim_m: float, *, drive: bool) -> bool:
    """Return whether this is a trip at all: a camera that stands or is carried about has none to give away.

    A car that is fast has one however short; an athlete who is fast may be on a track.
    """
    far = distance_m(track.lat, track.lon, float(track.lat[0]), float(track.lon[0])).max() > trim_m
    return bool(far or (drive and np.nanmax(np.nan_to_num(track.speed)) > WALKING))


def _crossed(track: Track, zones: Sequence[Zone]) -> np.ndarray:
    """Return for each pair of neighbouring fixes whether the straight way between them touches a zone."""
    touched = np.zeros(max(0, len(track) - 1), np.bool_)
    for zone in zones:
        # Metres east and north of the zone's middle; a plane is right as near as this matters.
        north = np.radians(track.lat - zone.lat) * EARTH_M
        east = np.radians((track.lon - zone.lon + 180) % 360 - 180) * EARTH_M * np.cos(np.radians(zone.lat))
        way = np.stack([np.diff(east), np.diff(north)], axis=1)
        start = np.stack([east[:-1], north[:-1]], axis=1)
        share = np.clip(-(start * way).sum(1) / np.maximum((way**2).sum(1), 1e-9), 0, 1)
        touched |= np.linalg.norm(start + share[:, None] * way, axis=1) < zone.radius_m + MARGIN_M
    return touched


def _inside(track: Track, zone: Zone) -> np.ndarray:
    return np.asarray(distance_m(track.lat, track.lon, zone.lat, zone.lon) < zone.radius_m + MARGIN_M)


def _joined(found: Sequence[Hidden]) -> list[Hidden]:
    out: list[Hidden] = []
    for each in found:
        if each.end_s <= each.start_s:
            continue
        if out and each.start_s <= out[-1].end_s + 1e-6 and each.reason == out[-1].reason:
            out[-1] = Hidden(out[-1].start_s, max(out[-1].end_s, each.end_s), each.reason)
        else:
            out.append(each)
    return out


def frames(found: Sequence[Hidden], *, fps: float) -> list[tuple[int, int]]:
    """Return the hidden stretches as frames [start, end), rounded outwards."""
    return [(math.floor(each.start_s * fps), math.ceil(each.end_s * fps) + 1) for each in found]


def is_hidden(found: Sequence[Hidden], times: Floats) -> np.ndarray:
    """Return for each time whether it lies in a hidden stretch."""
    mask = np.zeros(len(times), np.bool_)
    for each in found:
        mask |= (times >= each.start_s) & (times < each.end_s)
    return mask
