"""Memory, start-up and how busy the cores are kept."""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import engine, media
from benchmarks.bench import ROOT, Bench
from benchmarks.registry import Figure, Section

PEAK_MIB, BUSY, START_S = 800, 0.85, 1.0
WORKERS = 2
RIDE = ("drive/aiguys_uk_plate.mp4", "street/openpose_paris.avi", "drive/udacity_solidWhiteRight.mp4")


def measure(bench: Bench) -> Section:
    """Process one long footage and several short ones; `--quick` takes shorter ones."""
    section = Section(
        title="Memory, start-up, cores kept busy",
        about=f"Wall-clock figures: they mean something on a machine that does nothing else. The engine gets "
        f"{WORKERS} workers; busy = CPU s ÷ wall s ÷ {min(WORKERS, bench.cores)} cores. Peak = the largest sum of "
        "proportional set sizes over the process tree: a page that processes share counts once.",
    )
    sources = [bench.media / "video" / name for name in RIDE]
    seconds = (8, 16) if bench.quick else (8, 48)
    peaks = []
    for length in seconds:
        clip = media.join(
            sources, bench.folder("clip") / f"long-{length}.mp4", lines=1080, fps=25, seconds=length, repeat=9
        )
        bench.tell(f"resources: {length} s of 1080p")
        used = engine.process(bench, clip, workers=WORKERS).usage
        peaks.append(used.peak_mib)
    cores = min(WORKERS, bench.cores)
    section.figures += [
        Figure(f"peak memory, {seconds[1]} s of 1080p", peaks[1], "MiB", at_most=PEAK_MIB),
        Figure(
            f"peak memory, {seconds[1]} s ÷ {seconds[0]} s of 1080p", peaks[1] / peaks[0], "×",
            note=f"{peaks[0]:.0f} MiB at {seconds[0]} s",
        ),
        Figure(
            "cores kept busy, one long footage", used.cpu_s / used.wall_s / cores, at_least=BUSY,
            note=f"{used.cpu_s:.1f} CPU s in {used.wall_s:.1f} s",
        ),
        _several_short(bench, sources),
        *_start(bench, sources[0]),
    ]  # fmt: skip
    return section


def _several_short(bench: Bench, sources: list[Path]) -> Figure:
    """Process short footage two at a time with one worker each, as two Celery workers do."""
    shorts = [
        media.join(
            [source], bench.folder("clip") / "short.mp4", lines=720, fps=25, each=2 if bench.quick else 4
        )
        for source in [*sources, *sources][: 4 if bench.quick else 6]
    ]
    bench.tell(f"resources: {len(shorts)} short clips")
    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        cpu = sum(pool.map(lambda clip: engine.process(bench, clip, workers=1).usage.cpu_s, shorts))
    wall = time.monotonic() - began
    return Figure(
        "cores kept busy, several short", cpu / wall / min(WORKERS, bench.cores), at_least=BUSY,
        note=f"{len(shorts)} clips, {cpu:.1f} CPU s in {wall:.1f} s",
    )  # fmt: skip


def _start(bench: Bench, source: Path) -> list[Figure]:
    """Process the shortest clip that the engine takes, the best of three: until it can work, and until all is there."""
    clip = media.join([source], bench.folder("clip") / "shortest.mp4", lines=360, fps=25, each=0.6)
    best = min((one_start(bench, clip) for _ in range(3)), key=lambda start: start.ready_s)
    return [
        Figure(
            "start-up", best.ready_s, "s", at_most=START_S,
            note=f"interpreter and imports {best.imports_s:.2f} s, check of the file {best.check_s:.2f} s, loading "
            f"of the networks {best.load_s:.2f} s, as if after each other; best of 3",
        ),
        Figure("0.6 s of 360p, from command to all outputs", best.all_s, "s", note="the same run"),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds of one run: until its first word, of the check, of loading, and until everything was written."""

    imports_s: float
    check_s: float
    load_s: float
    all_s: float

    @property
    def ready_s(self) -> float:
        return self.imports_s + self.check_s + self.load_s


def one_start(bench: Bench, clip: Path) -> Start:
    """Process a clip once and tell its start apart from its work; seconds of the clock on the wall."""
    out = bench.folder("out") / "start"
    began = time.monotonic()
    with subprocess.Popen(
        engine.argv("process", clip, "--out", out, "--workers", str(WORKERS), "--progress"),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=engine.environment(), cwd=ROOT,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        running.stderr.readline()  # progress is told there: "Checking the file: 0%"
        first_word = time.monotonic() - began
        running.stderr.read()
    took = time.monotonic() - began
    timing = json.loads((out / "report.json").read_text())["timing"]
    return Start(imports_s=first_word, check_s=timing["check"], load_s=timing["load"], all_s=took)
