"""Which clips a member of staff may look at."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404

from marketplace.models import Clip
from marketplace.models.event import record
from marketplace.states import ClipState, JobState
from moderation.models import OriginalView
from pipeline.models import Job


def need(user: Any, permission: str) -> None:
    """Stop with 403 unless this member of staff has the permission."""
    if not (user.is_authenticated and user.is_staff and user.has_perm(permission)):
        raise PermissionDenied(
            "Your role at the desk does not cover this. Ask an administrator if it should."
        )


def desk_clip(user: Any, pk: uuid.UUID) -> Clip:
    """Find a clip for somebody who may look at redacted clips."""
    need(user, "marketplace.view_clip")
    clip = Clip.objects.select_related("footage__owner").filter(pk=pk).first()
    if clip is None:
        raise Http404("No clip has this address.")
    return clip


def original_of(user: Any, clip: Clip) -> str:
    """Give the key of the original after writing down who looks at it."""
    need(user, "moderation.see_originals")
    if clip.state == ClipState.WITHDRAWN or not clip.footage.original_key:
        raise Http404("The original is not to be seen any more: it was withdrawn.")
    OriginalView.objects.create(clip=clip, viewer=user)
    record("original.viewed", subject=clip, actor=user)
    return clip.footage.original_key


def queue(user: Any) -> models.QuerySet[Clip]:
    """List what waits for a verdict, longest wait first, without the moderator's own and what is covered again."""
    need(user, "moderation.add_review")
    changing = Job.objects.filter(
        footage=models.OuterRef("footage"), state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    return (
        Clip.objects.filter(~models.Exists(changing), state=ClipState.IN_MODERATION)
        .exclude(footage__owner_id=user.pk)
        .select_related("footage")
        .order_by("state_changed_at", "footage_id", "position")
    )
