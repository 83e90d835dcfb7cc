"""The scenario tags of a clip as rows of spans, for the timeline under a player."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace import taxonomy
from marketplace.models import Tag


@dataclass(frozen=True)
class Span:
    """One tag on the timeline; x and width in percent of the clip."""

    label: str
    start_ms: int
    end_ms: int
    x: str
    width: str
    percent: int


@dataclass(frozen=True)
class Row:
    """One axis of the taxonomy on the timeline."""

    title: str
    spans: list[Span]


def rows(tags: Iterable[Tag], *, length_ms: int) -> list[Row]:
    """Lay the tags of one clip out by axis, in the order of the taxonomy."""
    titles = {axis.id: axis.title for axis in taxonomy.axes()}
    found: dict[str, Row] = {}
    length = max(1, length_ms)
    for tag in tags:
        axis = taxonomy.axis_of(tag.tag_id)
        row = found.setdefault(axis, Row(titles.get(axis, axis), []))
        start, end = min(tag.start_ms, length), min(tag.end_ms, length)
        row.spans.append(
            Span(
                label=taxonomy.label(tag.tag_id) + (f" × {tag.count}" if tag.count else ""),
                start_ms=start,
                end_ms=end,
                x=f"{100 * start / length:.2f}",
                width=f"{max(0.6, 100 * (end - start) / length):.2f}",
                percent=round(100 * tag.confidence),
            )
        )
    order = list(titles)
    return [found[axis] for axis in sorted(found, key=lambda a: order.index(a) if a in order else len(order))]
