"""What clips cover, in figures: clips and time by tag. One count for the card, the desk and the shop."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Func, QuerySet, Sum

from marketplace import taxonomy
from marketplace.models import Clip


@dataclass(frozen=True)
class Bar:
    """One value of an axis: how many clips carry it, for how long, and its share of all time in per cent."""

    title: str
    clips: int
    milliseconds: int
    percent: int


def duration(clips: QuerySet[Clip]) -> int:
    """Add up how long the clips run, in milliseconds."""
    return clips.aggregate(all=Sum(F("end_ms") - F("start_ms")))["all"] or 0


def by_axis(clips: QuerySet[Clip], *, whole: int | None = None) -> list[tuple[str, list[Bar]]]:
    """Count clips and time of every tag, grouped by axis; values that do not occur are left out.

    ``whole`` is the clips' time in milliseconds, for a caller that has added it up already.
    """
    whole = whole or duration(clips) or 1
    rows = (
        clips.order_by()
        .annotate(tag=Func("tag_ids", function="unnest", set_returning=True))
        .values("tag")
        .annotate(clips=Count("pk"), length=Sum(F("end_ms") - F("start_ms")))
    )
    found = {row["tag"]: row for row in rows}
    table = []
    for axis in taxonomy.axes():
        bars = [
            Bar(taxonomy.label(tag), row["clips"], row["length"], round(100 * row["length"] / whole))
            for tag in axis.tag_ids()
            if (row := found.get(tag))
        ]
        if bars:
            table.append((axis.title, bars))
    return table
