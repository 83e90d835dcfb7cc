"""The catalogue's facets: every count is the number of packages that ticking the box gives."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, CharField, IntegerField, QuerySet, Value, When

from buyers.asked import PRICES, Asked, band, condition, title
from marketplace import countries, taxonomy
from marketplace.models import Package, Vertical

PLACES_SHOWN = 12
# Counting goes over every package that has the words. Where thousands are counted and it takes this long, the same
# question gets the same counts for a short while; in a smaller shop every count is of this moment.
SLOW_S = 0.15
MANY = 2_000
KEPT_S = 15
OPEN = {"vertical", "odd.illumination", "sport.discipline", "country", "price"}


@dataclass(frozen=True)
class Box:
    """One value of a facet: its words, the packages it would give, and whether it is ticked."""

    value: str
    title: str
    count: int
    ticked: bool


@dataclass(frozen=True)
class Facet:
    """One group of boxes, under one name in the address."""

    name: str
    title: str
    values: list[Box]

    @property
    def is_open(self) -> bool:
        """Say whether the page shows its boxes unasked: those in use and those that most people begin with."""
        return self.name in OPEN or any(box.ticked for box in self.values)


@dataclass(frozen=True)
class Counted:
    """How many packages fit in all, and the facets with their counts."""

    total: int
    facets: list[Facet]


def _groups() -> list[tuple[str, str, list[str]]]:
    """List the facets in the order of the page: name, title, values in their order (places have none)."""
    return [
        ("vertical", "Kind", list(Vertical.values)),
        *((axis.id, axis.title, list(axis.values)) for axis in taxonomy.axes()),
        ("country", "Country", list(countries.NAMES)),
        ("place", "Place", []),
        ("price", "Price", list(PRICES)),
    ]


def of(rows: QuerySet[Package], asked: Asked) -> Counted:
    """Count every facet over what the other facets leave of ``rows``; values that give nothing are left out."""
    counts = _count(rows, asked)
    facets = []
    for name, words, values in _groups():
        known, ticked = counts.get(name, {}), asked.chosen.get(name, ())
        if name == "place":
            often = sorted(known, key=lambda place: (-known[place], place))[:PLACES_SHOWN]
            values = [*often, *(place for place in ticked if place not in often)]
        boxes = [
            Box(value, title(name, value), known.get(value, 0), value in ticked)
            for value in values
            if known.get(value) or value in ticked
        ]
        if boxes:
            facets.append(Facet(name, words, boxes))
    return Counted(counts.get(TOTAL, {}).get("", 0), facets)


TOTAL, TAG = "total", "tag"
# One pass over the rows, whatever is ticked: a package counts for a facet when it fails no filter but that facet's own.
_TALLY = """
WITH fitting AS MATERIALIZED (SELECT *, {fails} AS fails FROM ({rows}) AS rows)
SELECT 'total', '', count(*) FROM fitting WHERE fails = 0
UNION ALL SELECT 'vertical', vertical, count(*) FROM fitting WHERE fails = {vertical} GROUP BY vertical
UNION ALL SELECT 'price', band, count(*) FROM fitting WHERE fails = {price} GROUP BY band
UNION ALL SELECT 'country', country, count(*) FROM fitting, unnest(countries) AS country
    WHERE fails = {country} GROUP BY country
UNION ALL SELECT 'place', place, count(*) FROM fitting, unnest(places) AS place WHERE fails = {place} GROUP BY place
UNION ALL SELECT 'tag', tag, count(*) FROM fitting, unnest(tag_ids) AS tag WHERE fails = {tag} GROUP BY tag
"""


def _count(rows: QuerySet[Package], asked: Asked) -> dict[str, dict[str, int]]:
    """Count by facet and value in one query."""
    fails = {name: f"fails_{number}" for number, name in enumerate(asked.chosen)}
    inner = rows.order_by().annotate(
        band=Case(
            *(When(band(value), then=Value(value)) for value in PRICES),
            default=Value(""),
            output_field=CharField(),
        ),
        **{
            column: Case(
                When(condition(name, asked.chosen[name]), then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
            for name, column in fails.items()
        },
    )
    columns = inner.values("vertical", "countries", "places", "tag_ids", "band", *fails.values())
    try:
        sql, params = columns.query.sql_with_params()
    except EmptyResultSet:  # no package has the words
        return {}
    axes = [axis.id for axis in taxonomy.axes() if axis.id in fails]
    own = " ".join(f"WHEN starts_with(tag, %s) THEN {fails[axis]}" for axis in axes)
    whole = _TALLY.format(
        rows=sql,
        fails=" + ".join(fails.values()) or "0",
        tag=f"CASE {own} ELSE 0 END" if own else "0",
        **{name: fails.get(name, "0") for name in ("vertical", "price", "country", "place")},
    )
    return _tally(whole, [*params, *(f"{axis}." for axis in axes)])


def _tally(sql: str, params: list[Any]) -> dict[str, dict[str, int]]:
    key = "facets:" + hashlib.sha256(repr((sql, params)).encode()).hexdigest()
    kept: dict[str, dict[str, int]] | None = cache.get(key)
    if kept is not None:
        return kept
    counts: dict[str, dict[str, int]] = {}
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for name, value, count in cursor.fetchall():
            if name == TAG:
                name, value = taxonomy.axis_of(value), value.rpartition(".")[2]
            counts.setdefault(name, {})[value] = count
    largest = max((count for values in counts.values() for count in values.values()), default=0)
    if time.monotonic() - began >= SLOW_S and largest >= MANY:
        cache.set(key, counts, KEPT_S)
    return counts
