"""The catalogue: facets whose counts are the rows you get, full-text search, keyset pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.http import QueryDict

from marketplace import countries, taxonomy
from marketplace.models import Package, Vertical

PAGE = 24
PRICES = {
    "0-50": ("Up to $50", 0, 5_000),
    "50-250": ("$50 to $250", 5_001, 25_000),
    "250-1000": ("$250 to $1,000", 25_001, 100_000),
    "1000-": ("Over $1,000", 100_001, None),
}
SORTS = {
    "new": ("Newest", "-published_at"),
    "price": ("Price", "price_minor"),
    "hours": ("Most hours", "-duration_ms"),
}


@dataclass(frozen=True)
class Value:
    """One box of a facet: its value, words, the rows it would give, and whether it is ticked."""

    value: str
    title: str
    count: int
    ticked: bool


@dataclass(frozen=True)
class Facet:
    """One group of boxes, under one name in the address."""

    name: str
    title: str
    values: list[Value]

    @property
    def is_open(self) -> bool:
        return any(value.ticked for value in self.values)


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address without it."""

    title: str
    query: str


@dataclass(frozen=True)
class Asked:
    """What the address asks for, with everything unknown left out."""

    words: str
    sort: str
    after: str
    chosen: dict[str, tuple[str, ...]]

    def query(self, **changes: Any) -> str:
        """Write the address's query with some names replaced; empty ones go."""
        values: dict[str, Any] = {
            "q": self.words,
            "sort": "" if self.sort == "new" else self.sort,
            **self.chosen,
        }
        values.update(changes)
        return urlencode({name: value for name, value in values.items() if value}, doseq=True)


def read(params: QueryDict) -> Asked:
    """Read the address; what nobody could have chosen is ignored."""
    known = {
        "vertical": set(Vertical.values),
        "price": set(PRICES),
        "country": set(dict(countries.CHOICES)),
        **{axis.id: set(axis.values) for axis in taxonomy.axes()},
    }
    chosen = {
        name: tuple(value for value in dict.fromkeys(params.getlist(name)) if value in allowed)
        for name, allowed in known.items()
    }
    chosen["place"] = tuple(dict.fromkeys(place[:120] for place in params.getlist("place") if place))[:20]
    sort = params.get("sort", "new")
    return Asked(
        words=" ".join(params.get("q", "").replace("\x00", "").split())[:200],
        sort=sort if sort in SORTS else "new",
        after=params.get("after", "")[:80],
        chosen={name: values for name, values in chosen.items() if values},
    )


def matching(asked: Asked, *, without: str = "") -> QuerySet[Package]:
    """Keep the packages that fit; values of one facet are alternatives, facets narrow. ``without`` leaves one out."""
    rows = Package.objects.listed()
    if asked.words:
        # First the few that match, then their order: a rare word ordered by date walks the whole date index otherwise.
        found = Package.objects.filter(
            search=SearchQuery(asked.words, config="english", search_type="websearch")
        )
        rows = rows.filter(pk__in=list(found.values_list("pk", flat=True)[:10_000]))
    for name, values in asked.chosen.items():
        if name != without:
            rows = rows.filter(_condition(name, values))
    return rows


def _condition(name: str, values: Iterable[str]) -> Q:
    if name == "vertical":
        return Q(vertical__in=list(values))
    if name == "country":
        return Q(countries__overlap=list(values))
    if name == "place":
        return Q(places__overlap=list(values))
    if name == "price":
        either = Q()
        for value in values:
            _, least, most = PRICES[value]
            either |= Q(price_minor__gte=least) & (Q(price_minor__lte=most) if most is not None else Q())
        return either
    return Q(tag_ids__overlap=[f"{name}.{value}" for value in values])


def page(asked: Asked) -> tuple[list[Package], str, int]:
    """Give one page, where the next begins (nothing on the last), and how many fit in all."""
    rows = matching(asked)
    total = rows.count()
    order = SORTS[asked.sort][1]
    field, down = order.lstrip("-"), order.startswith("-")
    if start := _start(asked.after, field):
        beyond, pk = start
        step = "lt" if down else "gt"
        rows = rows.filter(Q(**{f"{field}__{step}": beyond}) | Q(**{field: beyond, "pk__gt": pk}))
    found = list(rows.select_related("current").order_by(order, "pk")[: PAGE + 1])
    more = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    return found[:PAGE], more, total


def _start(after: str, field: str) -> tuple[Any, Any] | None:
    try:
        row = Package.objects.filter(pk=UUID(after)).values_list(field, "pk").first()
    except ValueError:
        return None
    return (row[0], row[1]) if row else None


def facets(asked: Asked) -> list[Facet]:
    """Count every facet over what the other facets leave, so that each count is what a tick gives.

    Facets that are not in use all count over the same rows: one query reads them, plus one for each facet in use.
    """
    common = _tally(matching(asked))
    tallies = {name: _tally(matching(asked, without=name)) for name in asked.chosen}
    groups = [
        ("vertical", "Kind", dict(Vertical.choices)),
        *(
            (axis.id, axis.title, {v: taxonomy.label(f"{axis.id}.{v}") for v in axis.values})
            for axis in taxonomy.axes()
        ),
        ("country", "Country", dict(countries.CHOICES)),
        ("place", "Place", None),
        ("price", "Price", {value: title for value, (title, _, _) in PRICES.items()}),
    ]
    found = []
    for name, title, titles in groups:
        counts = tallies.get(name, common).get(name, {})
        ticked = asked.chosen.get(name, ())
        options = titles or {place: place for place in sorted({*counts, *ticked})}
        values = [
            Value(value, words, counts.get(value, 0), value in ticked)
            for value, words in options.items()
            if counts.get(value) or value in ticked
        ]
        if values:
            found.append(Facet(name, title, values))
    return found


def _tally(rows: QuerySet[Package]) -> dict[str, dict[str, int]]:
    """Count the rows by every facet's values."""
    counts: dict[str, dict[str, int]] = {}
    for vertical, price, places, nations, tags in rows.values_list(
        "vertical", "price_minor", "places", "countries", "tag_ids"
    ).iterator(chunk_size=2000):
        for name, value in [
            ("vertical", vertical),
            ("price", _band(price)),
            *(("place", place) for place in places),
            *(("country", nation) for nation in nations),
            *((taxonomy.axis_of(tag), tag.rpartition(".")[2]) for tag in tags),
        ]:
            values = counts.setdefault(name, {})
            values[value] = values.get(value, 0) + 1
    return counts


def _band(price: int) -> str:
    return next(
        v for v, (_, least, most) in PRICES.items() if price >= least and (most is None or price <= most)
    )


def chips(asked: Asked, counted: list[Facet]) -> list[Chip]:
    """List what is switched on, each with the address without it."""
    found = [Chip(f"“{asked.words}”", asked.query(q=""))] if asked.words else []
    titles = {facet.name: {value.value: value.title for value in facet.values} for facet in counted}
    for name, values in asked.chosen.items():
        for value in values:
            rest = [other for other in values if other != value]
            found.append(Chip(titles.get(name, {}).get(value, value), asked.query(**{name: rest})))
    return found
