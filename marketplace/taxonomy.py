"""Scenario tags: one versioned file, one id per tag (axis.value)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Axis:
    """One question about a scene and its possible answers."""

    id: str
    title: str
    vertical: str
    values: tuple[str, ...]

    def tag_ids(self) -> list[str]:
        """List the tag ids of this axis."""
        return [f"{self.id}.{value}" for value in self.values]


@cache
def _file() -> dict:
    return json.loads((Path(__file__).parent / "taxonomy.json").read_text(encoding="utf-8"))


def version() -> int:
    """Give the taxonomy's version number."""
    return int(_file()["version"])


@cache
def axes(vertical: str = "") -> tuple[Axis, ...]:
    """List the axes, or those that a vertical uses."""
    found = (Axis(a["id"], a["title"], a["vertical"], tuple(a["values"])) for a in _file()["axes"])
    return tuple(a for a in found if not vertical or a.vertical in (vertical, "both"))


@cache
def known_tags() -> frozenset[str]:
    """Collect every tag id."""
    return frozenset(tag for axis in axes() for tag in axis.tag_ids())


def axis_of(tag_id: str) -> str:
    """Give the axis of a tag id: ``odd.illumination.day`` → ``odd.illumination``."""
    return tag_id.rpartition(".")[0]


def label(tag_id: str) -> str:
    """Write a tag's value for a person: ``odd.illumination.night_lit`` → ``Night lit``."""
    return tag_id.rpartition(".")[2].replace("_", " ").capitalize()
