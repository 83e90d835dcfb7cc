"""Memory, start-up and how busy the cores are kept."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import engine, media
from benchmarks.bench import Bench
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
    """Process the shortest clip that the engine takes: start-up and all outputs, the best of three."""
    clip = media.join([source], bench.folder("clip") / "shortest.mp4", lines=360, fps=25, each=0.6)
    runs = [engine.process(bench, clip, workers=WORKERS).usage for _ in range(3)]
    best = min(runs, key=lambda used: used.wall_s)
    return [
        Figure(
            "start-up", best.wall_s, "s", at_most=START_S,
            note=f"0.6 s of 360p from command to all outputs, best of {len(runs)}; {best.cpu_s:.1f} CPU s",
        )
    ]  # fmt: skip
