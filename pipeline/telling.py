"""What a worker says while it works: how far it is, how long is left, and that it still lives."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

EVERY_S = 1.0  # one write a second keeps the page alive and the lease fresh
WINDOW_S = 60.0  # the speed of the last minute says more than that of the start
LEAST_S = 3.0  # before this a speed is noise
LEAST_SHARE = 0.01


class Telling:
    """Passes progress on at most once a second, measures the time left, and notices a lease that is gone.

    ``write(step, progress, left_s)`` stores and raises when the work is not ours any more; ``later_s(step, seconds)``
    estimates what the steps after this one take, from the seconds that this one will have taken.
    """

    def __init__(
        self,
        write: Callable[[str, float, float | None], None],
        *,
        later_s: Callable[[str, float], float | None] = lambda _step, _seconds: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write, self._later_s, self._clock = write, later_s, clock
        self._step, self._progress, self._began, self._wrote = "", 0.0, 0.0, float("-inf")
        self._told_left: float | None = None
        self._marks: deque[tuple[float, float]] = deque()
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str, progress: float, left_s: float | None = None) -> None:
        """Say that ``progress`` (0 to 1) of a step is done; ``left_s`` counts while nothing is measured here."""
        now = self._clock()
        fresh = step != self._step
        if fresh:
            self._step, self._began = step, now
            self._marks.clear()
        self._progress, self._told_left = progress, left_s
        self._marks.append((now, progress))
        while self._marks[-1][0] - self._marks[0][0] > WINDOW_S and len(self._marks) > 2:
            self._marks.popleft()
        self.seconds[step] = round(now - self._began, 3)
        if fresh or progress >= 1.0 or now - self._wrote >= EVERY_S:
            self._say(now)

    def beat(self) -> None:
        """Keep the lease while nothing new is to be said; call it as often as you like."""
        now = self._clock()
        if self._step and now - self._wrote >= EVERY_S:
            self._say(now)

    def _say(self, now: float) -> None:
        self._wrote = now
        measured = self.left(now)
        self._write(self._step, self._progress, self._told_left if measured is None else measured)

    def left(self, now: float) -> float | None:
        """Estimate the seconds that are left of the whole job; None while it cannot be known."""
        gone = now - self._began
        if gone < LEAST_S or self._progress < LEAST_SHARE:
            return None
        then, share = self._marks[0]
        moved = self._progress - share
        # A step that has stood still since the window began is judged by its whole run.
        rate = moved / (now - then) if moved > 0 and now - then >= LEAST_S else self._progress / gone
        this = max(0.0, 1.0 - self._progress) / rate
        later = self._later_s(self._step, gone + this)
        return None if later is None else round(this + later, 1)
