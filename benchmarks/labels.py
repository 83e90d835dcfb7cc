"""The labelled media of ../shared/data, and which part of them nobody may tune to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Box = tuple[float, float, float, float]  # x, y, w, h in pixels
# First hexadecimal digit of sha256(file name): about a third is kept for checking.
HELD_OUT = "01234"
# Lower edges of the size classes, by the height of the box in pixels.
SIZES = (0, 12, 20, 40, 80)


@dataclass(frozen=True, slots=True)
class Label:
    """One labelled box of one frame."""

    frame: int
    kind: str
    box: Box
    extra: dict[str, Any]

    @property
    def height(self) -> float:
        return self.box[3]

    @property
    def counts(self) -> bool:
        """Return whether a miss counts; WIDER marks boxes that nobody can recognise as invalid."""
        return not self.extra.get("ignore") and not self.extra.get("invalid")


@dataclass(frozen=True, slots=True)
class Still:
    """One labelled picture; `group` is the collection that it came from."""

    path: Path
    size: tuple[int, int]
    labels: list[Label]

    @property
    def group(self) -> str:
        return self.path.name.split("_")[0]

    @property
    def held_out(self) -> bool:
        return held_out(self.path)


def held_out(path: Path) -> bool:
    """Return whether a file belongs to the part that is not looked at while the engine is being tuned."""
    return hashlib.sha256(path.name.encode()).hexdigest()[0] in HELD_OUT


def size_class(height: float) -> str:
    """Return the name of the class of a box height, for example "20–40"."""
    for low, high in zip(SIZES, (*SIZES[1:], None), strict=True):
        if high is None or height < high:
            return f"{low}–{high}" if high else f"≥ {low}"
    raise AssertionError("unreachable")


def size_classes() -> list[str]:
    """Return the names of all classes, small to large."""
    return [size_class(low) for low in SIZES]


def stills(media: Path, *, kinds: frozenset[str]) -> Iterator[Still]:
    """Yield the labelled pictures that hold at least one box of these kinds, by name."""
    for path in sorted((media / "labels").glob("*.json")):
        read = json.loads(path.read_text())
        if "image" not in read or not any(row["kind"] in kinds for row in read["boxes"]):
            continue
        yield Still(media / read["image"], (read["width"], read["height"]), label_rows(read["boxes"]))


def videolabel_rows(path: Path) -> list[Label]:
    """Return the labels of one video, from a file in the form of ../shared/data/labels."""
    return label_rows(json.loads(path.read_text())["boxes"])


def label_rows(rows: list[dict[str, Any]]) -> list[Label]:
    """Return labels from the rows of a label file."""
    return [
        Label(
            frame=row["frame"],
            kind=row["kind"],
            box=tuple(row["box"]),
            extra={key: value for key, value in row.items() if key not in ("frame", "kind", "box")},
        )
        for row in rows
    ]
