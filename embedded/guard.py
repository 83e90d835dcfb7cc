"""Stop every child of a run that died without stopping them (kill -9, a crash, a closed terminal).

It is told on its standard input, line by line, which process groups live. When that pipe closes, the parent is gone:
whatever is still on the list gets its polite signal, then SIGKILL, and the leftovers it was told of are removed. Runs
with the standard library alone.
"""

import contextlib
import os
import shutil
import signal
import sys
import time


def alive(group: int) -> bool:
    """Say whether a process of this group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Read the list until the pipe closes, then stop what is on it, last started first."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, int] = {}
    leftovers: list[str] = []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "start":
            group, number = rest.split()
            groups[int(group)] = int(number)
        elif word == "stop":
            groups.pop(int(rest), None)
        elif word == "remove":
            leftovers.append(rest)
    for group, number in reversed(groups.items()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    until = time.monotonic() + float(sys.argv[1])  # seconds between the polite signal and SIGKILL
    while time.monotonic() < until and any(alive(group) for group in groups):
        time.sleep(0.1)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for path in leftovers:
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                os.unlink(path)


if __name__ == "__main__":
    main()
