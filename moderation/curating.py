"""Choosing clips for a package: approved clips by condition, and how even the contributors' shares are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, QuerySet, RowRange, Sum, Window
from django.http import QueryDict

from marketplace import coverage, taxonomy
from marketplace.models import Clip, Footage, PackageClip, Vertical

MINUTE_MS = 60_000
LONGEST_MINUTES = 100_000
LEFT_OUT = 200  # clips that one address can leave out
MOST = 12  # contributors with a bar of their own


@dataclass(frozen=True)
class Asked:
    """What a curator asked for, as it stands in the address."""

    vertical: str
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # axis → tag ids, each an alternative
    country: str = ""
    quality: float = 0.0  # at least
    unsold: bool = False  # in no package yet
    minutes: float = 0.0  # at most, of one contributor; 0 is no limit
    leave: tuple[str, ...] = ()

    def address(self, **changes: Any) -> str:
        """Write it as a query string."""
        pairs = [("vertical", self.vertical), *(("tag", tag) for tags in self.tags.values() for tag in tags)]
        pairs += [
            (name, str(value)) for name in ("country", "quality", "minutes") if (value := getattr(self, name))
        ]
        pairs += [("unsold", "1")] if self.unsold else []
        return urlencode([*pairs, *(("leave", pk) for pk in self.leave), *changes.items()])


def read(query: QueryDict) -> Asked:
    """Read an address; what makes no sense in it counts as not asked."""
    vertical = query.get("vertical", "")
    tags: dict[str, tuple[str, ...]] = {}
    for tag in query.getlist("tag"):
        if tag in taxonomy.known_tags():
            axis = taxonomy.axis_of(tag)
            tags[axis] = (*tags.get(axis, ()), tag)
    return Asked(
        vertical=vertical if vertical in Vertical.values else Vertical.DRIVING,
        tags=tags,
        country=query.get("country", "")[:2],
        quality=_number(query.get("quality"), 1),
        unsold=query.get("unsold") == "1",
        minutes=_number(query.get("minutes"), LONGEST_MINUTES),
        leave=tuple(pk for pk in query.getlist("leave")[:LEFT_OUT] if _is_id(pk)),
    )


def _number(text: str | None, most: float) -> float:
    try:
        value = float((text or "0").replace(",", "."))
    except ValueError:
        return 0.0
    return min(value, most) if value > 0 else 0.0


def _is_id(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


def clips(asked: Asked, *, but: str = "") -> QuerySet[Clip]:
    """List the approved clips that fit, whatever was asked about the axis ``but``."""
    rows = Clip.objects.sellable().filter(footage__vertical=asked.vertical, quality__gte=asked.quality)
    for axis, tags in asked.tags.items():
        if axis != but:
            rows = rows.filter(tag_ids__overlap=list(tags))
    if asked.country:
        rows = rows.filter(footage__country=asked.country)
    if asked.unsold:
        rows = rows.filter(~Exists(PackageClip.objects.filter(clip=OuterRef("pk"))))
    return rows.exclude(pk__in=asked.leave)


def chosen(asked: Asked) -> QuerySet[Clip]:
    """List the clips that a package of this choice holds: of each contributor the best ones, up to the limit."""
    rows = clips(asked)
    if asked.minutes:
        so_far = Window(
            Sum(coverage.LENGTH),
            partition_by="footage__owner",
            order_by=[F("quality").desc(), F("pk")],
            frame=RowRange(None, 0),
        )
        fitting = rows.order_by().annotate(so_far=so_far).filter(so_far__lte=round(asked.minutes * MINUTE_MS))
        rows = Clip.objects.filter(pk__in=fitting.values("pk"))
    return rows.select_related("footage").order_by("footage_id", "position")


@dataclass(frozen=True)
class Box:
    """One tag to tick: how many clips it gives, and whether it is ticked."""

    tag: str
    title: str
    count: int
    ticked: bool


def boxes(asked: Asked) -> list[tuple[taxonomy.Axis, list[Box], bool]]:
    """List the tags by axis, with true counts beside what the other axes leave, and whether one is ticked."""
    table = []
    everywhere = _counts(clips(asked))
    for axis in taxonomy.axes(asked.vertical):
        ticked = asked.tags.get(axis.id, ())
        counts = _counts(clips(asked, but=axis.id)) if ticked else everywhere
        values = [
            Box(tag, taxonomy.label(tag), counts.get(tag, 0), tag in ticked)
            for tag in axis.tag_ids()
            if counts.get(tag) or tag in ticked
        ]
        if values:
            table.append((axis, values, bool(ticked)))
    return table


def _counts(rows: QuerySet[Clip]) -> dict[str, int]:
    return {bar.tag: bar.clips for _, bars in coverage.by_axis(rows, whole=1) for bar in bars}


def countries(asked: Asked) -> list[str]:
    """List the countries with approved clips of this kind."""
    found = Footage.objects.filter(vertical=asked.vertical, clips__in=Clip.objects.sellable())
    return sorted(set(found.order_by().values_list("country", flat=True).distinct()) - {""})


@dataclass(frozen=True)
class Shares:
    """Whose footage it is: bars of the largest, how many people in all, and a sentence when one has too much."""

    bars: list[coverage.Bar]
    people: int
    warning: str


def shares(rows: QuerySet[Clip]) -> Shares:
    """Add up clips and time of each contributor; nobody is named."""
    found = list(
        rows.order_by()
        .values(owner=F("footage__owner_id"))
        .annotate(clips=Count("pk"), length=Sum(coverage.LENGTH))
        .order_by("-length", "owner")
    )
    whole = sum(row["length"] for row in found) or 1
    bars = [
        coverage.Bar(
            "", f"Contributor {number}", row["clips"], row["length"], round(100 * row["length"] / whole)
        )
        for number, row in enumerate(found[:MOST], start=1)
    ]
    warning = ""
    if len(found) == 1:
        warning = "All of it comes from one contributor: buyers train on one camera and one way of driving or playing."
    elif bars and bars[0].percent > 50:
        warning = (
            f"{bars[0].percent}% of the time comes from one of {len(found)} contributors. "
            "Limit the minutes of one contributor to even it out."
        )
    return Shares(bars, len(found), warning)
