"""The contributor's own look at the redaction: what is shown, and submitting it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Prefetch

from contributors.media import signed
from marketplace import timeline
from marketplace.models import Clip, Footage, Tag
from marketplace.states import ClipState, FootageState, MoveRefused, advance

KIND_WORDS = {"face": "face", "plate": "number plate", "jersey": "jersey number", "screen": "screen"}


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


def shown_clips(footage: Footage) -> list[Shown]:
    """List the clips of a footage with their timelines and doubtful places."""
    clips = footage.clips.prefetch_related(Prefetch("tags", Tag.objects.order_by("start_ms", "tag_id")))
    return [
        Shown(
            clip=clip,
            poster_url=signed(clip, "poster"),
            rows=timeline.rows(clip.tags.all(), length_ms=clip.duration_ms),
            doubts=[doubt for raw in _doubtful(footage) if (doubt := _doubt(raw, clip))],
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
        kind=KIND_WORDS.get(raw["kind"], raw["kind"]),
        at_ms=max(0, start - clip.start_ms),
        until_ms=min(end, clip.end_ms) - clip.start_ms,
        reasons=", ".join(raw.get("reasons", [])),
    )


def hidden(footage: Footage) -> list[tuple[str, int]]:
    """Say what was covered: the word and how many, most first."""
    tracks = footage.certificate.get("tracks", {})
    counts = [(KIND_WORDS.get(kind, kind), int(facts.get("found", 0))) for kind, facts in tracks.items()]
    return sorted(counts, key=lambda pair: -pair[1])


def minutes_to_look(clips: Collection[Clip]) -> int:
    """Estimate how long a look takes: each clip once, and a fifth more for going back."""
    return max(1, math.ceil(sum(clip.duration_ms for clip in clips) * 1.2 / 60_000))


def submit(*, footage: Footage, person: Any, leave_out: Collection[uuid.UUID] = ()) -> int:
    """Send the clips to the moderators, without those to leave out; says how many went."""
    with transaction.atomic():
        # Clips before the footage, as moderators lock them.
        clips = list(footage.clips.select_for_update(no_key=True).order_by("pk"))
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
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
