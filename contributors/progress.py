"""How far the work on a footage is, in words and steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from contributors.running import AT_WORK
from marketplace.models import Footage
from marketplace.states import JobState
from marketplace.templatetags.fairframe import duration
from pipeline import forecast, jobs
from pipeline.models import Job, JobKind
from pipeline.video.steps import STEPS

# The engine's steps, and what the worker does before and after it.
SHOWN = [
    ("fetch", "Fetching your file and comparing its checksum"),
    *STEPS,
    ("store", "Storing the covered clips"),
]
SAMPLE = 50  # finished jobs that the estimate is drawn from
FEWEST = 5  # fewer say nothing


@dataclass(frozen=True)
class Progress:
    """What the page shows while machines work."""

    steps: list[dict[str, Any]]
    sentence: str
    estimate: str = ""
    again: bool = False


def latest_job(footage: Footage) -> Job | None:
    """Find the newest job of a footage."""
    return footage.jobs.filter(kind__in=[JobKind.PROCESS, JobKind.COVER]).order_by("-created_at").first()


def of(footage: Footage) -> Progress:
    """Say how far the work on this footage is."""
    job = latest_job(footage)
    now = timezone.now()
    if job is None:
        return Progress(steps=_steps(None, footage), sentence="Waiting for a worker.")
    again = job.kind == JobKind.COVER
    if job.state == JobState.QUEUED:
        place = jobs.place_in_queue(job)
        ahead = "You are next" if place == 1 else f"{place - 1} before you"
        sentence = f"Waiting for a worker for {_since(job.state_changed_at, now)}. {ahead}."
        if job.attempts:
            sentence = f"The last attempt stopped: {job.reason} It is tried again by itself. {ahead}."
        usual = usual_seconds(footage)
        estimate = f"Nine of ten files of this size take less than {_about(usual)}." if usual else ""
        return Progress(_steps(job, footage), sentence, estimate, again)
    if job.state == JobState.RUNNING and job.started_at:
        worked = (now - job.started_at).total_seconds()
        sentence = f"At work for {duration(worked * 1000)}."
        if job.attempts > 1:
            sentence += f" This is attempt {job.attempts} of {job.max_attempts}."
        sentence += _parts(job)
        return Progress(_steps(job, footage), sentence, _left(job, footage, worked), again)
    return Progress(_steps(job, footage), "", again=again)


def _parts(job: Job) -> str:
    """Say how many segments of long footage are done and at work."""
    states = list(job.segments.values_list("state", flat=True))
    if not states:
        return ""
    done, now = states.count(JobState.DONE), states.count(JobState.RUNNING)
    return f" The footage is long, so it is shared: {done} of {len(states)} parts are done, {now} at work."


def _left(job: Job, footage: Footage, worked: float) -> str:
    """Say how long it still takes: measured where it can be, else what is usual, else nothing."""
    if job.left_s is not None:
        where = "" if forecast.known() else " of this step"
        return f"About {_about(job.left_s)}{where} left, at the speed of the last minute."
    usual = usual_seconds(footage)
    return f"Probably less than {_about(usual - worked)} more." if usual > worked else ""


def _since(moment: datetime, now: datetime) -> str:
    return duration(max(1.0, (now - moment).total_seconds()) * 1000)


def _about(seconds: float) -> str:
    if seconds < 45:
        return f"{max(5, -(-seconds // 5) * 5):.0f} seconds"
    minutes = -(-seconds // 60)
    if minutes >= 90:
        return f"{minutes / 60:.1f} hours"
    return "a minute" if minutes == 1 else f"{minutes:.0f} minutes"


def _steps(job: Job | None, footage: Footage) -> list[dict[str, Any]]:
    keys = [key for key, _ in SHOWN]
    done = job is not None and job.state == JobState.DONE
    failed = job is not None and job.state in (JobState.FAILED, JobState.REFUSED, JobState.CANCELLED)
    running = job is not None and job.state == JobState.RUNNING
    at = keys.index(job.step) if job is not None and job.step in keys else 0
    shown = []
    for index, (key, title) in enumerate(SHOWN):
        state = "wait"
        if done or ((running or failed) and index < at):
            state = "done"
        elif running and index == at:
            state = "now"
        elif failed and index == at:
            state = "failed"
        seconds = job.timing.get(key) if job is not None else None
        shown.append(
            {
                "title": title,
                "state": state,
                "percent": round(job.progress * 100)
                if state == "now" and job is not None and job.step
                else None,
                "side": duration(seconds * 1000) if seconds else "",
            }
        )
    return shown


def usual_seconds(footage: Footage) -> float:
    """Estimate the work from the slowest tenth of recent jobs, by size; 0 when too few are known."""
    recent = Job.objects.filter(kind=JobKind.PROCESS, state=JobState.DONE, footage__isnull=False)
    rates = sorted(
        (finished - started).total_seconds() / size
        for started, finished, size in recent.order_by("-finished_at").values_list(
            "started_at", "finished_at", "footage__size_bytes"
        )[:SAMPLE]
        if started and finished and size
    )
    if len(rates) < FEWEST:
        return 0.0
    return rates[min(len(rates) - 1, int(len(rates) * 0.9))] * footage.size_bytes


def at_work(footage: Footage) -> bool:
    """Say whether the page has something to wait for."""
    return footage.state in AT_WORK or covered_again(footage)


def covered_again(footage: Footage) -> bool:
    """Say whether a footage that has a result is being covered again."""
    return footage.state not in AT_WORK and jobs.live(footage) is not None
