"""Run a command and learn what its whole process tree cost: CPU seconds, wall seconds, peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

# Seconds between two looks at the memory of the tree: a look walks the page tables of every process.
PERIOD_S = 0.25
# A child that reports what it and everything it waited for used; the kernel adds up dead children at wait(). It adopts
# what its descendants leave behind (36: PR_SET_CHILD_SUBREAPER): bubblewrap ends without waiting for its sandbox, and
# the seconds of the decoder in it would be nobody's.
METER = """
import contextlib, ctypes, json, os, resource, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
done = subprocess.run(sys.argv[2:])
until = time.monotonic() + 5
with contextlib.suppress(ChildProcessError):
    while time.monotonic() < until:
        if os.waitpid(-1, os.WNOHANG) == (0, 0):
            time.sleep(0.01)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as told:
    json.dump([used.ru_utime + used.ru_stime, done.returncode], told)
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command used, and what it said."""

    status: int
    cpu_s: float
    wall_s: float
    peak_mib: float
    stdout: str
    stderr: str


class Failed(Exception):
    """A command that was measured ended with another status than 0."""


def run(
    argv: Sequence[str | Path],
    *,
    scratch: Path,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 1800,
    check: bool = True,
) -> Usage:
    """Run a command to its end and return its usage; `scratch` is a folder for three small files.

    CPU seconds are user + system of every process of the tree, told by the kernel as each ends. The peak is
    the largest sum of proportional set sizes over the tree, looked at every 0.25 s: a page that processes share, of
    a library for example, is in memory once and counts once. Raises Failed with the last line of standard error when
    the status is not 0 and `check` is set, and subprocess.TimeoutExpired after killing the tree.
    """
    import json

    told = scratch / f"usage-{os.getpid()}-{time.monotonic_ns()}.json"
    out, err = told.with_suffix(".out"), told.with_suffix(".err")
    with out.open("wb") as stdout, err.open("wb") as stderr:
        began = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, "-c", METER, str(told), *map(str, argv)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            env=env,
        )
        watch = _Memory(child.pid)
        watch.start()
        try:
            child.wait(timeout_s)
        except BaseException:
            _kill(child.pid)
            child.wait()
            raise
        finally:
            wall = time.monotonic() - began
            watch.stop.set()
            watch.join()
    cpu, status = json.loads(told.read_text())
    usage = Usage(
        status,
        cpu,
        wall,
        watch.peak / 2**20,
        out.read_text(errors="replace"),
        err.read_text(errors="replace"),
    )
    for path in (told, out, err):
        path.unlink()
    if check and status:
        last = (usage.stderr.strip().splitlines() or ["nothing on standard error"])[-1]
        raise Failed(f"{Path(argv[0]).name} ended with status {status}: {last}")
    return usage


class _Memory(threading.Thread):
    """Remembers the most memory that a process tree had, without the meter at its root."""

    def __init__(self, pid: int) -> None:
        super().__init__(name="memory", daemon=True)
        self.root, self.peak, self.stop = psutil.Process(pid), 0, threading.Event()

    def run(self) -> None:
        while not self.stop.wait(PERIOD_S):
            total = 0
            with suppress(psutil.Error):
                for process in self.root.children(recursive=True):
                    with suppress(psutil.Error):
                        total += _proportional(process)
            self.peak = max(self.peak, total)


def _proportional(process: psutil.Process) -> int:
    """Return its bytes in memory, shared pages in equal parts; all of them where the kernel tells only that."""
    with suppress(OSError), open(f"/proc/{process.pid}/smaps_rollup") as rollup:
        for line in rollup:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)


def _kill(pid: int) -> None:
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in [*root.children(recursive=True), root]:
            with suppress(psutil.Error):
                process.kill()
