"""What is usual: how the time of finished jobs is spread over their steps."""

from __future__ import annotations

from statistics import median

from marketplace.states import JobState
from pipeline.models import Job, JobKind
from pipeline.video.steps import KEYS

ORDER = ["fetch", *KEYS, "store"]
SAMPLE = 50
FEWEST = 3  # fewer finished jobs say nothing


class Usual:
    """Says how long the steps after one take, measured against that one; read once a job."""

    def __init__(self, kind: str = JobKind.PROCESS) -> None:
        rows = Job.objects.filter(kind=kind, state=JobState.DONE).order_by("-finished_at")
        self._timings = list(rows.values_list("timing", flat=True)[:SAMPLE])

    def later_s(self, step: str, seconds: float) -> float | None:
        """Estimate the seconds of the steps after ``step`` when it takes ``seconds``; None when nothing is known."""
        after = ORDER[ORDER.index(step) + 1 :] if step in ORDER else []
        if not after:
            return 0.0
        # Steps before the long one say nothing about it: their estimate would be a guess.
        if "redact" in after:
            return None
        if len(self._timings) < FEWEST:
            return 0.0  # the page says then that the time is that of this step
        ratios = [
            sum(float(timing.get(key, 0)) for key in after) / float(timing[step])
            for timing in self._timings
            if timing.get(step)
        ]
        return seconds * median(ratios) if ratios else 0.0


def known() -> bool:
    """Say whether enough jobs have finished to tell what usually comes after a step."""
    return Job.objects.filter(kind=JobKind.PROCESS, state=JobState.DONE)[:FEWEST].count() >= FEWEST
