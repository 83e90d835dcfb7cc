"""Long footage in segments: planned once, processed anywhere in any order, joined without a seam.

A segment is read from a little before it to a little after it, so that the tracker has seen what comes before and
knows what comes next; only its own frames are encoded. Its first frame is a keyframe of the master in any case.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import telemetry
from pipeline.telemetry import Request
from pipeline.video import encoders, kept, seams
from pipeline.video.errors import VideoError
from pipeline.video.finish import Whole, finish, read_telemetry
from pipeline.video.look import Eyes
from pipeline.video.onepass import OnePass, PassResult
from pipeline.video.options import Options
from pipeline.video.probe import Facts, probe
from pipeline.video.read import Reader, output_matrix, output_size
from pipeline.video.stills import Tiles
from pipeline.video.tell import Teller, Told
from pipeline.video.write import Writer, header, key_spacing
from pipeline.video.write import join as join_videos

# Seconds of a segment: what is read twice around it stays under 4 %, and two hours still spread over 80 workers.
LENGTH_S = 90.0
# Read before a segment: what was there is known to the tracker. After it: boxes are held back by tracks.HOLD_S.
LOOK_BACK_S, LOOK_AHEAD_S = 2.0, 1.0
LOG = "log.npz"
FILES = ("redacted.mp4", "preview.mp4", LOG)
TURNED = {
    1: "The picture lies on its left side: faces and plates were looked for in it turned upright.",
    2: "The picture is upside down: faces and plates were looked for in it turned upright.",
    3: "The picture lies on its right side: faces and plates were looked for in it turned upright.",
}


class SeamMismatch(VideoError):
    """Two segments do not show the same frame where they meet: this file must be processed in one piece."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames [start, end) of the output; the last segment has no end: it goes on for as long as there are frames."""

    index: int
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a footage is processed: its facts, the choices, its segments; `source` is its sha256 if there are several.

    `encoder` writes all of it: parts of different encoders cannot be joined.
    """

    facts: Facts
    options: Options
    segments: tuple[Segment, ...]
    encoder: str = encoders.LIBX264
    source: str = ""
    max_duration_s: float | None = None
    hidden: tuple[
        tuple[int, int], ...
    ] = ()  # frames [start, end) of private places: black before anything looks

    def to_json(self) -> str:
        """Write the plan as text that `from_json` reads, for a task on another machine."""
        return json.dumps(
            {
                "facts": self.facts.public(),
                "options": self.options.public(),
                "segments": [asdict(segment) for segment in self.segments],
                "encoder": self.encoder,
                "source": self.source,
                "max_duration_s": self.max_duration_s,
                "hidden": self.hidden,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan that `to_json` wrote."""
        values = json.loads(text)
        return cls(
            facts=Facts(**values["facts"]),
            options=Options.from_public(values["options"]),
            segments=tuple(Segment(**segment) for segment in values["segments"]),
            encoder=values["encoder"],
            source=values["source"],
            max_duration_s=values["max_duration_s"],
            hidden=tuple((start, end) for start, end in values["hidden"]),
        )

    def digest(self) -> str:
        """Return the sha256 that marks what was made by this plan."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def frames(self) -> int:
        """Return how many frames the output will have if the header tells the truth."""
        return max(1, round(self.facts.duration_s * Fraction(self.facts.rate)))


def plan(
    source: Path,
    options: Options,
    *,
    motion: Request | None = None,
    max_duration_s: float | None = None,
    whole: bool = False,
    length_s: float = LENGTH_S,
) -> Plan:
    """Check the file and say how it is processed; raise BadInput with a sentence for a person.

    `motion` names telemetry beside the video and what of the trip is private. Short footage is one segment; so is
    footage with regions that a person marked (each is followed from its first frame on), and any footage when
    `whole` is asked for, after a SeamMismatch.
    """
    source = Path(source)
    facts = probe(source, max_duration_s=max_duration_s)
    rate = Fraction(facts.rate)
    spacing = key_spacing(rate)
    count = 1 if whole or options.manual else max(1, int(facts.duration_s // length_s))
    every = max(1, round(facts.duration_s * rate / count / spacing)) * spacing
    segments = tuple(
        Segment(index=i, start=i * every, end=(i + 1) * every if i + 1 < count else None)
        for i in range(count)
    )
    digest = ""
    if count > 1:
        with source.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
    hidden = telemetry.frames(read_telemetry(source, facts, options, motion).hidden, fps=float(rate))
    return Plan(
        facts=facts,
        options=options,
        segments=segments,
        encoder=encoders.encoder(pieces=count),
        source=digest,
        max_duration_s=max_duration_s,
        hidden=tuple(hidden),
    )


def folder_of(folder: Path, index: int) -> Path:
    """Return where the files of a segment lie inside `folder`."""
    return Path(folder) / f"segment_{index:06d}"


def finished(folder: Path, plan: Plan, index: int) -> bool:
    """Return whether the segment was made by this very plan and is whole."""
    path = folder_of(folder, index) / LOG
    try:
        return path.is_file() and kept.load(path)["plan"] == plan.digest()
    except ValueError:
        return False


def process_segment(
    source: Path,
    folder: Path,
    plan: Plan,
    index: int,
    *,
    workers: int | None = None,
    on_progress: Told | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Write FILES of one segment into `folder`/segment_NNNNNN and return that path.

    A segment that this plan has finished is left as it is. The log comes last, so a segment with a log is whole.
    Raises BadInput or Cancelled, and leaves nothing of an unfinished segment.
    """
    from pipeline.video.machine import cores, prepare

    out = folder_of(folder, index)
    tell = on_progress if isinstance(on_progress, Teller) else Teller(on_progress)
    if finished(folder, plan, index):
        tell("redact", 1.0)
        return out
    prepare()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    began = time.monotonic()
    try:
        run = partial(
            _pass,
            Path(source),
            out,
            plan,
            plan.segments[index],
            cores(workers),
            tell,
            cancelled or (lambda: False),
        )
        passed, writer, eyes, warnings = run()
        if passed.quarters:
            passed, writer, eyes, warnings = run(quarters=passed.quarters)
            warnings = [*warnings, TURNED[passed.quarters]]
        kept.save(
            out / LOG,
            {
                "plan": plan.digest(),
                "start": plan.segments[index].start,
                "frames": passed.frames,
                "stride": passed.stride,
                "log": seams.log_state(passed.log),
                "scene": seams.rows_of(passed.scene),
                "head": passed.head.public(),
                "tail": passed.tail.public(),
                "keyframes": writer.keyframes,
                "tiles": writer.tiles.tiles,
                "tiles_every": writer.tiles.every,
                "models": eyes.models,
                "encoder": writer.encoder,
                "warnings": warnings,
                "timing": {**passed.timing, **eyes.timing, "wall": time.monotonic() - began},
            },
        )
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    tell("redact", 1.0)
    return out


