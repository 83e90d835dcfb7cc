"""A moderator's verdict on a clip, and what follows from it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from marketplace.models import Clip, Footage
from marketplace.states import ClipState, FootageState, MoveRefused, advance
from moderation.models import Reason, Review, Verdict
from payouts import ledger
from pipeline import covering, jobs
from pipeline.models import Job


class DecisionRefused(Exception):
    """Say in one sentence why a verdict cannot be taken."""


def decide(*, clip: Clip, moderator: Any, verdict: str, reason: str = "", note: str = "") -> Review:
    """Approve or refuse one clip: the Review, the clip's state, the driver's per-minute fee, in one transaction."""
    if verdict == Verdict.REJECT and reason not in Reason.values:
        raise DecisionRefused("A refusal needs a reason: the contributor reads it. Choose one.")
    if clip.footage.owner_id == moderator.pk:
        raise DecisionRefused("This is your own footage: somebody else has to decide.")
    to = ClipState.APPROVED if verdict == Verdict.APPROVE else ClipState.REJECTED
    sentence = _sentence(reason, note) if verdict == Verdict.REJECT else ""
    try:
        with transaction.atomic():
            review = Review.objects.create(
                clip=clip,
                moderator=moderator,
                verdict=verdict,
                reason=reason if verdict == Verdict.REJECT else "",
                note=note,
            )
            advance(clip, to, actor=moderator, reason=sentence, data={"reason": reason, "review": review.pk})
            if to == ClipState.APPROVED and clip.footage.vertical == "driving":
                ledger.post_minute_fee(clip=clip)
            _close_footage(clip.footage_id, moderator, approving=to == ClipState.APPROVED)
    except MoveRefused as error:
        raise DecisionRefused(str(error)) from error
    return review


def reopen(*, clip: Clip, moderator: Any, why: str) -> None:
    """Take a verdict back, so that the clip can be decided again; a fee that was paid stays paid once."""
    if not why.strip():
        raise DecisionRefused("Say why the verdict is taken back: it stands in the audit log.")
    try:
        with transaction.atomic():
            advance(clip, ClipState.IN_MODERATION, actor=moderator, reason="", data={"why": why})
            footage = Footage.objects.select_for_update().get(pk=clip.footage_id)
            if footage.state == FootageState.DECIDED:
                advance(footage, FootageState.IN_MODERATION, actor=moderator)
    except MoveRefused as error:
        raise DecisionRefused(str(error)) from error


def cover(*, footage: Footage, moderator: Any, boxes: list[str], remove: list[str]) -> Job | None:
    """Have a footage covered again with a moderator's boxes; its clips wait for a new look."""
    if footage.owner_id == moderator.pk:
        raise DecisionRefused("This is your own footage: somebody else has to look after it.")
    known = {str(pk): pk for pk in footage.manual_boxes.values_list("pk", flat=True)}
    try:
        return covering.ask(
            footage=footage,
            person=moderator,
            add=covering.read_boxes(boxes),
            remove=[known[pk] for pk in remove if pk in known],
            desk=True,
        )
    except MoveRefused as error:
        raise DecisionRefused(str(error)) from error


def _sentence(reason: str, note: str) -> str:
    label = Reason(reason).label
    return f"{label}. {note}".strip() if note else f"{label}."


def _close_footage(footage_id: Any, moderator: Any, *, approving: bool) -> None:
    footage = Footage.objects.select_for_update().get(pk=footage_id)
    if jobs.live(footage):
        raise DecisionRefused(
            "This footage is being covered again at this moment, so its clips will change. Nothing was decided. "
            "It comes back to the queue when it is done."
        )
    if approving and footage.manual_boxes.filter(applied_at=None, removed_in=None).exists():
        raise DecisionRefused(
            "A box that was drawn on this footage is not covered yet. Nothing was decided. "
            "Cover it again first, or take the box away."
        )
    if (
        footage.state == FootageState.IN_MODERATION
        and not footage.clips.filter(state__in=[ClipState.IN_MODERATION, ClipState.REVIEW]).exists()
    ):
        advance(footage, FootageState.DECIDED, actor=moderator)
