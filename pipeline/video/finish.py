"""From redacted frames and what was found in them to everything else: tags, clips, pictures, the report."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import telemetry
from pipeline.video import cut, dead, kept, report, seams, sound, sports, tags, voice
from pipeline.video.agree import contradiction
from pipeline.video.errors import BadInput, Cancelled, NeedsOwner
from pipeline.video.loudness import loudness
from pipeline.video.options import Options
from pipeline.video.probe import DAMAGED, Facts
from pipeline.video.quality import FORMULA, quality
from pipeline.video.records import Log
from pipeline.video.scene import SceneLog
from pipeline.video.smooth import smooth
from pipeline.video.stills import Tiles, poster
from pipeline.video.tell import Told
from pipeline.video.write import preview_size

# What a later run of the same footage starts from (process.process, `reuse`). It holds positions: never published.
DETECTIONS = "detections.npz"


ALL_PRIVATE = (
    "So much of this recording is private that no clip is left. The video is kept, and nobody sees it: change your "
    "private places and start the work again, or withdraw it."
)
NOTHING_TO_SEE = (
    "Nothing in this recording makes a good clip: see “What made no clip”. One clip is shown all the same, so that you "
    "can judge; leave it out if that is right."
)


@dataclass(slots=True)
class Whole:
    """One footage after its frames are encoded: everything that the report is made of."""

    facts: Facts
    options: Options
    width: int
    height: int
    rate: Fraction
    frames: int
    log: Log
    scene: SceneLog
    keyframes: list[int]
    tiles: Tiles
    models: list[dict[str, Any]]
    encoder: str
    stride: int
    segments: int
    warnings: list[str]
    hidden: tuple[tuple[int, int], ...] = ()
    timing: dict[str, float] = field(default_factory=dict)
    reused: bool = False


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


def read_telemetry(
    source: Path, facts: Facts, options: Options, motion: telemetry.Request | None
) -> telemetry.Reading:
    """Read what the camera or a file beside the video says of the ride; raise NeedsOwner with a sentence."""
    try:
        trip = options.vertical == "driving"
        return telemetry.read(source, motion or telemetry.Request(), duration_s=facts.duration_s, trip=trip)
    except telemetry.TelemetryError as error:
        raise NeedsOwner(str(error)) from error


def finish(
    source: Path,
    out: Path,
    whole: Whole,
    *,
    motion: telemetry.Request | None,
    tell: Told,
    stop: Callable[[], bool],
) -> dict[str, Any]:
    """Write what is missing beside redacted.mp4 and preview.mp4 in `out`; return the report, which comes last.

    `tracks` and `poses` of the returned report are made entry by entry.
    """
    if whole.frames == 0:
        raise BadInput(DAMAGED.format(what="not one picture of it can be read"))
    clock = Clock()
    fps = float(whole.rate)
    end_s = whole.frames / fps
    if whole.frames < 0.9 * whole.facts.duration_s * fps - 2 and not whole.warnings:
        whole.warnings.append(f"Only {end_s:.1f} of {whole.facts.duration_s:.1f} seconds could be read.")
    whole.log.tracks.sort(key=lambda track: track.id)
    _keep(out / DETECTIONS, whole)
    assigned: list[tags.Tag] = []
    clips: list[dict[str, Any]] = []
    dropped: list[dead.Dropped] = []
    sprite: dict[str, float | int] | None = None
    ride = read_telemetry(source, whole.facts, whole.options, motion).ride
    heard = _sound(source, out, whole, clock, end_s, stop)
    tell("tag", 0.0, None)
    if not whole.options.only_redact:
        with clock.stage("tag"):
            smooth(whole.log.poses, fps)
            levels = loudness(source, whole.facts) if whole.options.vertical == "sports" else None
            assigned = _tags(whole, ride, levels, end_s)
            if whole.options.vertical == "sports" and (
                doubt := sports.doubt(whole.log, whole.options.discipline, end_s)
            ):
                whole.warnings.append(doubt)
            if ride is not None and (wrong := contradiction(ride, whole.scene, fps, end_s)):
                whole.warnings.append(wrong)
            dropped = dead.stretches(
                whole.scene, assigned, fps=fps, vertical=whole.options.vertical, hidden=whole.hidden
            )
        tell("tag", 1.0, None)
        with clock.stage("cut"):
            clips, dropped = _clips(out, whole, assigned, dropped, heard, tell, stop)
            best = max(clips, key=lambda clip: clip["quality"])
            poster(out / "redacted.mp4", out / "poster.jpg", at_s=(best["start_s"] + best["end_s"]) / 2)
            sprite = whole.tiles.save(out / "sprite.jpg")
    else:
        tell("tag", 1.0, None)
        tell("cut", 1.0, None)
    tell("seal", 0.0, None)
    if heard:
        for name in ("redacted.mp4", "preview.mp4"):
            if (out / name).exists():
                sound.lay_beside(out / name, heard, start_s=0.0, end_s=end_s)
        heard.path.unlink()
        whole.models = [*whole.models, voice.model()]
    made = _report(out, whole, ride, assigned, clips, dropped, sprite, end_s)
    made["audio"] = made["certificate"]["audio"] = sound.described(whole.options.audio, heard)
    made["timing"] = {
        **clock.seconds,
        **{name: round(seconds, 3) for name, seconds in whole.timing.items()},
    }
    report.write(made, out / "report.json")
    tell("seal", 1.0, 0.0)
    return made


def _sound(
    source: Path, out: Path, whole: Whole, clock: Clock, end_s: float, stop: Callable[[], bool]
) -> sound.Sound | None:
    """Return the sound to lay beside the picture, private stretches silenced too; None where none is wanted."""
    if whole.options.audio == "drop":
        return None
    hidden = [(float(start / whole.rate), float(end / whole.rate)) for start, end in whole.hidden]
    with clock.stage("sound"):
        return sound.make(source, whole.facts, out / ".sound.mp4", end_s=end_s, hidden=hidden, stop=stop)


def _keep(path: Path, whole: Whole) -> None:
    """Write what a later run needs to begin where this one ended: no detector has to look again."""
    content = {
        "facts": whole.facts.public(),
        "options": whole.options.public(),
        "hidden": whole.hidden,
        "frames": whole.frames,
        "stride": whole.stride,
        "models": whole.models,
        "warnings": whole.warnings,
        "keyframes": whole.keyframes,
        "log": seams.log_state(whole.log),
        "scene": seams.rows_of(whole.scene),
    }
    kept.save(path, content)


def _tags(
    whole: Whole, ride: telemetry.Ride | None, levels: NDArray[np.float32] | None, end_s: float
) -> list[tags.Tag]:
    detector = next((m["sha256"] for m in whole.models if "people" in m["role"] or "object" in m["role"]), "")
    return tags.assign(
        scene=whole.scene,
        log=whole.log,
        vertical=whole.options.vertical,
        discipline=whole.options.discipline,
        detector=detector,
        end_s=end_s,
        ride=ride,
        levels=levels,
    )


def _clips(
    out: Path,
    whole: Whole,
    assigned: list[tags.Tag],
    dropped: list[dead.Dropped],
    heard: sound.Sound | None,
    tell: Told,
    stop: Callable[[], bool],
) -> tuple[list[dict[str, Any]], list[dead.Dropped]]:
    tell("cut", 0.0, None)
    fps = float(whole.rate)
    pieces, left_out = cut.plan(
        scene=whole.scene, tags=assigned, keyframes=whole.keyframes, fps=fps, dropped=dropped
    )
    if not pieces:
        raise NeedsOwner(ALL_PRIVATE)
    if all(any(d.start_s * fps <= p.start and p.end <= d.end_s * fps + 1 for d in dropped) for p in pieces):
        whole.warnings.append(NOTHING_TO_SEE)
    folder = out / "clips"
    folder.mkdir()
    names = [f"clip_{i:06d}" for i in range(len(pieces))]
    cut.copy(out / "redacted.mp4", pieces, [folder / f"{name}.mp4" for name in names])
    cut.copy(out / "preview.mp4", pieces, [folder / f"{name}_preview.mp4" for name in names])
    if heard:
        for name, piece in zip(names, pieces, strict=True):
            for file in (folder / f"{name}.mp4", folder / f"{name}_preview.mp4"):
                sound.lay_beside(file, heard, start_s=piece.start / fps, end_s=piece.end / fps)
    posed = [row.frame for row in whole.log.poses]
    clips = []
    for i, (name, piece) in enumerate(zip(names, pieces, strict=True)):
        if stop():
            raise Cancelled("The work was cancelled; nothing was kept.")
        poster(folder / f"{name}.mp4", folder / f"{name}.jpg", at_s=(piece.end - piece.start) / fps / 2)
        lines = min(whole.width, whole.height)
        score, parts = quality(whole.scene, start=piece.start, end=piece.end, fps=fps, lines=lines)
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
        tell("cut", (i + 1) / len(pieces), None)
    return clips, left_out


def _report(
    out: Path,
    whole: Whole,
    ride: telemetry.Ride | None,
    assigned: list[tags.Tag],
    clips: list[dict[str, Any]],
    dropped: list[dead.Dropped],
    sprite: dict[str, float | int] | None,
    end_s: float,
) -> dict[str, Any]:
    tracks, poses = report.lazy_lists(whole.log)
    names = [n for n in ("redacted.mp4", "preview.mp4", "poster.jpg", "sprite.jpg") if (out / n).exists()]
    small = preview_size(whole.width, whole.height)
    return {
        "schema": report.SCHEMA,
        "vertical": whole.options.vertical,
        "options": whole.options.public(),
        "source": report.source_entry(whole.facts),
        "output": {
            "width": whole.width,
            "height": whole.height,
            "fps": round(float(whole.rate), 4),
            "rate": f"{whole.rate.numerator}/{whole.rate.denominator}",
            "frames": whole.frames,
            "duration_s": round(end_s, 3),
            "preview": {"width": small[0], "height": small[1]},
            "sprite": sprite,
            "files": {name: _file(out / name) for name in names},
        },
        "models": whole.models,
        "tracks": tracks,
        "poses": poses,
        "taxonomy_version": tags.TAXONOMY_VERSION,
        "tags": [tag.public() for tag in assigned],
        "telemetry": report.Compact(ride.public(float(whole.rate))) if ride else None,
        "clips": clips,
        "dropped": [each.public() for each in dropped],
        "quality_formula": FORMULA,
        "certificate": report.certificate(
            log=whole.log,
            options=whole.options,
            models=whole.models,
            encoder=whole.encoder,
            stride=whole.stride,
            frames=whole.frames,
            segments=whole.segments,
            reused=whole.reused,
            warnings=whole.warnings,
        )
        | {
            "dropped": [each.public() for each in dropped],
            "telemetry": ride.summary(float(whole.rate)) if ride else None,
        },
        "warnings": whole.warnings,
        "timing": {},
    }


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        return {"sha256": hashlib.file_digest(handle, "sha256").hexdigest(), "bytes": path.stat().st_size}