def join(
    source: Path,
    folder: Path,
    out: Path,
    plan: Plan,
    *,
    motion: Request | None = None,
    on_progress: Told | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Make the footage of its finished segments: the outputs of pipeline.md in `out`; return the report.

    `source` is read once more for its telemetry, and for the sound where it is asked for; `motion` as it was planned.
    Raises SeamMismatch when two segments do not fit together: then plan again with `whole`, and process that.
    """
    tell = on_progress if isinstance(on_progress, Teller) else Teller(on_progress)
    stop = cancelled or (lambda: False)
    contents = _of_one_encoder(source, folder, plan, tell, stop)
    parts = [
        seams.Part(
            start=c["start"],
            frames=c["frames"],
            log=seams.log_of(c["log"]),
            scene=seams.scene_of(c["scene"]),
            head=seams.Seam.from_public(c["head"]),
            tail=seams.Seam.from_public(c["tail"]),
        )
        for c in contents
    ]
    for before, after in itertools.pairwise(parts):
        if not seams.fits(before, after):
            raise SeamMismatch("Two segments of the recording do not meet in the same frame.")
    whole = _whole(plan, contents, parts)
    out.mkdir(parents=True, exist_ok=True)
    names = FILES[:1] if plan.options.only_redact else FILES[:2]
    for name in names:
        pieces = [
            folder_of(folder, s.index) / name
            for s, part in zip(plan.segments, parts, strict=True)
            if part.frames
        ]
        if len(pieces) == 1:
            shutil.copyfile(pieces[0], out / name)
        else:
            join_videos(pieces, out / name, rate=Fraction(plan.facts.rate))
    return finish(Path(source), out, whole, motion=motion, tell=tell, stop=stop)


def _of_one_encoder(
    source: Path, folder: Path, plan: Plan, tell: Teller, stop: Callable[[], bool]
) -> list[dict[str, Any]]:
    """Return the logs of all segments, and do those again with libx264 that one header does not describe.

    A worker without the encoder that was planned, or with another make of it, leaves a part that fits no other.
    """

    def logs() -> list[dict[str, Any]]:
        return [kept.load(folder_of(folder, segment.index) / LOG) for segment in plan.segments]

    contents = logs()
    names = FILES[:1] if plan.options.only_redact else FILES[:2]
    with_frames = [s.index for s, c in zip(plan.segments, contents, strict=True) if c["frames"]]
    if all(len({header(folder_of(folder, index) / name) for index in with_frames}) <= 1 for name in names):
        return contents
    by_all = replace(plan, encoder=encoders.LIBX264)
    for segment, content in zip(plan.segments, contents, strict=True):
        if content["encoder"] != encoders.LIBX264:
            process_segment(source, folder, by_all, segment.index, on_progress=tell, cancelled=stop)
    return logs()


def _pass(
    source: Path,
    out: Path,
    plan: Plan,
    segment: Segment,
    workers: int,
    tell: Told,
    stop: Callable[[], bool],
    quarters: int = 0,
) -> tuple[PassResult, Writer, Eyes, list[str]]:
    facts, options, rate = plan.facts, plan.options, Fraction(plan.facts.rate)
    tell("redact", 0.0, None)
    first = max(0, segment.start - round(LOOK_BACK_S * rate))
    last = None if segment.end is None else segment.end + round(LOOK_AHEAD_S * rate)
    expected = (plan.frames if segment.end is None else segment.end) - segment.start
    # One thread decodes fast enough beside the detectors and spends 15 MiB less; tone mapping needs them all.
    reader = Reader(
        source, facts, threads=min(workers, 4) if facts.hdr else 1, max_duration_s=plan.max_duration_s,
        first=first, last=last, hidden=plan.hidden,
    )  # fmt: skip
    eyes = Eyes(
        options=options, workers=workers, width=reader.width, height=reader.height, fps=float(rate),
        quarters=quarters,
    )  # fmt: skip
    writer: Writer | None = None
    try:
        writer = Writer(
            out,
            width=reader.width,
            height=reader.height,
            rate=rate,
            matrix=output_matrix(facts),
            start=segment.start,
            with_preview=not options.only_redact,
            encoder=plan.encoder,
        )
        run = OnePass(
            reader=reader,
            writer=writer,
            eyes=eyes,
            options=options,
            start=segment.start,
            end=segment.end,
        )
        passed = run.run(
            on_frame=lambda n: tell("redact", min(0.99, n / max(1, expected)), None), cancelled=stop
        )
        writer.close()
        passed.scene = seams.only(passed.scene, segment.start - first, segment.start - first + passed.frames)
        return passed, writer, eyes, list(reader.warnings)
    except BaseException:
        if writer:
            writer.abort()
        raise
    finally:
        reader.close()
        eyes.close()


def _whole(plan: Plan, contents: list[dict[str, Any]], parts: list[seams.Part]) -> Whole:
    tiles = Tiles(rate=Fraction(plan.facts.rate))
    timing: dict[str, float] = {}
    for content in contents:
        tiles.join(content["tiles_every"], content["tiles"])
        for name, seconds in content["timing"].items():
            timing[name] = timing.get(name, 0.0) + seconds
    log, scene = seams.joined([part for part in parts if part.frames] or parts[:1])
    width, height = output_size(plan.facts)
    return Whole(
        facts=plan.facts,
        options=plan.options,
        width=width,
        height=height,
        rate=Fraction(plan.facts.rate),
        frames=sum(part.frames for part in parts),
        log=log,
        scene=scene,
        keyframes=[frame for content in contents for frame in content["keyframes"]],
        tiles=tiles,
        models=contents[0]["models"],
        encoder=contents[0]["encoder"],
        stride=contents[0]["stride"],
        segments=len(plan.segments),
        hidden=plan.hidden,
        warnings=sorted({warning for content in contents for warning in content["warnings"]}),
        timing=timing,
    )
