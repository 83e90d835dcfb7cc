"""A track on an even grid of output time: speed, braking, turning, coarse cells. What leaves the engine is this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.telemetry.place import Place, cell, coarse
from pipeline.telemetry.private import Hidden, is_hidden
from pipeline.telemetry.shaking import signed
from pipeline.telemetry.track import Floats, Track, distance_m

RATE_HZ = 10.0
# Below this speed a GPS course is noise.
COURSE_SPEED = 2.0
COLUMNS = ("t_s", "frame", "speed_mps", "accel_mps2", "yaw_rate_dps", "cell")


@dataclass(frozen=True, slots=True)
class Ride:
    """Telemetry at 10 Hz of output time. NaN where it was not known; hidden stretches are left out of `samples`.

    ``accel``: along the direction of travel, m/s², braking negative (without a speed in hard moments only);
    ``yaw_rate``: degrees a second, to the left positive.
    """

    source: str
    t: Floats
    speed: Floats
    accel: Floats
    yaw_rate: Floats
    cells: list[str]
    place: Place | None
    hidden: list[Hidden] = field(default_factory=list)
    clock_offset_s: float = 0.0

    def public(self, fps: float) -> dict[str, Any]:
        """Return the report's `telemetry`: samples in output time, no coordinate."""
        # Frames are hidden rounded outwards: a sample beside a stretch may be of a hidden frame.
        show = ~(is_hidden(self.hidden, self.t) | is_hidden(self.hidden, self.t - 2 / fps))
        show &= np.isfinite(self.speed) | np.isfinite(self.yaw_rate)
        rows = [
            [
                round(float(self.t[i]), 3),
                round(float(self.t[i]) * fps),
                _number(self.speed[i], 2),
                _number(self.accel[i], 2),
                _number(self.yaw_rate[i], 1),
                self.cells[i],
            ]
            for i in np.flatnonzero(show)
        ]
        return {
            "source": self.source,
            "clock_offset_s": self.clock_offset_s,
            "rate_hz": RATE_HZ,
            "columns": list(COLUMNS),
            "samples": rows,
            "place": None
            if self.place is None
            else {"country": self.place.country, "region": self.place.region, "cell": self.place.cell},
        }

    def summary(self, fps: float) -> dict[str, Any]:
        """Return what one line says of it: source, place, fastest speed and way of what is shown; no coordinate."""
        shown = self.public(fps)
        speeds = [row[2] for row in shown["samples"] if row[2] is not None]
        return {
            "source": self.source,
            "clock_offset_s": self.clock_offset_s,
            "place": shown["place"],
            "top_mps": max(speeds, default=None),
            "metres": round(sum(speeds) / RATE_HZ) if speeds else None,
        }


def ride(
    track: Track, *, duration_s: float, hidden: Sequence[Hidden] = (), clock_offset_s: float = 0.0
) -> Ride | None:
    """Resample a track to output time; None for a single point, which says where but not how it moved."""
    visible = ~is_hidden(hidden, track.t)
    place = coarse(track.lat[visible], track.lon[visible])
    grid = np.arange(0.0, max(duration_s, 1 / RATE_HZ), 1 / RATE_HZ)
    unknown = np.full(len(grid), np.nan)
    if len(track) < 2:
        cells = [place.cell if place else ""] * len(grid)
        turned = _gyro_yaw(track, grid)
        rate = unknown if turned is None else turned
        pushed = signed(track, grid, rate)
        push = unknown if pushed is None else np.where(pushed == 0, np.nan, pushed)
        return Ride(track.source, grid, unknown, push, rate, cells, place, list(hidden), clock_offset_s)
    east, north = _metres(track)
    known = (grid >= track.t[0] - 1) & (grid <= track.t[-1] + 1)
    speed = np.where(known, np.interp(grid, *_speeds(track, east, north)), np.nan)
    accel = np.where(known, _slope(_smooth(np.nan_to_num(speed), 1.0)), np.nan)
    yaw = _gyro_yaw(track, grid)
    if yaw is None:
        yaw = _course_yaw(track, east, north, grid, speed)
    lat, lon = np.interp(grid, track.t, track.lat), np.interp(grid, track.t, track.lon)
    cells = [cell(float(a), float(b)) for a, b in zip(lat, lon, strict=True)]
    return Ride(
        track.source,
        grid,
        speed,
        accel,
        np.where(known, yaw, np.nan),
        cells,
        place,
        list(hidden),
        clock_offset_s,
    )


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None


