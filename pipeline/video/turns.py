"""Who is looked at first, where there is not time for all in one frame."""

from __future__ import annotations

from pipeline.video.boxes import Box


def number(turn: int, of: int) -> int:
    """Draw one of so many numbers; turns may come in any stride (Knuth's multiplicative hash)."""
    return (turn * 2654435761 % 2**32) * of >> 32


def from_turn(places: list[Box], turn: int) -> list[Box]:
    """Let another place be first at each turn."""
    first = number(turn, len(places))
    return places[first:] + places[:first]
