"""What the catalogue's address asks for: words, filters, order and page, with everything unknown left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict

from marketplace import countries, taxonomy
from marketplace.models import Vertical

# Value in the address → words, from, up to; both ends belong to it, in cents.
PRICES: dict[str, tuple[str, int, int | None]] = {
    "0-50": ("Up to $50", 0, 5_000),
    "50-250": ("$50 to $250", 5_001, 25_000),
    "250-1000": ("$250 to $1,000", 25_001, 100_000),
    "1000-": ("Over $1,000", 100_001, None),
}
# Value in the address → words, the field that orders.
SORTS = {
    "new": ("Newest first", "-published_at"),
    "price": ("Lowest price first", "price_minor"),
    "price_down": ("Highest price first", "-price_minor"),
    "hours": ("Most hours first", "-duration_ms"),
}
WORDS = 200
PLACES = 20


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address without it."""

    title: str
    query: str


@dataclass(frozen=True)
class Asked:
    """What the address asks for; ``after`` is where the page begins."""

    words: str
    sort: str
    after: str
    chosen: dict[str, tuple[str, ...]]

    def query(self, **changes: Any) -> str:
        """Write the address's query with some names replaced; empty ones and the usual order go."""
        values: dict[str, Any] = {
            "q": self.words,
            "sort": "" if self.sort == "new" else self.sort,
            **self.chosen,
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value}, doseq=True)

    @property
    def order(self) -> str:
        """Name the field that orders, with a minus when it falls."""
        return SORTS[self.sort][1]


def read(params: QueryDict) -> Asked:
    """Read the address; what nobody could have chosen is ignored."""
    known = {
        "vertical": set(Vertical.values),
        **{axis.id: set(axis.values) for axis in taxonomy.axes()},
        "country": set(countries.NAMES),
        "price": set(PRICES),
    }
    chosen = {
        name: tuple(value for value in dict.fromkeys(params.getlist(name)) if value in allowed)
        for name, allowed in known.items()
    }
    places = (_line(place)[:120] for place in params.getlist("place"))
    chosen["place"] = tuple(dict.fromkeys(place for place in places if place))[:PLACES]
    sort = params.get("sort", "new")
    return Asked(
        words=_line(params.get("q", ""))[:WORDS],
        sort=sort if sort in SORTS else "new",
        after=params.get("after", "")[:80],
        chosen={name: values for name, values in chosen.items() if values},
    )


def _line(text: str) -> str:
    # PostgreSQL's text takes no NUL.
    return " ".join(text.replace("\x00", "").split())


def condition(name: str, values: Iterable[str]) -> Q:
    """Write one facet as a condition on packages; its values are alternatives."""
    if name == "vertical":
        return Q(vertical__in=list(values))
    if name == "country":
        return Q(countries__overlap=list(values))
    if name == "place":
        return Q(places__overlap=list(values))
    if name == "price":
        bands = Q()
        for value in values:
            bands |= band(value)
        return bands
    return Q(tag_ids__overlap=[f"{name}.{value}" for value in values])


def band(value: str) -> Q:
    """Write one price band as a condition."""
    _, least, most = PRICES[value]
    return Q(price_minor__gte=least) & (Q(price_minor__lte=most) if most is not None else Q())


def title(name: str, value: str) -> str:
    """Write one value of a facet for a person."""
    if name == "price":
        return PRICES[value][0]
    if name == "country":
        return countries.name(value)
    if name == "vertical":
        return str(Vertical(value).label)
    return value if name == "place" else taxonomy.label(f"{name}.{value}")


def chips(asked: Asked) -> list[Chip]:
    """List what is switched on, each with the address without it."""
    found = [Chip(f"“{asked.words}”", asked.query(q=""))] if asked.words else []
    for name, values in asked.chosen.items():
        for value in values:
            rest = [other for other in values if other != value]
            found.append(Chip(title(name, value), asked.query(**{name: rest})))
    return found
