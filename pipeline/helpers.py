"""Processes that do the clips of a large publication side by side, for Python uses one core a process.

A worker's own children may not have children through multiprocessing; so these are plain ones that read plans from
their standard input and end when it does, also when the worker was killed.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any

from django.conf import settings

LENGTH = 8  # bytes that say how long a message is
THREADS = 6  # of a helper: while one clip waits for the store another is written


class HelperGone(Exception):
    """A helper ended in the middle of its work; what it had stored is found again by the next attempt."""


class Helpers:
    """Some processes; run() takes the first that is free."""

    def __init__(self, count: int) -> None:
        self._all = [_start() for _ in range(count)]
        self._free: queue.Queue[subprocess.Popen[bytes]] = queue.Queue()
        for child in self._all:
            self._free.put(child)

    def kill(self) -> None:
        """End them, whatever they do; who waits for one gets HelperGone."""
        for child in self._all:
            child.kill()
            child.wait()

    def close(self) -> None:
        """Close the pipes, once nobody waits any more."""
        for child in self._all:
            for pipe in (child.stdin, child.stdout):
                with suppress(BrokenPipeError):
                    pipe.close()  # type: ignore[union-attr]

    def run(self, jobs: Sequence[Any]) -> list[Any]:
        """Do pieces.do() with each of ``jobs`` in a helper; raises what it raises, or HelperGone."""
        child = self._free.get()
        try:
            _send(child.stdin, jobs)  # type: ignore[arg-type]
            made, fault = _receive(child.stdout)  # type: ignore[arg-type]
        except (OSError, EOFError) as error:
            raise HelperGone(f"exit status {child.poll()}") from error
        finally:
            self._free.put(child)
        if fault is not None:
            raise fault
        return list(made)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
    )


def _send(pipe: IO[bytes], message: Any) -> None:
    data = pickle.dumps(message)
    pipe.write(len(data).to_bytes(LENGTH, "big") + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    head = pipe.read(LENGTH)
    if len(head) < LENGTH:
        raise EOFError
    return pickle.loads(pipe.read(int.from_bytes(head, "big")))  # noqa: S301 - from ourselves, through a pipe


def _help(do: Callable[[Any], Any]) -> None:
    # What somebody prints goes to the log and not between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with ThreadPoolExecutor(THREADS) as pool:
        while True:
            try:
                jobs = _receive(sys.stdin.buffer)
            except EOFError:
                return
            try:
                answer: tuple[list[Any], Exception | None] = list(pool.map(do, jobs)), None
            except Exception as error:
                answer = [], _portable(error)
            _send(answers, answer)


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    import django

    django.setup()
    from pipeline import pieces

    _help(pieces.do)
