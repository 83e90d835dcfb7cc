"""All segments of one footage on this machine: after each other in this process, or in several processes.

One process keeps two cores busy (its detectors, its encoder and its decoder run beside each other) and holds one set
of models; so there is one process for every two workers, and never more than there are segments.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.video.errors import BadInput, Cancelled, ChildFailed
from pipeline.video.segments import Plan, finished, process_segment
from pipeline.video.tell import Told

WORKERS_A_PROCESS = 2
# Seconds between looks whether the work was cancelled, and given to a child to end by itself.
PATIENCE_S, GRACE_S = 0.5, 10.0


def process_all(
    source: Path, folder: Path, plan: Plan, *, workers: int, tell: Told, stop: Callable[[], bool]
) -> None:
    """Process every segment that is not finished yet; raise BadInput, Cancelled or ChildFailed."""
    count = len(plan.segments)
    processes = min(count, workers // WORKERS_A_PROCESS)
    done = [finished(folder, plan, segment.index) for segment in plan.segments] if count > 1 else [False]
    share = _Shares(plan, done, tell)
    if processes > 1:
        _in_children(source, folder, plan, share, processes, workers // processes, stop)
        return
    for index in share.missing():
        process_segment(
            source, folder, plan, index, workers=workers, on_progress=share.told(index), cancelled=stop
        )


class _Shares:
    """Adds the progress of the segments up to that of the whole."""

    def __init__(self, plan: Plan, done: list[bool], tell: Told) -> None:
        ends = [plan.frames if s.end is None else s.end for s in plan.segments]
        self._sizes = [max(1, end - s.start) for s, end in zip(plan.segments, ends, strict=True)]
        self._done = [float(ready) for ready in done]
        self._tell = tell
        tell("redact", self.fraction, None)

    @property
    def fraction(self) -> float:
        return sum(size * part for size, part in zip(self._sizes, self._done, strict=True)) / sum(self._sizes)

    def __call__(self, index: int, fraction: float) -> None:
        self._done[index] = max(self._done[index], fraction)
        self._tell("redact", self.fraction, None)

    def told(self, index: int) -> Told:
        """Return the progress callback of one segment."""
        return lambda _step, fraction, _left: self(index, fraction)

    def missing(self) -> list[int]:
        return [index for index, part in enumerate(self._done) if part < 1.0]


@dataclass
class _Child:
    index: int
    process: subprocess.Popen[str]

    @property
    def lines(self) -> IO[str]:
        if self.process.stdout is None:
            raise RuntimeError("the child has no stdout")
        return self.process.stdout


def _in_children(
    source: Path,
    folder: Path,
    plan: Plan,
    share: _Shares,
    processes: int,
    threads: int,
    stop: Callable[[], bool],
) -> None:
    waiting, running = deque(share.missing()), selectors.DefaultSelector()
    try:
        while waiting or running.get_map():
            while waiting and len(running.get_map()) < processes:
                child = _start(source, folder, plan, waiting.popleft(), threads)
                running.register(child.lines, selectors.EVENT_READ, child)
            if stop():
                raise Cancelled("The work was cancelled; nothing was kept.")
            for key, _ in running.select(PATIENCE_S):
                child = key.data
                line = child.lines.readline()
                if line:
                    share(child.index, float(line))
                else:
                    running.unregister(child.lines)
                    _ended(child)
                    share(child.index, 1.0)
    finally:
        for key in list(running.get_map().values()):
            _end(key.data)
        running.close()


def _start(source: Path, folder: Path, plan: Plan, index: int, threads: int) -> _Child:
    command = [sys.executable, "-m", "pipeline.video.side_by_side"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    asked = {
        "source": str(source.resolve()), "folder": str(folder.resolve()), "plan": plan.to_json(), "index": index,
        "threads": threads,
    }  # fmt: skip
    if process.stdin is None:
        raise RuntimeError("the child has no stdin")
    process.stdin.write(json.dumps(asked))
    process.stdin.close()
    return _Child(index=index, process=process)


def _ended(child: _Child) -> None:
    """Reap a child; raise what it met."""
    said = child.process.stderr.read() if child.process.stderr else ""
    status = child.process.wait()
    _close(child)
    if status == 2:
        raise BadInput(said.strip().splitlines()[-1])
    if status != 0:
        raise ChildFailed(status=status, stderr=said, timed_out=False)


def _end(child: _Child) -> None:
    """Ask a child to end, and insist after a while: its own children die with it."""
    child.process.send_signal(signal.SIGTERM)
    try:
        child.process.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
    _close(child)


def _close(child: _Child) -> None:
    for stream in (child.process.stdout, child.process.stderr):
        if stream:
            stream.close()


def main() -> int:
    """Process one segment as asked on standard input; print the fraction done, line by line."""
    asked = json.load(sys.stdin)
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: stopped.append(received))
    parent = os.getppid()

    def told(_step: str, fraction: float, _left: float | None) -> None:
        sys.stdout.write(f"{fraction:.4f}\n")
        sys.stdout.flush()

    try:
        process_segment(
            Path(asked["source"]), Path(asked["folder"]), Plan.from_json(asked["plan"]), asked["index"],
            workers=asked["threads"], on_progress=told,
            cancelled=lambda: bool(stopped) or os.getppid() != parent,
        )  # fmt: skip
    except BadInput as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 2
    except Cancelled:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
