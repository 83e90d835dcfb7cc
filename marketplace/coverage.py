"""What clips cover, in figures: clips and time by tag. One count for the card, the desk and the shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Func, Q, QuerySet, Sum

from marketplace import taxonomy
from marketplace.models import Clip

LENGTH = F("end_ms") - F("start_ms")
# What buyers ask about together: across, down.
CROSSED = {
    "driving": ("odd.illumination", "odd.weather"),
    "sports": ("sport.camera_view", "sport.discipline"),
}


@dataclass(frozen=True)
class Bar:
    """One value of an axis: how many clips carry it, for how long, and its share of all time in per cent."""

    tag: str
    title: str
    clips: int
    milliseconds: int
    percent: int


@dataclass(frozen=True)
class Crossed:
    """Time in which two conditions hold together: a row of (milliseconds, per cent of the largest) a value."""

    across: list[str]
    down: str
    rows: list[tuple[str, list[tuple[int, int]]]]


def duration(clips: QuerySet[Clip]) -> int:
    """Add up how long the clips run, in milliseconds."""
    return clips.aggregate(all=Sum(LENGTH))["all"] or 0


def by_axis(clips: QuerySet[Clip], *, whole: int | None = None) -> list[tuple[str, list[Bar]]]:
    """Count clips and time of every tag, grouped by axis; values that do not occur are left out.

    ``whole`` is the clips' time in milliseconds, for a caller that has added it up already.
    """
    whole = whole or duration(clips) or 1
    rows = (
        clips.order_by()
        .annotate(tag=Func("tag_ids", function="unnest", set_returning=True))
        .values("tag")
        .annotate(clips=Count("pk"), length=Sum(LENGTH))
    )
    found = {row["tag"]: row for row in rows}
    table = []
    for axis in taxonomy.axes():
        bars = [
            Bar(tag, taxonomy.label(tag), row["clips"], row["length"], round(100 * row["length"] / whole))
            for tag in axis.tag_ids()
            if (row := found.get(tag))
        ]
        if bars:
            table.append((axis.title, bars))
    return table


def pairs(vertical: str) -> dict[str, Sum]:
    """Give the aggregates whose values ``crossed`` reads: the time of each pair that buyers ask about together."""
    across, down = _axes(vertical)
    return {
        f"pair_{y}_{x}": Sum(LENGTH, filter=Q(tag_ids__contains=[column, row]))
        for y, row in enumerate(down.tag_ids())
        for x, column in enumerate(across.tag_ids())
    }


def crossed(sums: Mapping[str, Any], vertical: str) -> Crossed | None:
    """Make the table of ``pairs``; None when fewer than two cells would have something in them."""
    across, down = _axes(vertical)
    cells = [[sums[f"pair_{y}_{x}"] or 0 for x in range(len(across.values))] for y in range(len(down.values))]
    most = max(max(row) for row in cells)
    columns = [x for x in range(len(across.values)) if any(row[x] for row in cells)]
    if len(columns) * sum(any(row) for row in cells) < 2:
        return None
    return Crossed(
        [taxonomy.label(across.tag_ids()[x]) for x in columns],
        f"{down.title} by {across.title.lower()}",
        [
            (taxonomy.label(tag), [(row[x], round(100 * row[x] / most)) for x in columns])
            for tag, row in zip(down.tag_ids(), cells, strict=True)
            if any(row)
        ],
    )


def _axes(vertical: str) -> tuple[taxonomy.Axis, taxonomy.Axis]:
    across, down = (next(axis for axis in taxonomy.axes() if axis.id == name) for name in CROSSED[vertical])
    return across, down
