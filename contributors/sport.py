"""The sport of a footage: what it was uploaded as, and correcting it once it was looked at."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from marketplace.models import Clip, Footage, Vertical
from marketplace.models.event import record
from marketplace.states import MoveRefused
from pipeline import covering

NOBODY = "Nobody can be seen in this clip. Leave it out, unless an empty place is what it should show."


def correct(*, footage: Footage, person: Any, discipline: str) -> None:
    """Take another sport and tag the footage anew; raises MoveRefused with a sentence."""
    if footage.vertical != Vertical.SPORTS or discipline == footage.discipline:
        raise MoveRefused("That is the sport already. Nothing was changed.")
    with transaction.atomic():
        before = footage.discipline
        Footage.objects.filter(pk=footage.pk).update(discipline=discipline)
        covering.ask_anew(footage=footage, person=person)
        record(
            "footage.sport_corrected", subject=footage, actor=person, data={"from": before, "to": discipline}
        )


def empty(clip: Clip) -> str:
    """Say that a sports clip shows nobody, or nothing; its tags tell."""
    people = ("sport.athlete_count.", "sport.drill.", "actor.pedestrian")
    if clip.footage.vertical != Vertical.SPORTS or any(tag.startswith(people) for tag in clip.tag_ids):
        return ""
    return NOBODY
