"""How many calls a key may make in a minute, counted in the cache that all web processes share."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache

WINDOW_S = 60


@dataclass(frozen=True)
class Count:
    """Where a caller stands in this minute."""

    limit: int
    used: int
    resets_in: int

    @property
    def over(self) -> bool:
        """Say whether this call is one too many."""
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """Say it to programs."""
        found = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - self.used, 0)),
            "X-RateLimit-Reset": str(self.resets_in),
        }
        return {**found, "Retry-After": str(self.resets_in)} if self.over else found


def count(who: str, *, limit: int) -> Count:
    """Count one call of a caller in the minute that runs."""
    now = time.time()
    name = f"api:{who}:{int(now // WINDOW_S)}"
    cache.add(name, 0, timeout=2 * WINDOW_S)
    return Count(limit, cache.incr(name), WINDOW_S - int(now % WINDOW_S))
