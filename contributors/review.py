"""The contributor's own look at the redaction: what is shown, and submitting it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Prefetch

from contributors import sport
from contributors.certificate import kind_word
from contributors.media import signed
from marketplace import timeline
from marketplace.models import Clip, Footage, Sound, Tag, Vertical
from marketplace.states import ClipState, FootageState, MoveRefused, advance
from pipeline import covering, jobs
from pipeline.models import ManualBox


@dataclass(frozen=True)
class Doubt:
    """A place where the engine was not sure."""

    kind: str
    at_ms: int
    until_ms: int
    reasons: str

    @property
    def at_s(self) -> str:
        """Give the moment in seconds, as the player takes it."""
        return f"{self.at_ms / 1000:.3f}"


@dataclass(frozen=True)
class Shown:
    """One clip as the page shows it."""

    clip: Clip
    poster_url: str
    rows: list[timeline.Row]
    doubts: list[Doubt]
    note: str = ""


def shown_clips(footage: Footage) -> list[Shown]:
    """List the clips of a footage with their timelines and doubtful places."""
    clips = footage.clips.prefetch_related(Prefetch("tags", Tag.objects.order_by("start_ms", "tag_id")))
    return [
        Shown(
            clip=clip,
            poster_url=signed(clip, "poster"),
            rows=timeline.rows(clip.tags.all(), length_ms=clip.duration_ms),
            doubts=[doubt for raw in _doubtful(footage) if (doubt := _doubt(raw, clip))],
            note=sport.empty(clip),
        )
        for clip in clips
    ]


def _doubtful(footage: Footage) -> list[dict[str, Any]]:
    found = footage.certificate.get("doubtful", [])
    return found if isinstance(found, list) else []


def _doubt(raw: dict[str, Any], clip: Clip) -> Doubt | None:
    start, end = round(raw["start_s"] * 1000), round(raw["end_s"] * 1000)
    if start >= clip.end_ms or end <= clip.start_ms:
        return None
    return Doubt(
        kind=kind_word(raw["kind"]),
        at_ms=max(0, start - clip.start_ms),
        until_ms=min(end, clip.end_ms) - clip.start_ms,
        reasons=", ".join(raw.get("reasons", [])),
    )


@dataclass(frozen=True)
class ShownBox:
    """A region that somebody drew."""

    box: ManualBox
    clip: str
    who: str
    applied: bool
    removable: bool


def shown_boxes(footage: Footage, *, reader: Any, desk: bool = False) -> list[ShownBox]:
    """List the regions that were drawn on a footage; the desk is not named to its owner."""
    clips = list(footage.clips.exclude(state=ClipState.WITHDRAWN))
    shown = []
    for box in covering.active(footage):
        on = next((clip for clip in clips if clip.start_ms <= box.start_ms < clip.end_ms), None)
        if box.drawn_by_id == reader.pk:
            who = "you"
        elif desk:
            who = str(box.drawn_by)
        else:
            who = "you" if box.drawn_by_id == footage.owner_id else "our moderators"
        shown.append(
            ShownBox(
                box=box,
                clip=f"Clip {on.position + 1}" if on else "Between clips",
                who=who,
                applied=box.applied_at is not None,
                removable=desk or box.drawn_by_id == reader.pk,
            )
        )
    return shown


def option_words(footage: Footage) -> list[tuple[str, str]]:
    """Say how a footage is covered, in the words of the upload page."""
    words = [("Faces and number plates", "covered")]
    if footage.vertical == Vertical.SPORTS:
        words.append(("Jersey numbers and names", "covered" if footage.cover_jerseys else "left as they are"))
    words.append(("Screens and burnt-in text", "covered" if footage.cover_screens else "left as they are"))
    kept = footage.sound == Sound.MUTE_SPEECH
    words.append(("Sound", "kept, speech silenced" if kept else "dropped"))
    return words


def minutes_to_look(clips: Collection[Clip]) -> int:
    """Estimate how long a look takes: each clip once, and a fifth more for going back."""
    return max(1, math.ceil(sum(clip.duration_ms for clip in clips) * 1.2 / 60_000))


def submit(*, footage: Footage, person: Any, leave_out: Collection[uuid.UUID] = ()) -> int:
    """Send the clips to the moderators, without those to leave out; says how many went."""
    with transaction.atomic():
        # Clips before the footage, as moderators lock them.
        clips = list(footage.clips.select_for_update(no_key=True).order_by("pk"))
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        if jobs.live(fresh):
            raise MoveRefused(
                "This footage is being covered again at this moment. Nothing was submitted. "
                "Wait until it is done, look at it, then submit."
            )
        if fresh.manual_boxes.filter(applied_at=None, removed_in=None).exists():
            raise MoveRefused(
                "A box that was drawn is not covered yet. Nothing was submitted. "
                "Press “Cover it again”, or take the box away."
            )
        left = {clip.pk for clip in clips} & set(leave_out)
        waiting = [clip for clip in clips if clip.state == ClipState.REVIEW]
        if fresh.state == FootageState.REVIEW and not [clip for clip in waiting if clip.pk not in left]:
            raise MoveRefused(
                "You left every clip out, so there is nothing to submit. Nothing was changed. "
                "Keep at least one, or withdraw the footage."
            )
        advance(fresh, FootageState.IN_MODERATION, actor=person, data={"left_out": len(left)})
        for clip in waiting:
            advance(clip, ClipState.WITHDRAWN if clip.pk in left else ClipState.IN_MODERATION, actor=person)
    return len(waiting) - len(left)
