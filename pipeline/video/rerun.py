"""Cover more in footage that was processed before: what was found then is filled again, what a person marked is added.

No detector runs. The cost is one decode and one encode.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipeline import telemetry
from pipeline.telemetry import Request
from pipeline.video import encoders, kept, machine, seams
from pipeline.video.errors import BadInput, Cancelled
from pipeline.video.finish import Whole, finish, read_telemetry
from pipeline.video.marks import Marks
from pipeline.video.motion import FLASH, Motion, Step
from pipeline.video.options import Options
from pipeline.video.probe import Facts, probe
from pipeline.video.read import Reader, ahead, output_matrix
from pipeline.video.records import Log
from pipeline.video.redact import Planes, Rect, covered_rects, fill
from pipeline.video.tell import Told
from pipeline.video.track import Track
from pipeline.video.write import Writer

OTHER = (
    "The kept detections belong to another recording. Nothing was changed. "
    "Process the recording again without them."
)

OTHER_PLACES = (
    "Other places are private now than when these detections were made. Process it again without them."
)


def rerun(
    source: Path,
    out: Path,
    options: Options,
    detections: Path,
    *,
    motion: Request | None,
    tell: Told,
    stop: Callable[[], bool],
) -> dict[str, Any]:
    """Write all outputs again into `out`, with the detections of an earlier run; return the report.

    Of `options` the regions a person marked, the fill, the sound and the sport count. Raises BadInput when the
    detections are another file's, ValueError when other stretches are private now.
    """
    tell("check", 0.0, None)
    content = kept.load(detections)
    facts = probe(source)
    if Facts(**content["facts"]) != facts:
        raise BadInput(OTHER)
    before = Options.from_public(content["options"])
    options = replace(
        before,
        manual=options.manual,
        fill=options.fill,
        audio=options.audio,
        discipline=options.discipline or before.discipline,
    )
    tell("check", 1.0, None)
    began = time.monotonic()
    log, cuts = seams.log_of(content["log"]), seams.scene_of(content["scene"])
    hidden = tuple((start, end) for start, end in content["hidden"])
    now = read_telemetry(source, facts, options, motion).hidden
    if hidden != tuple(telemetry.frames(now, fps=float(Fraction(facts.rate)))):
        raise ValueError(OTHER_PLACES)
    reader = Reader(source, facts, threads=min(machine.cores(), 4), hidden=hidden)
    writer = _encode(reader, out, facts, options, log, content, tell, stop)
    tell("redact", 1.0, None)
    whole = Whole(
        facts=facts,
        options=options,
        width=writer.width,
        height=writer.height,
        rate=writer.rate,
        frames=writer.master.count,
        log=log,
        scene=cuts,
        keyframes=writer.keyframes,
        tiles=writer.tiles,
        models=content["models"],
        encoder=writer.encoder,
        stride=content["stride"],
        segments=1,
        warnings=content["warnings"],
        hidden=hidden,
        timing={"redact": round(time.monotonic() - began, 3)},
        reused=True,
    )
    return finish(source, out, whole, motion=motion, tell=tell, stop=stop)


def _encode(
    reader: Reader,
    out: Path,
    facts: Facts,
    options: Options,
    log: Log,
    content: dict[str, Any],
    tell: Told,
    stop: Callable[[], bool],
) -> Writer:
    machine.prepare()
    keyframes, expected = set(content["keyframes"]), content["frames"]
    rate, width, height = Fraction(facts.rate), reader.width, reader.height
    motion = Motion(width, height)
    marks = Marks(options.manual, fps=float(rate), width=width, height=height)
    log.tracks = [track for track in log.tracks if track.kind != "manual"]
    found = _by_frame(log)
    added = Log(fps=float(rate), width=width, height=height)
    writer = Writer(
        out, width=width, height=height, rate=rate, matrix=output_matrix(facts),
        with_preview=not options.only_redact, encoder=encoders.encoder(pieces=1),
    )  # fmt: skip
    frames = ahead(reader)
    try:
        for index, buffer in enumerate(frames):
            if stop():
                raise Cancelled("The work was cancelled; nothing was kept.")
            planes = Planes.of(buffer, width, height)
            step = _STILL
            if marks.wanted(index):
                later = (motion.shrink(Planes.of(b, width, height).y) for b in frames.later(FLASH))
                step = motion.step(motion.shrink(planes.y), same=False, later=later)
            else:
                motion.restart()
            extra = covered_rects(marks.step(index, planes, step), width, height)
            rects = found.pop(index, []) + extra
            pixels = fill(planes, rects, method=options.fill)
            added.masked(index, extra, pixels)
            writer.write(planes, cut=index in keyframes)
            reader.take_back(buffer)
            tell("redact", min(0.99, (index + 1) / max(1, expected)), None)
        writer.close()
    except BaseException:
        writer.abort()
        raise
    finally:
        frames.close()
        reader.close()
    added.close(marks.tracks())
    added.settle()
    log.tracks += added.tracks
    log.masked_pixels = added.masked_pixels
    return writer


_STILL = Step(flow=None, cut=False, same=True, difference=0.0)


def _by_frame(log: Log) -> dict[int, list[tuple[Track, Rect]]]:
    """Return the rectangles that were filled, frame by frame."""
    frames: dict[int, list[tuple[Track, Rect]]] = defaultdict(list)
    for record in log.tracks:
        track = Track(id=record.id, kind=record.kind, first=int(record.rows[0, 0]))
        for frame, x, y, w, h in record.rows.tolist():
            frames[frame].append((track, Rect(x, y, x + w, y + h)))
    return frames
