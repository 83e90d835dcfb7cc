"""What happened to a footage, as its owner reads it in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.models import Event, Footage
from marketplace.states import FootageState

WORDS = {
    "consent.given": "You gave the consents and the upload began.",
    "consent.withdrawn": "You took the consents back.",
    "footage.cover_asked": "Covering again was asked for.",
    "footage.boxes_forgotten": "A box that was not covered yet was taken away.",
    "footage.covered_again": "Covered again: the clips have new pictures.",
    "footage.telemetry_changed": "The telemetry file or its clock was changed.",
    "footage.sport_corrected": "The sport was corrected.",
    "footage.files_deleted": "The files were deleted.",
    "footage.original_deleted": "The original was deleted; the covered clips stay.",
}


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    at: datetime
    sentence: str
    who: str


def of(footage: Footage, *, reader: Any) -> list[Line]:
    """List what happened to a footage, newest first; staff are not named."""
    events = Event.objects.filter(subject_type=footage._meta.label_lower, subject_id=str(footage.pk))
    return [_line(event, reader) for event in events.order_by("-pk")[:200]]


def _line(event: Event, reader: Any) -> Line:
    who = "you" if event.actor_id == reader.pk else "Fairframe"
    _, _, state = event.verb.partition(".")
    if event.verb in WORDS:
        sentence = WORDS[event.verb]
    elif event.verb.startswith("footage.") and state in FootageState.values:
        sentence = str(FootageState(state).label).partition(":")[0] + "."
    else:
        sentence = event.verb.replace(".", " ").replace("_", " ").capitalize() + "."
    return Line(event.at, sentence, who)
