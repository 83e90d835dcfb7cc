"""Who is looked at first, where there is not time for all in one frame."""

from __future__ import annotations

from pipeline.video.boxes import Box


def from_turn(places: list[Box], turn: int) -> list[Box]:
    """Let another place be first at each turn; turns may come in any stride (Knuth's multiplicative hash)."""
    if not places:
        return []
    first = (turn * 2654435761 % 2**32) * len(places) >> 32
    return places[first:] + places[:first]
