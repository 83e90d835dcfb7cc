"""Process one footage from untrusted bytes to redacted clips and a report; the call behind command line and worker."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.telemetry import Request
from pipeline.video import machine, report, segments
from pipeline.video.errors import BadInput
from pipeline.video.options import VERTICALS, Manual, Options
from pipeline.video.rerun import rerun
from pipeline.video.segments import Plan, SeamMismatch
from pipeline.video.side_by_side import process_all
from pipeline.video.tell import Teller, Told

__all__ = ["VERTICALS", "process"]


def process(
    source: Path,
    out: Path,
    *,
    vertical: str,
    discipline: str | None = None,
    audio: str = "drop",
    fill: str = "flat",
    jersey: bool | None = None,
    screens: bool = True,
    only_redact: bool = False,
    manual: Iterable[Mapping[str, Any] | Manual] = (),
    reuse: Path | None = None,
    motion: Request | None = None,
    workers: int | None = None,
    max_duration_s: float | None = None,
    on_progress: Told | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Write the outputs of pipeline.md into `out` and return the report.

    The choices are explained in options.Options. `manual`: regions a person marked, {"box": [x, y, w, h] in pixels of
    the master, "start_s", "end_s"}; the box is where the region is at its start, and it is followed from there.
    `reuse`: the detections.npz that an earlier run of the same file left; no detector looks again, and its choices of
    vertical, discipline, jersey, screens and only_redact are kept. `motion` names a telemetry file beside the video
    and what is private (by default the ends of the trip that the video's own telemetry shows). `on_progress` is told
    (step, fraction, seconds left or None).

    Raises BadInput with a sentence for a person, ValueError for choices that do not exist, Cancelled when `cancelled()`
    turns true; in these cases, and on any other error, nothing is left in `out`. A process that is killed leaves the
    finished segments of long footage beside `out`; the same call uses them. `tracks` and `poses` of the returned
    report are made entry by entry.
    """
    options = Options.of(
        vertical=vertical, discipline=discipline, audio=audio, fill=fill, jersey=jersey, screens=screens,
        only_redact=only_redact, manual=manual,
    )  # fmt: skip
    source, out = Path(source), Path(out)
    if not source.is_file():
        raise BadInput("There is no file to read. Choose the video file and try again.")
    tell, stop, began = Teller(on_progress), cancelled or (lambda: False), time.monotonic()
    machine.prepare()
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    plan: Plan | None = None
    try:
        if reuse is not None:
            made = rerun(source, work, options, Path(reuse), motion=motion, tell=tell, stop=stop)
        else:
            tell("check", 0.0)
            plan = segments.plan(source, options, motion=motion, max_duration_s=max_duration_s)
            tell("check", 1.0)
            checked = time.monotonic() - began
            made = _make(source, out, work, plan, motion, workers, tell, stop)
            made["timing"] = {"check": round(checked, 3), **made["timing"]}
        made["timing"]["total"] = round(time.monotonic() - began, 3)
        report.write(made, work / "report.json")
        _publish(work, out)
        return made
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if plan is not None:
            shutil.rmtree(_scratch(out, plan), ignore_errors=True)


def _make(
    source: Path,
    out: Path,
    work: Path,
    plan: Plan,
    motion: Request | None,
    workers: int | None,
    tell: Teller,
    stop: Callable[[], bool],
) -> dict[str, Any]:
    """Process every segment and join them; what does not fit together is done again in one piece."""
    folder = _scratch(out, plan) if len(plan.segments) > 1 else work / "segments"
    process_all(source, folder, plan, workers=machine.cores(workers), tell=tell, stop=stop)
    try:
        made = segments.join(source, folder, work, plan, motion=motion, on_progress=tell, cancelled=stop)
    except SeamMismatch:
        whole = segments.plan(
            source, plan.options, motion=motion, max_duration_s=plan.max_duration_s, whole=True
        )
        folder = work / "segments"
        process_all(source, folder, whole, workers=machine.cores(workers), tell=tell, stop=stop)
        made = segments.join(source, folder, work, whole, motion=motion, on_progress=tell, cancelled=stop)
    shutil.rmtree(folder, ignore_errors=True)
    return made


def _scratch(out: Path, plan: Plan) -> Path:
    """Return where segments are kept until all are there: the same place for the same work, so that it goes on."""
    return out.parent / f".{out.name}.{plan.digest()[:16]}.segments"


def _publish(work: Path, out: Path) -> None:
    """Move everything into place: outputs appear only when all of them are there."""
    out.mkdir(exist_ok=True)
    for entry in sorted(work.iterdir(), key=lambda path: path.name == "report.json"):  # the report comes last
        target = out / entry.name
        if target.is_dir():
            shutil.rmtree(target)
        entry.replace(target)
