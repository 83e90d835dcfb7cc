"""A track as its source tells it: fixes over time, and what the inertial sensors say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EARTH_M = 6_371_008.8  # mean radius
# A device that logs more than this is not a camera: two hours at 60 fixes a second.
MOST_FIXES = 500_000
MOST_MOTIONS = 4_000_000


class TelemetryError(Exception):
    """Say in a sentence for a person what is wrong with the telemetry and what to do."""


@dataclass(frozen=True, slots=True)
class Track:
    """Fixes in order of time.

    ``t``: seconds of the video (a sidecar that is not aligned yet: of its own first fix); ``lat``, ``lon``: degrees,
    WGS 84; ``speed``: m/s, NaN where the device does not say; ``utc``: seconds since 1970, NaN where unknown;
    ``accel`` and ``gyro``: n × 4 rows of (t, x, y, z) in m/s² and rad/s in the device's own axes.
    """

    source: str
    t: Floats
    lat: Floats
    lon: Floats
    speed: Floats
    utc: Floats
    accel: Floats | None = None
    gyro: Floats | None = None

    def __len__(self) -> int:
        return len(self.t)

    @property
    def duration_s(self) -> float:
        return float(self.t[-1] - self.t[0]) if len(self) else 0.0

    def shifted(self, seconds: float) -> Track:
        """Return the same track this much later in the video."""
        move = np.array([seconds, 0.0, 0.0, 0.0])
        return replace(
            self,
            t=self.t + seconds,
            accel=None if self.accel is None else self.accel + move,
            gyro=None if self.gyro is None else self.gyro + move,
        )


def make(
    source: str, rows: list[tuple[float, float, float, float, float]], **motion: Floats | None
) -> Track | None:
    """Build a track of (t, lat, lon, speed, utc) rows: impossible ones dropped, sorted, one row a moment.

    Returns None when neither a usable fix nor a sensor is left; a camera that was in a tunnel has only the sensors.
    """
    moved = any(sensor is not None and len(sensor) > 0 for sensor in motion.values())
    table = np.array(rows[:MOST_FIXES], np.float64).reshape(-1, 5)
    t, lat, lon = table[:, 0], table[:, 1], table[:, 2]
    on_earth = np.isfinite(t) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & (np.abs(t) < 1e10)
    on_earth &= (np.abs(lat) > 1e-6) | (np.abs(lon) > 1e-6)  # 0° N 0° E is what a device without a fix writes
    table = table[on_earth]
    if not len(table) and not moved:
        return None
    table = table[np.argsort(table[:, 0], kind="stable")]
    first = np.concatenate([[True], np.diff(table[:, 0]) > 1e-6])[: len(table)]
    table = table[first]
    speed = np.where((table[:, 3] >= 0) & (table[:, 3] < 150), table[:, 3], np.nan)
    return Track(source, table[:, 0], table[:, 1], table[:, 2], speed, table[:, 4], **motion)


def distance_m(
    lat1: Floats | float, lon1: Floats | float, lat2: Floats | float, lon2: Floats | float
) -> Floats:
    """Return great-circle metres between points given in degrees (haversine)."""
    a1, a2 = np.radians(lat1), np.radians(lat2)
    half_lat, half_lon = (a2 - a1) / 2, np.radians(np.subtract(lon2, lon1)) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(a1) * np.cos(a2) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1))), np.float64)
