"""Process one footage from untrusted bytes to redacted clips and a report; the call behind command line and worker."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2

from pipeline import telemetry
from pipeline.video import cut, dead, report, tags
from pipeline.video.errors import BadInput, Cancelled
from pipeline.video.look import Eyes
from pipeline.video.onepass import OnePass, PassResult
from pipeline.video.probe import Facts, probe
from pipeline.video.quality import FORMULA, quality
from pipeline.video.read import Reader, output_matrix
from pipeline.video.stills import poster
from pipeline.video.write import Writer

# malloc.h of glibc.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
VERTICALS = ("driving", "sports")


@dataclass
class Clock:
    """Wall seconds of each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - began, 3)


def process(
    source: Path,
    out: Path,
    *,
    vertical: str,
    discipline: str | None = None,
    workers: int | None = None,
    max_duration_s: float | None = None,
    motion: telemetry.Request | None = None,
    on_progress: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Write the outputs of pipeline.md into `out` and return the report.

    Raises BadInput with a sentence for a person, Cancelled when `cancelled()` turns true; in both cases, and on any
    other error, nothing is left in `out`. `motion` names a telemetry file beside the video and what is private (by
    default the ends of the trip that the video's own telemetry shows). `tracks` and `poses` of the returned report
    are made entry by entry.
    """
    if vertical not in VERTICALS:
        raise ValueError(f"vertical must be one of {', '.join(VERTICALS)}")
    source, out = Path(source), Path(out)
    if not source.is_file():
        raise BadInput("There is no file to read. Choose the video file and try again.")
    tell = _Teller(on_progress)
    stop = cancelled or (lambda: False)
    cores = workers or len(os.sched_getaffinity(0))
    _steady_memory()
    cv2.setNumThreads(1)  # the eyes' threads share the cores; OpenCV's own would fight with them
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        made = _make(
            source,
            work,
            vertical,
            _slug(discipline),
            cores,
            max_duration_s,
            motion or telemetry.Request(),
            tell,
            stop,
        )
        _publish(work, out)
        return made
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _make(
    source: Path,
    work: Path,
    vertical: str,
    discipline: str | None,
    cores: int,
    max_duration_s: float | None,
    motion: telemetry.Request,
    tell: _Teller,
    stop: Callable[[], bool],
) -> dict[str, Any]:
    clock, began = Clock(), time.monotonic()
    tell("check", 0.0)
    with clock.stage("check"):
        facts = probe(source, max_duration_s=max_duration_s)
        reading = _telemetry(source, motion, facts, vertical)
        hidden = telemetry.frames(reading.hidden, fps=float(Fraction(facts.rate)))
    tell("check", 1.0)
    with clock.stage("redact"):
        passed, writer, models, warnings = _pass(
            source, work, facts, vertical, cores, max_duration_s, hidden, tell, stop
        )
        passed.log.settle()
    rate = writer.rate
    fps, frames = float(rate), passed.frames
    end_s = frames / fps
    with clock.stage("tag"):
        tell("tag", 0.0)
        assigned = tags.assign(
            scene=passed.scene,
            log=passed.log,
            vertical=vertical,
            discipline=discipline,
            detector=next(
                (m["sha256"] for m in models if "people" in m["role"] or "object" in m["role"]), ""
            ),
            end_s=end_s,
            ride=reading.ride,
        )
        dropped = dead.stretches(passed.scene, assigned, fps=fps, vertical=vertical, hidden=hidden)
        tell("tag", 1.0)
    with clock.stage("cut"):
        clips, dropped = _clips(work, passed, writer, assigned, dropped, tell, stop)
        best = max(clips, key=lambda clip: clip["quality"])
        poster(work / "redacted.mp4", work / "poster.jpg", at_s=(best["start_s"] + best["end_s"]) / 2)
        sprite = writer.tiles.save(work / "sprite.jpg")
    tell("seal", 0.0)
    log_tracks, log_poses = report.lazy_lists(passed.log)
    made: dict[str, Any] = {
        "schema": report.SCHEMA,
        "vertical": vertical,
        "source": report.source_entry(facts),
        "output": {
            "width": writer.width,
            "height": writer.height,
            "fps": round(fps, 4),
            "rate": f"{rate.numerator}/{rate.denominator}",
            "frames": frames,
            "duration_s": round(end_s, 3),
            "preview": {"width": writer.preview_size[0], "height": writer.preview_size[1]},
            "sprite": sprite,
            "files": {
                name: _file(work / name)
                for name in ("redacted.mp4", "preview.mp4", "poster.jpg", "sprite.jpg")
            },
        },
        "models": models,
        "tracks": log_tracks,
        "poses": log_poses,
        "taxonomy_version": tags.TAXONOMY_VERSION,
        "tags": [tag.public() for tag in assigned],
        "telemetry": report.Compact(reading.ride.public(fps)) if reading.ride else None,
        "clips": clips,
        "dropped": [each.public() for each in dropped],
        "quality_formula": FORMULA,
        "certificate": report.certificate(
            log=passed.log, models=models, stride=passed.stride, frames=frames, warnings=warnings
        ),
        "warnings": warnings,
        "timing": {},
    }
    clock.seconds.update({f"cpu_{name}": round(value, 3) for name, value in passed.timing.items()})
    made["timing"] = {**clock.seconds, "total": round(time.monotonic() - began, 3)}
    report.write(made, work / "report.json")
    tell("seal", 1.0)
    return made


def _pass(
    source: Path,
    work: Path,
    facts: Facts,
    vertical: str,
    cores: int,
    max_duration_s: float | None,
    hidden: Sequence[tuple[int, int]],
    tell: _Teller,
    stop: Callable[[], bool],
) -> tuple[PassResult, Writer, list[dict[str, Any]], list[str]]:
    tell("redact", 0.0)
    reader = Reader(source, facts, threads=min(cores, 4), max_duration_s=max_duration_s)
    reader.hidden = hidden
    expected = max(1.0, facts.duration_s * float(reader.rate))
    eyes = Eyes(
        vertical=vertical, workers=cores, width=reader.width, height=reader.height, fps=float(reader.rate)
    )
    writer: Writer | None = None
    try:
        writer = Writer(
            work, width=reader.width, height=reader.height, rate=reader.rate, matrix=output_matrix(facts)
        )
        run = OnePass(reader=reader, writer=writer, eyes=eyes, vertical=vertical, workers=cores)
        passed = run.run(on_frame=lambda n: tell("redact", min(0.99, n / expected)), cancelled=stop)
        writer.close()
        tell("redact", 1.0)
        warnings = list(reader.warnings)
        if passed.frames < 0.9 * expected - 2 and not warnings:
            warnings.append(
                f"Only {passed.frames / float(reader.rate):.1f} of {facts.duration_s:.1f} seconds could be read."
            )
        return passed, writer, eyes.models, warnings
    except BaseException:
        if writer:
            writer.abort()
        raise
    finally:
        reader.close()
        eyes.close()


def _clips(
    work: Path,
    passed: PassResult,
    writer: Writer,
    assigned: list[tags.Tag],
    dropped: list[dead.Dropped],
    tell: _Teller,
    stop: Callable[[], bool],
) -> tuple[list[dict[str, Any]], list[dead.Dropped]]:
    tell("cut", 0.0)
    fps = float(writer.rate)
    pieces, left_out = cut.plan(
        scene=passed.scene, tags=assigned, keyframes=writer.keyframes, fps=fps, dropped=dropped
    )
    folder = work / "clips"
    folder.mkdir()
    names = [f"clip_{i:06d}" for i in range(len(pieces))]
    cut.copy(work / "redacted.mp4", pieces, [folder / f"{name}.mp4" for name in names])
    cut.copy(work / "preview.mp4", pieces, [folder / f"{name}_preview.mp4" for name in names])
    posed = [row.frame for row in passed.log.poses]
    clips = []
    for i, (name, piece) in enumerate(zip(names, pieces, strict=True)):
        if stop():
            raise Cancelled("The work was cancelled; nothing was kept.")
        poster(folder / f"{name}.mp4", folder / f"{name}.jpg", at_s=(piece.end - piece.start) / fps / 2)
        score, parts = quality(
            passed.scene, start=piece.start, end=piece.end, fps=fps, lines=min(writer.width, writer.height)
        )
        clips.append(
            {
                "id": name,
                "file": f"clips/{name}.mp4",
                "preview": f"clips/{name}_preview.mp4",
                "poster": f"clips/{name}.jpg",
                "start_s": round(piece.start / fps, 3),
                "end_s": round(piece.end / fps, 3),
                "start_frame": piece.start,
                "end_frame": piece.end,
                "frames": piece.end - piece.start,
                "duration_s": round((piece.end - piece.start) / fps, 3),
                "tags": cut.tags_of(piece, assigned, fps),
                "quality": score,
                "quality_parts": parts,
                "poses": sum(piece.start <= frame < piece.end for frame in posed),
                **_file(folder / f"{name}.mp4"),
            }
        )
        tell("cut", (i + 1) / len(pieces))
    return clips, left_out


def _telemetry(source: Path, motion: telemetry.Request, facts: Facts, vertical: str) -> telemetry.Reading:
    try:
        return telemetry.read(source, motion, duration_s=facts.duration_s, trip=vertical == "driving")
    except telemetry.TelemetryError as error:
        raise BadInput(str(error)) from error


def _publish(work: Path, out: Path) -> None:
    """Move everything into place: outputs appear only when all of them are there."""
    out.mkdir(exist_ok=True)
    for entry in sorted(work.iterdir(), key=lambda path: path.name == "report.json"):  # the report comes last
        target = out / entry.name
        if target.is_dir():
            shutil.rmtree(target)
        entry.replace(target)


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        return {"sha256": hashlib.file_digest(handle, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _slug(discipline: str | None) -> str | None:
    name = re.sub(r"[^a-z0-9]+", "_", (discipline or "").lower()).strip("_")
    return name or None


def _steady_memory() -> None:
    """Have glibc give large buffers back at once: threads that hand frames on otherwise leave holes in its heaps."""
    with contextlib.suppress(OSError, AttributeError):  # another C library: nothing to set
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_MMAP_THRESHOLD, 1024 * 1024)


class _Teller:
    """Passes progress on, not more often than every percent."""

    def __init__(self, on_progress: Callable[[str, float], None] | None) -> None:
        self._to, self._last = on_progress, ("", -1.0)

    def __call__(self, step: str, fraction: float) -> None:
        if self._to and (step != self._last[0] or fraction >= 1.0 or fraction - self._last[1] >= 0.01):
            self._last = (step, fraction)
            self._to(step, fraction)
