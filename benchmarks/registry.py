"""What a measurement is, and the list of all of them. README.md shows how to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.bench import Bench

# Name → module with a function `measure(bench) -> Section`, in the order of the report. Modules are imported when
# they run, so that one that is broken or misses a package does not take the others with it.
SECTIONS = {
    "recall": "benchmarks.recall",
    "light": "benchmarks.light",
    "jerseys": "benchmarks.jerseys",
    "tracks": "benchmarks.tracks",
    "utility": "benchmarks.utility",
    "matcher": "benchmarks.matcher",
    "cost": "benchmarks.cost",
    "resources": "benchmarks.resources",
    "tags": "benchmarks.tags",
    "pose": "benchmarks.pose",
    "ledger": "benchmarks.ledger",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what was asked of it.

    `value` is none when it could not be measured; `note` then says why. `at_most` and `at_least` are the target, in
    the unit of the value; neither for a figure that is only reported, such as a peer's.
    """

    name: str
    value: float | None
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def held(self) -> bool | None:
        """Return whether the target is held; none without a target or without a value."""
        if self.value is None or (self.at_most is None and self.at_least is None):
            return None
        over = self.at_most is not None and self.value > self.at_most
        under = self.at_least is not None and self.value < self.at_least
        return not (over or under)

    @property
    def missed_by(self) -> float:
        """Return the distance from the target in the unit of the value; 0 where it is held."""
        if self.value is None:
            return 0.0
        over = self.value - self.at_most if self.at_most is not None else 0.0
        under = self.at_least - self.value if self.at_least is not None else 0.0
        return max(0.0, over, under)

    @property
    def target(self) -> str:
        parts = [f"≤ {self.at_most:g}"] if self.at_most is not None else []
        parts += [f"≥ {self.at_least:g}"] if self.at_least is not None else []
        return " and ".join(parts)

    def public(self) -> dict[str, Any]:
        value = None if self.value is None else round(self.value, 4)
        return {
            "name": self.name,
            "value": value,
            "target": self.target or None,
            "unit": self.unit,
            "held": self.held,
            "missed_by": round(self.missed_by, 4),
            "note": self.note,
        }


@dataclass(slots=True)
class Section:
    """The figures of one measurement and the words around them.

    `about` says what was measured on what; `lines` are more sentences or Markdown tables, printed below the figures.
    """

    title: str
    about: str
    figures: list[Figure] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def load(name: str) -> Callable[[Bench], Section]:
    """Return the measuring function of a section."""
    measure: Callable[[Bench], Section] = import_module(SECTIONS[name]).measure
    return measure
