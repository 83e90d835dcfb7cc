"""The worker's one door to the video engine: what is asked for, in the engine's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketplace.models import Footage
from pipeline.covering import Options
from pipeline.models import ManualBox
from pipeline.video import process as engine


@dataclass(frozen=True)
class Order:
    """Everything that one run needs to know about a footage."""

    vertical: str
    discipline: str | None
    options: Options
    boxes: list[dict[str, float]]


def order(footage: Footage, options: Options, boxes: Iterable[ManualBox]) -> Order:
    """Put a footage, its options and its regions into the engine's words: shares of the picture, seconds."""
    return Order(
        vertical=footage.vertical,
        discipline=footage.discipline or None,
        options=options,
        boxes=[
            {
                "x": box.x, "y": box.y, "w": box.w, "h": box.h,
                "start_s": box.start_ms / 1000, "end_s": box.end_ms / 1000,
            }
            for box in boxes
        ],
    )  # fmt: skip


def run(
    source: Path,
    out: Path,
    wanted: Order,
    *,
    on_progress: Callable[[str, float], None],
    cancelled: Callable[[], bool],
) -> dict[str, Any]:
    """Process a whole footage in this process and return the report."""
    return engine.process(
        source,
        out,
        vertical=wanted.vertical,
        discipline=wanted.discipline,
        on_progress=on_progress,
        cancelled=cancelled,
    )
