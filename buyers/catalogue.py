"""The catalogue: which packages fit what was asked, a page at a time, with what their cards show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, F, Q, QuerySet, Sum

from buyers.asked import Asked, condition
from marketplace.models import Clip, Package, PackageClip
from marketplace.states import ClipState

PAGE = 24
# Up to here the packages with a word are looked up first and ordered then: a rare word ordered by date walks the
# whole date index otherwise. A word that is in more of them is met soon on that walk.
RARE = 2_000


@dataclass(frozen=True)
class Card:
    """One package in the grid: the clip that stands for it, and what can still be bought of it."""

    package: Package
    clip: Clip


@dataclass(frozen=True)
class Page:
    """One page: its cards, and where the next page begins (nothing on the last)."""

    cards: list[Card]
    after: str


def said(asked: Asked) -> QuerySet[Package]:
    """Keep what is for sale and has the words, whatever the filters; each package's words are searched once."""
    rows = Package.objects.listed()
    if not asked.words:
        return rows
    having = Q(search=SearchQuery(asked.words, config="english", search_type="websearch"))
    ids = list(Package.objects.filter(having).values_list("pk", flat=True)[: RARE + 1])
    return rows.filter(pk__in=ids) if len(ids) <= RARE else rows.filter(having)


def matching(rows: QuerySet[Package], asked: Asked) -> QuerySet[Package]:
    """Keep the packages that fit the filters; values of one facet are alternatives, facets narrow."""
    for name, values in asked.chosen.items():
        rows = rows.filter(condition(name, values))
    return rows


def page(rows: QuerySet[Package], asked: Asked) -> Page:
    """Give the page that begins after ``asked.after``."""
    fitting = matching(rows, asked)
    field, falls = asked.order.lstrip("-"), asked.order.startswith("-")
    if mark := _read_mark(asked.after, field):
        value, pk = mark
        fitting = fitting.filter(
            Q(**{f"{field}__{'lt' if falls else 'gt'}": value}) | Q(**{field: value, "pk__gt": pk})
        )
    found = list(fitting.order_by(asked.order, "pk")[: PAGE + 1])
    after = _mark(found[PAGE - 1], field) if len(found) > PAGE else ""
    return Page(cards(found[:PAGE]), after)


def _mark(package: Package, field: str) -> str:
    """Write where a page ended: the value that orders, and the id for packages that share it."""
    value = getattr(package, field)
    return f"{value.isoformat() if isinstance(value, datetime) else value}~{package.pk}"


def _read_mark(mark: str, field: str) -> tuple[Any, UUID] | None:
    value, _, pk = mark.partition("~")
    try:
        moment = datetime.fromisoformat(value) if field == "published_at" else None
        if moment is not None and moment.tzinfo is None:
            return None
        number = 0 if moment else int(value)
        return (moment or number, UUID(pk)) if abs(number) < 2**63 else None
    except ValueError:  # nobody's page: the first one is shown
        return None


def cards(packages: Iterable[Package]) -> list[Card]:
    """Make the cards of packages: their first clip that may still be seen, and the figures of all those clips."""
    versions = {package.current_id: package for package in packages}
    alive = PackageClip.objects.filter(version__in=versions, clip__state=ClipState.APPROVED)
    firsts = {
        member.version_id: member.clip
        for member in alive.select_related("clip").order_by("version_id", "position").distinct("version_id")
    }
    sums = alive.order_by().values("version_id")
    for row in sums.annotate(n=Count("pk"), ms=Sum(F("clip__end_ms") - F("clip__start_ms"))):
        # The package's own figures are of the day it was published; clips may have been withdrawn since.
        versions[row["version_id"]].clip_count = row["n"]
        versions[row["version_id"]].duration_ms = row["ms"]
    return [Card(package, firsts[pk]) for pk, package in versions.items() if pk in firsts]
