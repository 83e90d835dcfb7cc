"""Stopping the work on a footage, and starting it again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from marketplace.models import Footage
from marketplace.states import FootageState, MoveRefused, advance
from pipeline import artefacts, covering, jobs
from pipeline.models import Job, JobKind

AT_WORK = (FootageState.QUEUED, FootageState.PROCESSING)


def stop(*, footage: Footage, person: Any, desk: bool = False) -> str:
    """Cancel what waits or runs; the worker stops within seconds and what it had stored is thrown away.

    Says in one sentence what was kept. Raises MoveRefused when there is nothing to stop any more.
    """
    with transaction.atomic():
        # The job's row first: its worker locks it before clips and footage.
        live = list(Job.objects.select_for_update(no_key=True).filter(footage=footage).order_by("pk"))
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        job = next((job for job in live if job.state in ("queued", "running")), None)
        if job is None:
            raise MoveRefused("The work on this footage is over already, so there was nothing to stop.")
        if not desk and fresh.state == FootageState.IN_MODERATION:
            raise MoveRefused(
                "Our moderators asked for this, so only the desk can stop it. Nothing was changed. "
                "You can withdraw the footage at any time."
            )
        if job.kind == JobKind.PROCESS:
            advance(fresh, FootageState.STOPPED, actor=person, reason="")
        jobs.cancel_for(footage=fresh, actor=person)
        job.refresh_from_db()
        covering.release(job)
    artefacts.drop_unused(footage)
    if job.kind == JobKind.COVER:
        return "Stopped. The clips are as they were, and your boxes are kept."
    return "Stopped. Your upload is kept: start the work again whenever you like, or withdraw it."


def again(*, footage: Footage, person: Any) -> None:
    """Queue the work on a footage that was stopped or that failed through our fault."""
    with transaction.atomic():
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        if fresh.state not in (FootageState.STOPPED, FootageState.FAILED):
            raise MoveRefused("The work on this footage is not stopped, so there was nothing to start.")
        advance(fresh, FootageState.QUEUED, actor=person, reason="")
        jobs.enqueue_process(footage=fresh)
