"""CPU cost in multiples of BASE, beside the peers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks import engine, media, peers, processes
from benchmarks.bench import Bench
from benchmarks.registry import Figure, Section

# Lines → (redaction alone, everything), × BASE, pipeline.md.
TARGETS = {720: (2.2, 3.0), 1080: (1.6, 2.2)}
FEWER_THAN_DEFACE = 5.0
RIDES = ("drive/aiguys_uk_plate.mp4", "street/openpose_paris.avi", "drive/udacity_solidWhiteRight.mp4")
GAME = (
    "sports/chonyy_basketball_shot.mp4",
    "sports/mmaction_gym_basketball.mp4",
    "sports/tfjs_squats.mp4",
    "sports/tfjs_pose_1.mp4",
)
STREET = ("street/openpose_paris.avi",)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one command and of BASE on the same clip."""

    cpu_s: float
    base_s: float

    @property
    def times(self) -> float:
        return self.cpu_s / self.base_s


def measure(bench: Bench) -> Section:
    """Measure BASE, redaction alone, everything and the peers; `--quick` takes 2 seconds of each source."""
    section = Section(
        title="Cost",
        about="CPU seconds (user + system) of the whole process tree, loading of models included, in multiples of "
        "BASE = one decode and one `libx264 -preset veryfast -crf 23` encode of the same clip in the same run. Clips "
        "are real ones joined at 25 fps; the collection has none of 1080 lines, so those are scaled up. `again` is a "
        "re-run with a mark by hand that reuses the detections of the first.",
    )
    rows = [
        "| clip | frames | BASE CPU ms a frame | what | CPU s | × BASE | peak MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for lines, (redact, everything) in TARGETS.items():
        for name, sources, vertical in (("rides", RIDES, "driving"), ("game", GAME, "sports")):
            clip = _clip(bench, f"{name}-{lines}.mp4", sources, lines, each=2 if bench.quick else 4)
            section.figures += _engine(bench, clip, f"{name} {lines}p", vertical, redact, everything, rows)
    section.figures += _beside_peers(bench, rows, section)
    section.lines = [*rows, *section.lines]
    return section


def _engine(
    bench: Bench, clip: Path, name: str, vertical: str, redact: float, everything: float, rows: list[str]
) -> list[Figure]:
    frames, base = media.count(clip), base_cost(bench, clip)
    figures = []
    only = engine.redact_only(bench)
    if only is None:
        note = "the engine has no switch for redaction alone"
        figures.append(Figure(f"redaction alone, {name}", None, "× BASE", at_most=redact, note=note))
    else:
        alone, _ = _one(bench, clip, f"redaction alone, {name}", vertical, redact, (base, frames), rows, only)
        figures.append(alone)
    figure, whole = _one(bench, clip, f"everything, {name}", vertical, everything, (base, frames), rows, ())
    figures.append(figure)
    kept = whole.out / "detections.npz"
    if kept.exists():
        marks = bench.folder("marks") / "marks.json"
        marks.write_text(json.dumps([{"box": [100, 100, 80, 60], "start_s": 0.5, "end_s": 2.0}]))
        again = ("--manual", str(marks), "--reuse", str(kept))
        rerun, _ = _one(
            bench, clip, f"again with a mark, {name}", vertical, None, (base, frames), rows, again
        )
        figures.append(rerun)
    return figures


def _one(
    bench: Bench, clip: Path, name: str, vertical: str, target: float | None, base: tuple[float, int],
    rows: list[str], options: tuple[str, ...],
) -> tuple[Figure, engine.Processed]:  # fmt: skip
    bench.tell(f"cost: {name}")
    done = engine.process(bench, clip, *options, vertical=vertical)
    cost = Cost(done.usage.cpu_s, base[0])
    rows.append(row(clip.stem, base[1], cost, name.split(",")[0], done.usage.peak_mib))
    return Figure(name, cost.times, "× BASE", at_most=target, note=f"{cost.cpu_s:.1f} CPU s"), done


def _beside_peers(bench: Bench, rows: list[str], section: Section) -> list[Figure]:
    """Run engine and peers over the same few seconds; a peer takes tens of CPU seconds a second of footage."""
    clip = _clip(bench, "street-720.mp4", STREET, 720, each=1 if bench.quick else 3)
    frames, base = media.count(clip), base_cost(bench, clip)
    only = engine.redact_only(bench)
    done = engine.process(bench, clip, *(only or ()))
    ours = Cost(done.usage.cpu_s, base)
    what = "redaction alone" if only else "everything"
    rows.append(row(clip.stem, frames, ours, f"Fairframe, {what}", done.usage.peak_mib))
    figures = [
        Figure(f"Fairframe, {what}, beside the peers on {frames} frames of 720p", ours.times, "× BASE")
    ]
    installed, lines = peers.available(bench)
    section.lines += ["", *lines] if lines else []
    for peer in installed:
        bench.tell(f"cost: {peer.label}")
        try:
            _, usage = peer.redact(bench, clip)
        except processes.Failed as why:
            figures.append(Figure(f"{peer.peer.name}, same clip", None, "× BASE", note=str(why)))
            continue
        theirs = Cost(usage.cpu_s, base)
        rows.append(row(clip.stem, frames, theirs, peer.label, usage.peak_mib))
        figures.append(Figure(f"{peer.peer.name}, same clip", theirs.times, "× BASE", note=peer.label))
        least = FEWER_THAN_DEFACE if peer.peer.name == "deface" else None
        figures.append(
            Figure(
                f"CPU of {peer.peer.name} ÷ CPU of Fairframe ({what})",
                theirs.cpu_s / ours.cpu_s,
                "×",
                at_least=least,
            )
        )
    return figures


def base_cost(bench: Bench, clip: Path) -> float:
    """Return CPU seconds of BASE, the mean of two runs."""
    folder = bench.folder("base")
    runs = [
        processes.run(media.base_argv(clip, folder / f"{i}.mp4"), scratch=bench.work).cpu_s for i in range(2)
    ]
    return sum(runs) / len(runs)


def row(clip: str, frames: int, cost: Cost, what: str, peak: float) -> str:
    """Return one row of the table of costs."""
    base = 1000 * cost.base_s / frames
    return f"| {clip} | {frames} | {base:.0f} | {what} | {cost.cpu_s:.1f} | {cost.times:.2f} | {peak:.0f} |"


def _clip(bench: Bench, name: str, sources: tuple[str, ...], lines: int, *, each: float) -> Path:
    paths = [bench.media / "video" / source for source in sources]
    return media.join(paths, bench.folder("clip") / name, lines=lines, fps=25, each=each)
