"""GPS that dashcams hide in their files: one reader a format, layouts as public readers and samples describe them."""

from __future__ import annotations

import math
import re
import struct
from datetime import UTC, datetime

from pipeline.telemetry.mp4 import BoxAt, Source, TimedTrack
from pipeline.telemetry.track import MOST_FIXES, Track, make

KNOT, MPH, KMH = 0.514444, 0.44704, 1 / 3.6
Row = tuple[float, float, float, float, float]
NAN = float("nan")
# Of a freeGPS block only the head matters; cameras pad it to 16 kB.
BLOCK_HEAD = 512
MOST_NMEA = 32 * 1024 * 1024
# Where status and hemispheres stand in the blocks of Novatek cameras, counted from "freeGPS " (three generations).
NOVATEK_STATUS = (68, 40, 36)
_STATUS = re.compile(rb"[AV][NS][EW]\x00")
_RMC = re.compile(rb"\$[A-Z]{2}RMC,[ -~]{10,120}")
_BLACKVUE = re.compile(r"\[(\d{10,16})\](\$[A-Z]{2}RMC,[^\r\n\[]{10,120})")


def ddmm(value: float) -> float:
    """Return degrees of NMEA's ddmm.mmmm; NaN when the minutes are impossible."""
    whole = math.floor(abs(value) / 100) if math.isfinite(value) else 0
    minutes = abs(value) - 100 * whole if math.isfinite(value) else 61.0
    return math.copysign(whole + minutes / 60, value) if minutes < 60 else NAN


def free_gps(source: Source, found: list[BoxAt], duration_s: float | None) -> Track | None:
    """Read "freeGPS" blocks: Novatek cameras (Viofo, Vantrue and many more) and newer 70mai."""
    blocks = [source.read(offset, BLOCK_HEAD) for offset in _block_offsets(source, found)]
    blocks = [block for block in blocks if block.startswith(b"freeGPS ")]
    novatek = [(i, row) for i, block in enumerate(blocks) if (row := _novatek(block)) is not None]
    if novatek:
        return _clocked("novatek", novatek)
    mai = [(i, at) for i, block in enumerate(blocks) if (at := _mai_block(block)) is not None]
    if not mai:
        return None
    # These blocks carry no time: they come at an even pace, each fix several times over.
    pace = duration_s / len(blocks) if duration_s else 1.0
    rows: list[Row] = []
    for i, (lat, lon) in mai:
        if not rows or rows[-1][1:3] != (lat, lon):
            rows.append((i * pace, lat, lon, NAN, NAN))
    return make("70mai", rows)


def _block_offsets(source: Source, found: list[BoxAt]) -> list[int]:
    """List where blocks begin: in the index that cameras write into `moov`, else in `free` boxes."""
    index = next((box for box in found if box.path in ("moov/gps ", "moov/udta/gps ")), None)
    offsets: list[int] = []
    if index is not None:
        table = source.read(index.start, min(index.end - index.start, 8 + 8 * MOST_FIXES))
        for at in range(8, len(table) - 7, 8):
            where = int.from_bytes(table[at : at + 4], "big")
            # The address is that of the block's box, or of the block itself.
            offsets.append(where + 8 if source.read(where + 4, 4) == b"free" else where)
    return offsets or [box.start for box in found if box.path in ("free", "skip")]


def _novatek(block: bytes) -> Row | None:
    """Return (utc, lat, lon, speed, utc) of one block: binary, or an NMEA line as Vantrue writes."""
    for at in NOVATEK_STATUS:
        if _STATUS.match(block, at) and (row := novatek_record(block[at - 24 : at + 20])) is not None:
            return row
    line = _RMC.search(block)
    return _rmc(line[0].decode("ascii")) if line else None


def _rmc(line: str) -> Row | None:
    """Decode an RMC line inside a video file; edited files keep old checksums, so it is not asked for."""
    import pynmea2

    try:
        said = pynmea2.parse(line.partition("*")[0])
        if said.status != "A" or said.datestamp is None or said.timestamp is None:
            return None
        utc = datetime.combine(said.datestamp, said.timestamp).replace(tzinfo=UTC).timestamp()
        knots = NAN if said.spd_over_grnd is None else float(said.spd_over_grnd)
        return utc, said.latitude, said.longitude, knots * KNOT, utc
    except (pynmea2.ParseError, ValueError, TypeError, AttributeError, OverflowError):
        return None