def _metres(track: Track) -> tuple[Floats, Floats]:
    """Return metres east and north of the first fix (a plane is right to a thousandth for a drive)."""
    lat0, lon0 = float(track.lat[0]), float(track.lon[0])
    per_lat = float(distance_m(lat0 - 0.5, lon0, lat0 + 0.5, lon0))
    per_lon = float(distance_m(lat0, lon0 - 0.5, lat0, lon0 + 0.5))
    return (track.lon - lon0) * per_lon, (track.lat - lat0) * per_lat


def _speeds(track: Track, east: Floats, north: Floats) -> tuple[Floats, Floats]:
    """Return (times, speeds): the device's own where it gives most of them, else of the positions, smoothed."""
    own = np.isfinite(track.speed)
    if own.mean() > 0.8:
        return track.t[own], track.speed[own]
    gaps = np.maximum(np.diff(track.t), 1e-3)
    speeds = np.minimum(np.hypot(np.diff(east), np.diff(north)) / gaps, 100.0)
    middles = (track.t[1:] + track.t[:-1]) / 2
    if len(speeds) >= 3:  # one jumping fix must not become a race
        around = np.stack([np.r_[speeds[:1], speeds[:-1]], speeds, np.r_[speeds[1:], speeds[-1:]]])
        speeds = np.median(around, axis=0)
    return middles, speeds


def _course_yaw(track: Track, east: Floats, north: Floats, grid: Floats, speed: Floats) -> Floats:
    """Return the turning rate by the direction of the way between fixes about a second apart."""
    step = max(1, round(1.0 / max(1e-3, float(np.median(np.diff(track.t))))))
    if len(track) <= step + 1:
        return np.zeros(len(grid))
    de, dn = east[step:] - east[:-step], north[step:] - north[:-step]
    times = (track.t[step:] + track.t[:-step]) / 2
    moving = np.hypot(de, dn) > COURSE_SPEED * np.maximum(track.t[step:] - track.t[:-step], 1e-3)
    if moving.sum() < 3:
        return np.zeros(len(grid))
    course = np.unwrap(np.arctan2(dn[moving], de[moving]))
    rate = np.degrees(_slope(_smooth(np.interp(grid, times[moving], course), 1.0)))
    return np.where(np.nan_to_num(speed) >= COURSE_SPEED, rate, 0.0)


def _gyro_yaw(track: Track, grid: Floats) -> Floats | None:
    """Return the turning rate around the vertical that the accelerometer shows; None without both sensors.

    Gravity is the mean acceleration of the ride, so it does not matter how the camera is mounted. The mean rate of
    a standstill-free sensor is taken off as its bias only where it is small.
    """
    if track.gyro is None or track.accel is None or len(track.gyro) < 20 or len(track.accel) < 20:
        return None
    gravity = track.accel[:, 1:].mean(axis=0)
    length = float(np.linalg.norm(gravity))
    if not 7.0 < length < 12.0:
        return None
    rate = np.degrees(track.gyro[:, 1:] @ (gravity / length))
    bias = float(np.median(rate))
    rate = rate - (bias if abs(bias) < 1.0 else 0.0)
    kernel = max(1, round(0.5 / max(1e-4, float(np.median(np.diff(track.gyro[:, 0]))))))
    return np.interp(grid, track.gyro[:, 0], np.convolve(rate, np.ones(kernel) / kernel, "same"))


def _smooth(values: Floats, seconds: float) -> Floats:
    """Return the moving mean over so many seconds of the grid, the ends repeated."""
    half = max(1, round(seconds * RATE_HZ / 2))
    padded = np.pad(values, half, mode="edge")
    return np.convolve(padded, np.ones(2 * half + 1) / (2 * half + 1), "valid")


def _slope(values: Floats) -> Floats:
    return np.gradient(values, 1 / RATE_HZ) if len(values) > 1 else np.zeros(len(values))
