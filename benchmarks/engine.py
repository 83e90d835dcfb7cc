"""The engine as anybody calls it: the command line of pipeline.md, nothing imported."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.bench import ROOT, Bench
from benchmarks.labels import Box


@dataclass(frozen=True, slots=True)
class Processed:
    """One footage processed: its folder, its report, what it cost."""

    out: Path
    report: dict[str, Any]
    usage: processes.Usage

    def masks(self) -> dict[int, list[Box]]:
        """Return the boxes that were filled, by output frame."""
        found: dict[int, list[Box]] = {}
        for track in self.report["tracks"]:
            for frame, x, y, w, h in track["boxes"]:
                found.setdefault(frame, []).append((x, y, w, h))
        return found


def argv(*args: str | Path) -> list[str]:
    """Return the command line of one engine command."""
    return [sys.executable, "-m", "pipeline", *map(str, args)]


def environment(threads: int | None = None) -> dict[str, str]:
    """Return the environment: what this process has, without the settings of the web application."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def process(
    bench: Bench, source: Path, *options: str, vertical: str = "driving", workers: int = 2
) -> Processed:
    """Process one footage and return what came out."""
    out = bench.folder("out") / "out"
    usage = processes.run(
        argv("process", source, "--out", out, "--vertical", vertical, "--workers", str(workers), *options),
        scratch=bench.work,
        env=environment(),
        cwd=ROOT,
    )
    return Processed(out, json.loads((out / "report.json").read_text()), usage)


def detect(
    bench: Bench, paths: Sequence[Path], *options: str
) -> tuple[dict[str, list[dict[str, Any]]], processes.Usage]:
    """Return {path: boxes} of pictures as `detect` prints them."""
    usage = processes.run(argv("detect", *options, *paths), scratch=bench.work, env=environment(), cwd=ROOT)
    lines = [json.loads(line) for line in usage.stdout.splitlines()]
    return {line["image"]: line["boxes"] for line in lines}, usage


def redact_only(bench: Bench) -> tuple[str, ...] | None:
    """Return the options for redaction alone; none where the engine has no such switch."""
    return ("--only", "redact") if "--only" in _help(bench, "process") else None


def sports_stills(bench: Bench) -> tuple[str, ...] | None:
    """Return the options with which `detect` looks for jersey numbers too; none where it has none."""
    return ("--vertical", "sports") if "--vertical" in _help(bench, "detect") else None


def _help(bench: Bench, command: str) -> str:
    return processes.run(argv(command, "--help"), scratch=bench.work, env=environment(), cwd=ROOT).stdout