def novatek_record(data: bytes) -> Row | None:
    """Decode 44 bytes: six clock fields, status, hemispheres, then latitude, longitude (ddmm.mm), knots, course."""
    if len(data) < 44 or data[24:25] != b"A" or not _STATUS.match(data, 24):
        return None
    hour, minute, second, year, month, day = struct.unpack("<6I", data[:24])
    lat, lon, knots = struct.unpack("<3f", data[28:40])
    try:
        utc = datetime(
            year + 2000 if year < 100 else year, month, day, hour, minute, second, tzinfo=UTC
        ).timestamp()
    except (ValueError, OverflowError):
        return None
    lat, lon = ddmm(lat), ddmm(lon)
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        return None
    south, west = data[25:26] == b"S", data[26:27] == b"W"
    return utc, -lat if south else lat, -lon if west else lon, knots * KNOT, utc


def _clocked(source: str, rows: list[tuple[int, Row]]) -> Track | None:
    """Place rows by their clock; what came before the first fix counted one a second."""
    index, first = rows[0]
    begin = first[0] - index
    return make(source, [(row[0] - begin, *row[1:]) for _, row in rows])


def _mai_block(block: bytes) -> tuple[float, float] | None:
    if len(block) < 39 or block[8:10] != block[14:16] or block[10:12] != b"\0\0" or block[26:27] != b"A":
        return None
    lat, lon = (ddmm(value / 1e5) for value in struct.unpack("<2i", block[27:35]))
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def mai_box(source: Source, found: list[BoxAt]) -> Track | None:
    """Read the `GPS ` box of older 70mai cameras: 36-byte records, one a second."""
    box = next((box for box in found if box.kind == "GPS "), None)
    if box is None:
        return None
    data = source.read(box.start, min(box.end - box.start, 36 * MOST_FIXES))
    rows: list[Row] = []
    for at in range(0, len(data) - 35, 36):
        _, fixed, second, per_hour, north, lat, east, lon = struct.unpack("<4IcIcI", data[at : at + 26])
        if fixed == 1 and north in b"NS" and east in b"EW":
            degrees = [ddmm(value / 1000) for value in (lat, lon)]
            rows.append(
                (
                    float(second),
                    -degrees[0] if north == b"S" else degrees[0],
                    -degrees[1] if east == b"W" else degrees[1],
                    per_hour / 1000 * KMH,
                    NAN,
                )
            )
    return make("70mai", rows)


def blackvue(source: Source, found: list[BoxAt]) -> Track | None:
    """Read the NMEA lines, each after its time in milliseconds, inside BlackVue's `free` box."""
    rows: list[Row] = []
    for box in (box for box in found if box.path == "free"):
        data = source.read(box.start, min(box.end - box.start, MOST_NMEA))
        at = data.find(b"gps ")
        if at < 4:
            continue
        length = int.from_bytes(data[at - 4 : at], "big")
        text = data[at + 4 : at - 4 + length].decode("ascii", "replace")
        lines = list(_BLACKVUE.finditer(text))[:MOST_FIXES]
        begin = int(lines[0][1]) / 1000 if lines else 0.0
        for line in lines:
            if row := _rmc(line[2]):
                rows.append((int(line[1]) / 1000 - begin, *row[1:]))
    return make("blackvue", rows)


def garmin(source: Source, track: TimedTrack) -> Track | None:
    """Read Garmin's 20-byte samples: "PNDM", miles an hour, position in semicircles of 2³¹ to 180°."""
    rows: list[Row] = []
    for offset, size, start, _ in track.samples or ():
        data = source.read(offset, min(size, 64))
        if len(data) >= 20 and data.startswith(b"PNDM"):
            speed, lat, lon = struct.unpack("<H2x2i", data[8:20])
            rows.append((start, lat * 180 / 2**31, lon * 180 / 2**31, speed * MPH, NAN))
    return make("garmin", rows)


def transport_stream(source: Source) -> Track | None:
    """Read Novatek records from an MPEG transport stream: private packets (stream id 0xBF) named in no table."""
    rows: list[Row] = []
    index = 0
    for at in range(0, min(source.size, 64 * 1024 * 1024), 188 * 4096):
        chunk = source.read(at, 188 * 4096)
        for begin in range(0, len(chunk) - 187, 188):
            packet = chunk[begin : begin + 188]
            if packet[0] != 0x47:
                return make("novatek", rows) if rows else None
            start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
            if packet[1] & 0x40 and packet[start : start + 4] == b"\0\0\x01\xbf":
                row = novatek_record(packet[start + 6 : start + 50])
                if row is not None:
                    rows.append(row)
                index += 1
    if not rows:
        return None
    return make("novatek", [(row[0] - rows[0][0], *row[1:]) for row in rows])
