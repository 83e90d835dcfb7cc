"""Telemetry files that tests make themselves: boxes and records of each camera's layout around a given trip."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

START = datetime(2026, 3, 4, 10, 0, 0, tzinfo=UTC)
MAC_EPOCH_S = 2_082_844_800


@dataclass(frozen=True)
class Trip:
    """One fix a second: seconds, degrees, metres a second."""

    t: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    speed: np.ndarray


def trip(seconds: int = 120, *, speed: float = 15.0, lat: float = 48.2, lon: float = 16.37) -> Trip:
    """A drive due north at a constant speed, from Vienna unless said otherwise."""
    t = np.arange(seconds + 1, dtype=np.float64)
    return Trip(t, lat + speed * t / 111_195.0, np.full(len(t), lon), np.full(len(t), speed))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def header(*, seconds: float, began: datetime | None = START) -> bytes:
    created = 0 if began is None else int(began.timestamp()) + MAC_EPOCH_S
    return box(b"mvhd", struct.pack(">IIIII", 0, created, created, 1000, round(seconds * 1000)) + bytes(80))


def with_samples(samples: list[bytes], *, handler: bytes, form: bytes, seconds_each: float = 1.0) -> bytes:
    """A file with one timed track whose samples follow each other in `mdat`."""
    body = b"".join(samples)
    table = b"".join(
        [
            box(b"stsd", bytes(4) + struct.pack(">I", 1) + struct.pack(">I4s", 16, form) + bytes(8)),
            box(b"stts", bytes(4) + struct.pack(">III", 1, len(samples), round(1000 * seconds_each))),
            box(b"stsc", bytes(4) + struct.pack(">IIII", 1, 1, len(samples), 1)),
            box(b"stsz", bytes(4) + struct.pack(f">II{len(samples)}I", 0, len(samples), *map(len, samples))),
        ]
    )
    start = len(box(b"ftyp", b"isom" + bytes(4))) + 8
    stbl = box(b"stbl", table + box(b"stco", bytes(4) + struct.pack(">II", 1, start)))
    mdhd = box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 1000, 0, 0))
    hdlr = box(b"hdlr", bytes(8) + handler + bytes(13))
    trak = box(b"trak", box(b"mdia", mdhd + hdlr + box(b"minf", stbl)))
    moov = box(b"moov", header(seconds=len(samples) * seconds_each) + trak)
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", body) + moov


def klv(key: bytes, kind: bytes, width: int, count: int, data: bytes) -> bytes:
    return key + kind + struct.pack(">BH", width, count) + data + bytes(-len(data) % 4)


def gopro(drive: Trip, *, fix: int = 3, turning_dps: float = 0.0) -> bytes:
    """GPMF with two GPS rows a second, gravity along the second axis, and a constant turn around it."""
    samples = []
    for i in range(len(drive.t)):
        rows = b"".join(
            struct.pack(
                ">5i",
                round(drive.lat[i] * 1e7), round(drive.lon[i] * 1e7), 0,
                round(drive.speed[i] * 1000), round(drive.speed[i] * 100),
            )
            for _ in range(2)
        )  # fmt: skip
        moment = datetime.fromtimestamp(START.timestamp() + i, UTC).strftime("%y%m%d%H%M%S.000").encode()
        gps = (
            klv(b"GPSF", b"L", 4, 1, struct.pack(">I", fix))
            + klv(b"GPSU", b"U", 16, 1, moment)
            + klv(b"SCAL", b"l", 4, 5, struct.pack(">5i", 10**7, 10**7, 1000, 1000, 100))
            + klv(b"GPS5", b"l", 20, 2, rows)
        )
        turn = round(np.radians(turning_dps) * 1000)
        gyro = klv(b"SCAL", b"s", 2, 1, struct.pack(">h", 1000)) + klv(
            b"GYRO", b"s", 6, 50, struct.pack(">3h", 0, turn, 0) * 50
        )
        accel = klv(b"SCAL", b"s", 2, 1, struct.pack(">h", 100)) + klv(
            b"ACCL", b"s", 6, 50, struct.pack(">3h", 0, 981, 0) * 50
        )
        streams = b"".join(klv(b"STRM", b"\0", 1, len(part), part) for part in (gps, gyro, accel))
        samples.append(klv(b"DEVC", b"\0", 1, len(streams), streams))
    return with_samples(samples, handler=b"meta", form=b"gpmd")


def ddmm(degrees: float) -> float:
    return int(abs(degrees)) * 100 + (abs(degrees) % 1) * 60


def novatek(drive: Trip) -> bytes:
    """freeGPS blocks in `free` boxes, found by the index in `moov`."""
    blocks, index = [], []
    at = len(box(b"ftyp", b"isom" + bytes(4)))
    for i in range(len(drive.t)):
        moment = datetime.fromtimestamp(START.timestamp() + i, UTC)
        block = bytearray(256)
        block[:8] = b"freeGPS "
        clock = (moment.hour, moment.minute, moment.second, moment.year - 2000, moment.month, moment.day)
        block[44:68] = struct.pack("<6I", *clock)
        block[68:72] = b"ANE\0"
        block[72:88] = struct.pack(
            "<4f", ddmm(drive.lat[i]), ddmm(drive.lon[i]), drive.speed[i] / 0.514444, 0.0
        )
        index.append(struct.pack(">II", at, 264))
        blocks.append(box(b"free", bytes(block)))
        at += 264
    table = box(b"gps ", struct.pack(">II", 0x101, len(index)) + b"".join(index))
    moov = box(b"moov", header(seconds=len(drive.t)) + table)
    return box(b"ftyp", b"isom" + bytes(4)) + b"".join(blocks) + moov


def garmin(drive: Trip) -> bytes:
    samples = [
        b"PNDM"
        + bytes(4)
        + struct.pack("<H2x2i", round(s / 0.44704), round(a * 2**31 / 180), round(o * 2**31 / 180))
        for a, o, s in zip(drive.lat, drive.lon, drive.speed, strict=True)
    ]
    return with_samples(samples, handler=b"sbtl", form=b"tx3g")


def android(drive: Trip) -> bytes:
    """Camera-motion metadata: type 6 is a full fix."""
    samples = [
        bytes(2)
        + struct.pack("<H", 6)
        + struct.pack("<dIdd7f", START.timestamp() - 315_964_800 + 18 + t, 3, a, o, 0, 1, 1, 0, s, 0, 1)
        for t, a, o, s in zip(drive.t, drive.lat, drive.lon, drive.speed, strict=True)
    ]
    return with_samples(samples, handler=b"camm", form=b"camm")


def mai(drive: Trip) -> bytes:
    """The `GPS ` box of older 70mai cameras."""
    rows = b""
    for t, a, o, s in zip(drive.t, drive.lat, drive.lon, drive.speed, strict=True):
        rows += struct.pack("<4I", 1, 1, int(t), round(s * 3600)) + b"N"
        rows += (
            struct.pack("<I", round(ddmm(a) * 1000))
            + b"E"
            + struct.pack("<I", round(ddmm(o) * 1000))
            + bytes(10)
        )
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", header(seconds=len(drive.t))) + box(b"GPS ", rows)


def rmc(moment: datetime, lat: float, lon: float, speed: float) -> str:
    body = (
        f"GNRMC,{moment:%H%M%S}.00,A,{ddmm(lat):010.5f},N,{ddmm(lon):011.5f},E,"
        f"{speed / 0.514444:.2f},0.0,{moment:%d%m%y},,,A"
    )
    checksum = 0
    for sign in body.encode():
        checksum ^= sign
    return f"${body}*{checksum:02X}"


def moments(drive: Trip, began: datetime = START) -> list[datetime]:
    return [datetime.fromtimestamp(began.timestamp() + t, UTC) for t in drive.t]


def blackvue(drive: Trip) -> bytes:
    lines = "".join(
        f"[{round(m.timestamp() * 1000)}]{rmc(m, a, o, s)}\n\n"
        for m, a, o, s in zip(moments(drive), drive.lat, drive.lon, drive.speed, strict=True)
    )
    inside = box(b"cprt", b"{}") + box(b"gps ", lines.encode())
    return (
        box(b"ftyp", b"isom" + bytes(4)) + box(b"free", inside) + box(b"moov", header(seconds=len(drive.t)))
    )


def gpx(drive: Trip, began: datetime = START) -> bytes:
    points = "".join(
        f'<trkpt lat="{a:.7f}" lon="{o:.7f}"><time>{m:%Y-%m-%dT%H:%M:%S.%fZ}</time></trkpt>'
        for m, a, o in zip(moments(drive, began), drive.lat, drive.lon, strict=True)
    )
    return (
        '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><trkseg>{points}</trkseg></trk></gpx>"
    ).encode()


def nmea(drive: Trip, began: datetime = START) -> bytes:
    rows = zip(moments(drive, began), drive.lat, drive.lon, drive.speed, strict=True)
    return "\r\n".join(rmc(m, a, o, s) for m, a, o, s in rows).encode()


def csv(drive: Trip, began: datetime | None = START) -> bytes:
    lines = ["time;latitude;longitude;speed_kmh"]
    for i in range(len(drive.t)):
        when = f"{drive.t[i]:.1f}" if began is None else moments(drive, began)[i].isoformat()
        lines.append(f"{when};{drive.lat[i]:.7f};{drive.lon[i]:.7f};{drive.speed[i] * 3.6:.2f}")
    return "\n".join(lines).encode()


CAMERAS = {
    "gpmf": gopro,
    "novatek": novatek,
    "garmin": garmin,
    "camm": android,
    "70mai": mai,
    "blackvue": blackvue,
}
SIDECARS = {"gpx": gpx, "nmea": nmea, "csv": csv}
