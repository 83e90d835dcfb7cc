"""A telemetry file that came beside the video: GPX, NMEA or CSV, bounded, with a sentence when it is no such thing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from pipeline.telemetry.dashcams import KMH, KNOT, MPH
from pipeline.telemetry.track import MOST_FIXES, TelemetryError, Track, make

# Two hours at ten fixes a second are 7 MB of GPX; reading it takes seconds, and a web process does it.
MOST_BYTES = 8 * 1024 * 1024
ENDS = ("gpx", "nmea", "csv", "txt", "log")
KINDS = "GPX, NMEA or CSV"
NAN = float("nan")
Row = tuple[float, float, float, float, float]
_UNITS = (("kmh", KMH), ("kph", KMH), ("mph", MPH), ("knot", KNOT), ("kn", KNOT), ("mps", 1.0), ("ms", 1.0))
_NAMES = {
    "lat": ("lat", "latitude", "gpslat", "gpslatitude", "positionlat", "latdeg"),
    "lon": ("lon", "lng", "long", "longitude", "gpslon", "gpslng", "gpslongitude", "positionlong", "londeg"),
    "time": (
        "time",
        "timestamp",
        "datetime",
        "utc",
        "date",
        "gpstime",
        "timeutc",
        "unixtime",
        "epoch",
        "t",
        "seconds",
    ),
}


def parse(data: bytes, *, name: str = "") -> Track:
    """Return the track of a telemetry file, t in seconds of its own first fix; raise TelemetryError with a sentence."""
    shown = f"“{name}”" if name else "The telemetry file"
    if len(data) > MOST_BYTES:
        raise TelemetryError(
            f"{shown} is larger than {MOST_BYTES // 1024**2} MB. Export the part that belongs to this video."
        )
    text = _text(data, shown)
    start = text.lstrip()[:400]
    reader: Callable[[str], tuple[str, list[Row]]]
    if start.startswith("<"):
        reader = _gpx
    elif re.search(r"^(\[\d+\])?\$[A-Z]{2}[A-Z]{3},", start, re.MULTILINE):
        reader = _nmea
    else:
        reader = _csv
    try:
        source, rows = reader(text)
    except TelemetryError as error:
        raise TelemetryError(f"{shown} {error}") from error
    track = make(source, rows)
    if track is None or len(track) < 2:
        raise TelemetryError(
            f"{shown} holds no track: fewer than two positions with a time. Choose another file."
        )
    return track.shifted(-float(track.t[0]))


def _text(data: bytes, shown: str) -> str:
    if b"\0" in data[:1000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TelemetryError(f"{shown} is not text. We read {KINDS}; choose such a file.")
    for encoding in ("utf-8-sig", "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "latin-1"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TelemetryError(f"{shown} is not text. We read {KINDS}; choose such a file.")


def _gpx(text: str) -> tuple[str, list[Row]]:
    import gpxpy

    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # entities that expand without end
        raise TelemetryError("declares entities of its own, which no GPX needs. Export it again.")
    try:
        read = gpxpy.parse(text)
    except Exception as error:  # gpxpy lets errors of the XML parser, of dates and of numbers through
        raise TelemetryError("is not a GPX file that can be read. Export it again as GPX 1.1.") from error
    rows: list[Row] = []
    for track in read.tracks:
        for segment in track.segments:
            for p in segment.points[: MOST_FIXES - len(rows)]:
                if p.time is not None:
                    utc = p.time.timestamp() if p.time.tzinfo else p.time.replace(tzinfo=UTC).timestamp()
                    rows.append((utc, p.latitude, p.longitude, NAN if p.speed is None else p.speed, utc))
    return "gpx", rows


def _nmea(text: str) -> tuple[str, list[Row]]:
    import pynmea2

    rows: list[Row] = []
    day: date | None = None
    before: datetime | None = None
    for line in text.splitlines()[: 4 * MOST_FIXES]:
        begin = line.find("$")
        if begin < 0 or line[begin + 3 : begin + 6] not in ("RMC", "GGA") or len(line) > 200:
            continue
        try:
            said = pynmea2.parse(line[begin:].strip(), check=True)
            if said.sentence_type == "RMC":
                if said.status != "A" or said.datestamp is None or said.timestamp is None:
                    continue
                day, knots = said.datestamp, said.spd_over_grnd
                moment = datetime.combine(day, said.timestamp).replace(tzinfo=UTC)
                speed = NAN if knots is None else float(knots) * KNOT
            else:
                if not said.gps_qual or said.timestamp is None or day is None:
                    continue
                moment, speed = datetime.combine(day, said.timestamp).replace(tzinfo=UTC), NAN
                if before and moment < before - timedelta(hours=12):
                    moment += timedelta(days=1)
            if before is None or moment > before:
                rows.append((moment.timestamp(), said.latitude, said.longitude, speed, moment.timestamp()))
                before = moment
        except (pynmea2.ParseError, ValueError, TypeError, AttributeError, OverflowError):
            continue
    if not rows:
        raise TelemetryError(
            "holds no NMEA line with a position, a date and a right checksum. Choose another file."
        )
    return "nmea", rows


def _csv(text: str) -> tuple[str, list[Row]]:
    head = text[:4096]
    separator = max(",;\t", key=head.count)
    table = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        names = [re.sub(r"[^a-z0-9/²]", "", name.lower()) for name in next(table)]
        lat, lon, when = (_column(names, wanted) for wanted in ("lat", "lon", "time"))
        if lat is None or lon is None or when is None:
            raise TelemetryError(
                f"is none of {KINDS} that we can read: a CSV needs a first line that names the columns, among them "
                "time, latitude and longitude."
            )
        speed, unit = _speed(names)
        rows: list[Row] = []
        for cells in table:
            if len(rows) >= MOST_FIXES:
                break
            if len(cells) <= max(lat, lon, when):
                continue
            try:
                moment, absolute = _moment(cells[when])
                said = float(cells[speed]) * unit if speed is not None and cells[speed].strip() else NAN
                rows.append((moment, float(cells[lat]), float(cells[lon]), said, moment if absolute else NAN))
            except (ValueError, IndexError, OverflowError):
                continue
    except (csv.Error, StopIteration) as error:
        raise TelemetryError(f"is none of {KINDS} that we can read. Export it again.") from error
    return "csv", rows


def _column(names: list[str], wanted: str) -> int | None:
    for name in _NAMES[wanted]:
        if name in names:
            return names.index(name)
    return next(
        (i for i, name in enumerate(names) if len(name) > 3 and name.startswith(_NAMES[wanted][:2])), None
    )


def _speed(names: list[str]) -> tuple[int | None, float]:
    for i, name in enumerate(names):
        if "speed" in name or name.startswith("velocity"):
            rest = name.replace("speed", "").replace("/", "").replace("gps", "")
            return i, next((factor for unit, factor in _UNITS if unit in rest), 1.0)
    return None, 1.0


def _moment(cell: str) -> tuple[float, bool]:
    """Return (seconds, whether they count from 1970) of a cell: a number, or a date and time (UTC unless it says)."""
    cell = cell.strip()
    try:
        number = float(cell)
    except ValueError:
        moment = datetime.fromisoformat(cell.replace("/", "-").replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), True
    for limit, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):  # nano-, micro-, milliseconds
        if number > limit:
            return number / unit, True
    return number, number > 1e8
