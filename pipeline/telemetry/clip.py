"""The part of a footage's telemetry that belongs to one clip."""

from __future__ import annotations

from typing import Any


def of_clip(
    telemetry: dict[str, Any] | None, *, start_s: float, end_s: float, start_frame: int
) -> dict[str, Any] | None:
    """Return the report's `telemetry` cut to [start_s, end_s): times and frames count from the clip's start.

    Its place is the cell where most of the clip lies. None where the footage has no telemetry.
    """
    if not telemetry:
        return None
    rows = [
        [round(row[0] - start_s, 3), row[1] - start_frame, *row[2:]]
        for row in telemetry["samples"]
        if start_s <= row[0] < end_s and row[1] >= start_frame
    ]
    cells = [row[-1] for row in rows]
    place = telemetry["place"]
    if place and cells:
        place = {**place, "cell": max(sorted(set(cells)), key=cells.count)}
    return {**telemetry, "samples": rows, "place": place}
