"""Where phones write a place: Android's camera-motion track, and the single point in the file's user data."""

from __future__ import annotations

import re
import struct

import numpy as np

from pipeline.telemetry.mp4 import BoxAt, Source, TimedTrack
from pipeline.telemetry.track import MOST_MOTIONS, Floats, Track, make

NAN = float("nan")
GPS_EPOCH_S = 315_964_800 - 18  # 1980-01-06, less the leap seconds since
# ISO 6709: ±DD.DDDD±DDD.DDDD, as QuickTime and Android write it.
_ISO6709 = re.compile(
    rb"([+-]\d{2}(?:\.\d{1,8})?)([+-]\d{3}(?:\.\d{1,8})?)(?:[+-][\d.]{1,12})?(?:CRS[^/]{0,40})?/"
)
APPLE_KEY = b"com.apple.quicktime.location.ISO6709"


def camera_motion(source: Source, track: TimedTrack) -> Track | None:
    """Read a CAMM track (developers.google.com/streetview, camera motion metadata): types 2, 3, 5 and 6."""
    rows: list[tuple[float, float, float, float, float]] = []
    gyro: list[tuple[float, ...]] = []
    accel: list[tuple[float, ...]] = []
    for offset, size, start, _ in track.samples or ():
        data = source.read(offset, min(size, 128))
        kind = int.from_bytes(data[2:4], "little") if len(data) >= 4 else -1
        if kind in (2, 3) and len(data) >= 16 and len(gyro) + len(accel) < MOST_MOTIONS:
            (gyro if kind == 2 else accel).append((start, *struct.unpack("<3f", data[4:16])))
        elif kind == 5 and len(data) >= 28:
            lat, lon, _ = struct.unpack("<3d", data[4:28])
            rows.append((start, lat, lon, NAN, NAN))
        elif kind == 6 and len(data) >= 56:
            when, fix, lat, lon, _, _, _, east, north = struct.unpack("<dIdd5f", data[4:52])
            if fix >= 2:
                rows.append((start, lat, lon, float(np.hypot(east, north)), GPS_EPOCH_S + when))
    return make("camm", rows, accel=_table(accel), gyro=_table(gyro))


def _table(rows: list[tuple[float, ...]]) -> Floats | None:
    if not rows:
        return None
    table = np.array(rows, np.float64)
    return table[np.isfinite(table).all(axis=1)]


def point(source: Source, found: list[BoxAt]) -> Track | None:
    """Return the one point that a phone stored for the recording, as a track of one fix; None when there is none."""
    for box in found:
        if box.path in ("moov/udta/\xa9xyz", "moov/meta", "moov/udta/meta", "moov/trak/meta"):
            data = source.read(box.start, min(box.end - box.start, 256 * 1024))
            match = _ISO6709.search(data)
            if match and (box.path.endswith("xyz") or APPLE_KEY in data):
                track = make("phone", [(0.0, float(match[1]), float(match[2]), NAN, NAN)])
                if track is not None:
                    return track
        if (
            box.path == "moov/udta/loci"
        ):  # 3GPP TS 26.244: language, name, role, then 16.16 fixed-point degrees
            data = source.read(box.start, min(box.end - box.start, 1024))
            name_end = data.find(b"\0", 6)
            if name_end > 0 and len(data) >= name_end + 10:
                lon, lat = struct.unpack(">2i", data[name_end + 2 : name_end + 10])
                track = make("phone", [(0.0, lat / 65536, lon / 65536, NAN, NAN)])
                if track is not None:
                    return track
    return None
