"""Child processes: started with a log, watched, stopped in the opposite order, never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded.failure import Failed, Stopped

GUARD = Path(__file__).with_name("guard.py")
LAST_LINES = 8


@dataclass
class Child:
    """One running process, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    grace: float  # seconds between the stop signal and SIGKILL
    layer: int  # children of one layer stop together, the highest layer first
    ends: bool  # it has a task and ends with status 0 when that is done

    def where(self) -> str:
        """Say where the log is, and give its end, for the person who has to find out why."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"Its log: {self.log}", *(f"    {line}" for line in lines[-LAST_LINES:])])

    def ended(self) -> str:
        """Say how it ended: an exit status or a signal's name."""
        status = self.process.returncode
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


@dataclass
class Family:
    """All children of one run; use it as a context manager."""

    logs: Path
    orphans_grace: float = 10.0  # seconds that children get when we are killed before they are
    asked_to_stop: threading.Event = field(default_factory=threading.Event)
    children: list[Child] = field(default_factory=list)
    _guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Family:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), str(self.orphans_grace)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 10.0,
        layer: int = 0,
        ends: bool = False,
    ) -> Child:
        """Start one child in the background, its output in ``logs``."""
        log = self.logs / f"{name}.log"
        if log.exists():
            log.replace(self.logs / f"{name}.before.log")
        try:
            with log.open("ab") as output:
                process = subprocess.Popen(
                    argv,
                    env=dict(env),
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    # A Ctrl-C in the terminal reaches only us, so the order of stopping is ours.
                    start_new_session=True,
                )
        except OSError as error:
            raise Failed(f"{name} could not be started: {argv[0]}: {error.strerror}.") from error
        self._tell(f"start {process.pid} {int(stop_signal)}")
        child = Child(name, process, log, stop_signal, grace, layer, ends)
        self.children.append(child)
        return child

    def wait_until(self, child: Child, ready: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Wait until a child answers; raise Failed when it, or an older one, ends before that."""
        until = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > until:
                raise Failed(f"{child.name} did not answer within {seconds:.0f} seconds. {child.where()}")
            time.sleep(0.05)

    def finish(self, child: Child, *, seconds: float) -> None:
        """Wait for the end of a child that ends; raise Failed when it refuses or takes longer than ``seconds``."""
        until = time.monotonic() + seconds
        while child.process.poll() is None:
            self.check()
            if time.monotonic() > until:
                raise Failed(f"{child.name} did not end within {seconds:.0f} seconds. {child.where()}")
            time.sleep(0.02)
        self.check()
        self.stop_these([child])

    def check(self) -> None:
        """Raise Failed when a child has ended that should not have, Stopped when somebody asked for it.

        A signal only sets ``asked_to_stop``: an exception out of its handler could come between a child's start and
        the note of it, and the child would live on.
        """
        if self.asked_to_stop.is_set():
            raise Stopped
        for child in self.children:
            status = child.process.poll()
            if status is not None and not (child.ends and status == 0):
                raise Failed(f"{child.name} has ended ({child.ended()}). {child.where()}")

    def remove_after(self, path: Path) -> None:
        """Have a file or a folder removed once all children are gone, even if we are killed."""
        self._tell(f"remove {path}")

    def change_stop_signal(self, child: Child, stop_signal: signal.Signals) -> None:
        """Have a child stopped by another signal from now on."""
        child.stop_signal = stop_signal
        self._tell(f"start {child.process.pid} {int(stop_signal)}")

    def stop_these(self, children: Sequence[Child]) -> None:
        """Ask children to stop, all at once; wait, then kill what is left of their groups."""
        began = time.monotonic()
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(child.stop_signal)
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, began + child.grace - time.monotonic()))
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._tell(f"stop {child.process.pid}")
            self.children.remove(child)

    def stop(self) -> None:
        """Stop every child, the highest layer first, and let the guard go."""
        for layer in sorted({child.layer for child in self.children}, reverse=True):
            self.stop_these([child for child in self.children if child.layer == layer])
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
            self._guard.wait()
            self._guard = None

    def _tell(self, line: str) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.write(f"{line}\n".encode())
                self._guard.stdin.flush()
