"""The catalogue's facets: every count is the number of packages that ticking the box gives."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, CharField, IntegerField, QuerySet, Value, When

from buyers.asked import PRICES, Asked, band, condition, title
from marketplace import countries, taxonomy
from marketplace.models import Package, Vertical

PLACES_SHOWN = 12


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
    def is_used(self) -> bool:
        """Say whether one of its boxes is ticked."""
        return any(box.ticked for box in self.values)


def _groups() -> list[tuple[str, str, list[str]]]:
    """List the facets in the order of the page: name, title, values in their order (places have none)."""
    return [
        ("vertical", "Kind", list(Vertical.values)),
        *((axis.id, axis.title, list(axis.values)) for axis in taxonomy.axes()),
        ("country", "Country", list(countries.NAMES)),
        ("place", "Place", []),
        ("price", "Price", list(PRICES)),
    ]


def of(rows: QuerySet[Package], asked: Asked) -> list[Facet]:
    """Count every facet over what the other facets leave of ``rows``; values that give nothing are left out."""
    counts = _count(rows, asked)
    facets = []
    for name, words, values in _groups():
        known, ticked = counts.get(name, {}), asked.chosen.get(name, ())
        if name == "place":
            often = sorted(known, key=lambda place: (-known[place], place))
            values = [
                *often[:PLACES_SHOWN],
                *(place for place in ticked if place not in often[:PLACES_SHOWN]),
            ]
        boxes = [
            Box(value, title(name, value), known.get(value, 0), value in ticked)
            for value in values
            if known.get(value) or value in ticked
        ]
        if boxes:
            facets.append(Facet(name, words, boxes))
    return facets


# One pass over the rows. A package counts for a facet when it fails no condition but that facet's own.
_TALLY = """
WITH fitting AS MATERIALIZED ({rows})
SELECT facet, value, count(*)
FROM fitting CROSS JOIN LATERAL (
    SELECT 'vertical', vertical::text
    UNION ALL SELECT 'price', band
    UNION ALL SELECT 'country', unnest(countries)
    UNION ALL SELECT 'place', unnest(places)
    UNION ALL SELECT regexp_replace(tag, '[.][^.]*$', ''), regexp_replace(tag, '^.*[.]', '') FROM unnest(tag_ids) tag
) AS given (facet, value)
WHERE {fails} - CASE facet {own} ELSE 0 END = 0
GROUP BY facet, value
"""


def _count(rows: QuerySet[Package], asked: Asked) -> dict[str, dict[str, int]]:
    fails = {f"fails_{number}": name for number, name in enumerate(asked.chosen)}
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
            for column, name in fails.items()
        },
    )
    columns = inner.values("vertical", "countries", "places", "tag_ids", "band", *fails)
    try:
        sql, params = columns.query.sql_with_params()
    except EmptyResultSet:  # no package has the words
        return {}
    whole = _TALLY.format(
        rows=sql,
        fails=" + ".join(fails) or "0",
        own=" ".join(f"WHEN %s THEN {column}" for column in fails) or "WHEN '' THEN 0",
    )
    counts: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(whole, [*params, *fails.values()])
        for name, value, count in cursor.fetchall():
            counts.setdefault(name, {})[value] = count
    return counts
