"""GoPro's metadata track: nested key-length-value records (GPMF, github.com/gopro/gpmf-parser)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from pipeline.telemetry.mp4 import Source, TimedTrack
from pipeline.telemetry.track import MOST_MOTIONS, Floats, Track, make

MOST_PAYLOAD = 1024 * 1024  # one second of a camera is about 10 kB
DEEPEST = 6
TYPES = {b"b": "i1", b"B": "u1", b"s": ">i2", b"S": ">u2", b"l": ">i4", b"L": ">u4", b"f": ">f4", b"d": ">f8"}
GPS9_EPOCH_S = 946_684_800  # days since 2000-01-01


def read(source: Source, track: TimedTrack) -> Track | None:
    """Return the GPS and inertial data of a `gpmd` track; None when it holds no fix."""
    rows: list[tuple[float, float, float, float, float]] = []
    motion: dict[bytes, list[Floats]] = {b"ACCL": [], b"GYRO": []}
    count = 0
    for offset, size, start, duration in track.samples or ():
        payload = source.read(offset, min(size, MOST_PAYLOAD))
        for stream in _streams(payload, DEEPEST):
            rows += _fixes(stream, start, duration)
            for key, parts in motion.items():
                if key in stream and count < MOST_MOTIONS:
                    table = _scaled(stream, key)
                    if table is not None and table.shape[1] >= 3:
                        parts.append(np.column_stack([_times(start, duration, len(table)), table[:, :3]]))
                        count += len(table)
    accel, gyro = (np.concatenate(parts) if parts else None for parts in motion.values())
    return make("gpmf", rows, accel=accel, gyro=gyro)


def _streams(data: bytes, depth: int) -> Iterator[dict[bytes, tuple[bytes, int, int, bytes]]]:
    """Yield each stream of sensors as its records by key: (type, bytes a row, rows, data)."""
    stream: dict[bytes, tuple[bytes, int, int, bytes]] = {}
    at = 0
    while at + 8 <= len(data):
        key, kind, width, count = struct.unpack(">4scBH", data[at : at + 8])
        length = width * count
        body = data[at + 8 : at + 8 + length]
        if kind == b"\0" and depth:
            yield from _streams(body, depth - 1)
        elif len(body) == length:
            stream[key] = (kind, width, count, body)
        at += 8 + (length + 3) // 4 * 4
    if stream:
        yield stream


def _scaled(stream: dict[bytes, tuple[bytes, int, int, bytes]], key: bytes) -> Floats | None:
    """Return the rows of a record divided by the stream's scale."""
    kind, width, count, body = stream[key]
    if kind not in TYPES or not width or not count:
        return None
    kinds = np.dtype(TYPES[kind])
    columns = width // kinds.itemsize
    if not columns or columns * kinds.itemsize != width:
        return None
    table = np.frombuffer(body, kinds).reshape(count, columns).astype(np.float64)
    if b"SCAL" in stream:
        scale_kind, _, _, scale_body = stream[b"SCAL"]
        if scale_kind in TYPES:
            scale = np.frombuffer(scale_body[: len(scale_body) // np.dtype(TYPES[scale_kind]).itemsize
                                             * np.dtype(TYPES[scale_kind]).itemsize], TYPES[scale_kind])  # fmt: skip
            scale = scale.astype(np.float64)
            if len(scale) in (1, columns) and np.all(scale != 0):
                table = table / scale
    return table


def _times(start: float, duration: float, count: int) -> Floats:
    """Spread the rows of one payload evenly over the time it stands for."""
    return start + np.arange(count) * (duration / max(1, count))


def _fixes(
    stream: dict[bytes, tuple[bytes, int, int, bytes]], start: float, duration: float
) -> list[tuple[float, float, float, float, float]]:
    if b"GPS9" in stream:
        return _nine(stream, start, duration)
    table = _scaled(stream, b"GPS5") if b"GPS5" in stream else None
    if table is None or table.shape[1] != 5 or _number(stream, b"GPSF", ">u4") not in (2, 3):
        return []
    utc = _moment(stream[b"GPSU"][3]) if b"GPSU" in stream else float("nan")
    times = _times(start, duration, len(table))
    return [
        (float(t), float(row[0]), float(row[1]), float(row[3]), utc + float(t) - start)
        for t, row in zip(times, table, strict=True)
    ]


def _nine(
    stream: dict[bytes, tuple[bytes, int, int, bytes]], start: float, duration: float
) -> list[tuple[float, float, float, float, float]]:
    """Read GPS9 (HERO11 and later): latitude, longitude, altitude, two speeds, days, seconds, precision, fix."""
    _, width, count, body = stream[b"GPS9"]
    scales = stream.get(b"SCAL")
    if width != 32 or scales is None or scales[0] != b"l" or len(scales[3]) < 36:
        return []
    scale = struct.unpack(">9i", scales[3][:36])
    if not all(scale):
        return []
    out = []
    for i, t in enumerate(_times(start, duration, count)):
        values = struct.unpack(">7i2H", body[i * 32 : i * 32 + 32])
        lat, lon, _, speed, _, days, seconds, _, fix = (v / s for v, s in zip(values, scale, strict=True))
        if fix >= 2:
            out.append((float(t), lat, lon, speed, GPS9_EPOCH_S + days * 86_400 + seconds))
    return out


def _number(stream: dict[bytes, tuple[bytes, int, int, bytes]], key: bytes, kind: str) -> int:
    body = stream[key][3] if key in stream else b""
    return int(np.frombuffer(body[:4], kind)[0]) if len(body) >= 4 else 0


def _moment(text: bytes) -> float:
    """Return the seconds since 1970 of GPSU's yymmddhhmmss.sss."""
    try:
        moment = datetime.strptime(text[:12].decode("ascii"), "%y%m%d%H%M%S").replace(tzinfo=UTC)
        return moment.timestamp() + float(b"0" + text[12:16])
    except ValueError:
        return float("nan")
