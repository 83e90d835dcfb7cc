"""Progress as a person sees it: which step, how much of it, and how many seconds are left of the whole."""

from __future__ import annotations

import time
from collections.abc import Callable

# (step, fraction of it, seconds left of the whole work or None while nobody can know).
Told = Callable[[str, float, float | None], None]
# Nearly all time goes into one step; what follows it takes about this share of it more.
LONG_STEP, AFTERWARDS = "redact", 0.04
# Before this much of the step or of a second the speed is a guess.
LEAST_SHARE, LEAST_S = 0.02, 1.0


class Teller:
    """Passes progress on, not more often than every percent, and estimates the time left from the speed so far."""

    def __init__(self, to: Told | None) -> None:
        self._to, self._last = to, ("", -1.0)
        self._began: float | None = None
        self._from = 0.0
        self._long_took = 0.0

    def __call__(self, step: str, fraction: float, left_s: float | None = None) -> None:
        """Tell it, unless less than a percent has happened; a `left_s` from elsewhere is passed on."""
        left = self._left(step, fraction) if left_s is None else left_s
        if self._to and (step != self._last[0] or fraction >= 1.0 or fraction - self._last[1] >= 0.01):
            self._last = (step, fraction)
            self._to(step, fraction, left)

    def _left(self, step: str, fraction: float) -> float | None:
        now = time.monotonic()
        if step != LONG_STEP:
            if step in ("tag", "cut", "seal") and self._long_took:
                share = {"tag": 1.0, "cut": 1.0 - fraction, "seal": 0.0}[step]
                return round(AFTERWARDS * self._long_took * share, 1)
            return None
        if self._began is None:
            self._began, self._from = now, fraction
        gone, done = now - self._began, fraction - self._from
        self._long_took = gone
        if done < LEAST_SHARE or gone < LEAST_S:
            return None
        rest = gone / done * max(0.0, 1.0 - fraction)
        return round(rest + AFTERWARDS * (gone + rest), 1)
