"""The worker's one door to the video engine: what a footage's row asks for, in the engine's own words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from marketplace.models import Footage
from pipeline.covering import Options
from pipeline.models import ManualBox
from pipeline.telemetry import Request
from pipeline.video import process as engine
from pipeline.video import segments
from pipeline.video.options import Options as Choices
from pipeline.video.segments import Plan
from pipeline.video.tell import Told

log = logging.getLogger(__name__)
Stop = Callable[[], bool]


def choices(footage: Footage, options: Options, boxes: Iterable[ManualBox]) -> Choices:
    """Put a footage, its options and its regions into the engine's words: pixels of the master, seconds."""
    first = footage.clips.order_by("position").first()
    wide, high = (first.width, first.height) if first else (0, 0)
    return Choices.of(
        vertical=footage.vertical,
        discipline=footage.discipline or None,
        audio=options.sound,
        jersey=options.jerseys,
        screens=options.screens,
        manual=[
            {
                "box": [box.x * wide, box.y * high, box.w * wide, box.h * high],
                "start_s": box.start_ms / 1000,
                "end_s": box.end_ms / 1000,
            }
            for box in boxes
        ],
    )


def whole(
    source: Path,
    out: Path,
    wanted: Choices,
    *,
    motion: Request,
    reuse: Path | None = None,
    tell: Told,
    stop: Stop,
) -> dict[str, Any]:
    """Process a whole footage in this process and return the report; ``reuse`` are the detections of its last run."""
    fields: dict[str, Any] = {
        "vertical": wanted.vertical,
        "discipline": wanted.discipline,
        "audio": wanted.audio,
        "jersey": wanted.jersey,
        "screens": wanted.screens,
        "manual": wanted.manual,
        "motion": motion,
        "on_progress": tell,
        "cancelled": stop,
    }
    if reuse is not None:
        try:
            return engine.process(source, out, reuse=reuse, **fields)
        except ValueError as error:  # an older engine wrote them
            log.warning(
                "the kept detections of %s cannot be used (%s): looking again", out.parent.name, error
            )
    return engine.process(source, out, **fields)


def plan(source: Path, wanted: Choices, *, motion: Request) -> Plan:
    """Check the file and say in how many segments it is processed; raises BadInput with a sentence."""
    return segments.plan(source, wanted, length_s=settings.SEGMENT_SECONDS, motion=motion)


def read_plan(text: str) -> Plan | None:
    """Read a plan that an earlier attempt wrote; None when an older engine wrote it."""
    try:
        return Plan.from_json(text)
    except (ValueError, TypeError, KeyError):
        return None


def seconds(made: Plan, index: int) -> float:
    """Say how many seconds of footage a segment holds."""
    segment = made.segments[index]
    end = made.frames if segment.end is None else segment.end
    return float(max(1, end - segment.start) / engine_rate(made))


def engine_rate(made: Plan) -> float:
    """Give the frames a second of the result."""
    return made.frames / made.facts.duration_s


def segment(source: Path, folder: Path, made: Plan, index: int, *, tell: Told, stop: Stop) -> Path:
    """Process one segment and return the folder of its files."""
    return segments.process_segment(source, folder, made, index, on_progress=tell, cancelled=stop)


def join(
    source: Path, folder: Path, out: Path, made: Plan, *, motion: Request, tell: Told, stop: Stop
) -> dict[str, Any]:
    """Make the footage of its finished segments and return the report; where seams do not fit, it is done whole."""
    try:
        return segments.join(source, folder, out, made, motion=motion, on_progress=tell, cancelled=stop)
    except segments.SeamMismatch:
        log.warning("the segments of %s do not meet: processing it in one piece", out.parent.name)
    again = segments.plan(source, made.options, max_duration_s=made.max_duration_s, whole=True, motion=motion)
    segments.process_segment(source, out.parent / "whole", again, 0, on_progress=tell, cancelled=stop)
    folder = out.parent / "whole"
    return segments.join(source, folder, out, again, motion=motion, on_progress=tell, cancelled=stop)


FILES = segments.FILES
