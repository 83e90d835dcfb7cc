"""Redacted media of one's own clips, by short signed links."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contributors.access import contributors_only
from marketplace import storage
from marketplace.access import own_clip
from marketplace.models import Clip
from marketplace.states import ClipState

KINDS = {
    "clip": ("media_key", "video/mp4"),
    "preview": ("preview_key", "video/mp4"),
    "poster": ("poster_key", "image/jpeg"),
}


def signed(clip: Clip, kind: str) -> str:
    """Sign a link to one kind of redacted media; nothing when it is not there or was withdrawn."""
    field, media_type = KINDS[kind]
    key = getattr(clip, field)
    if not key or clip.state == ClipState.WITHDRAWN:
        return ""
    return storage.sign_get(bucket=settings.S3_BUCKET_DERIVED, key=key, media_type=media_type)


@contributors_only
@require_safe
@never_cache
def clip_media(request: HttpRequest, pk: uuid.UUID, kind: str) -> HttpResponse:
    """Send the browser to a redacted clip, its preview or its poster; a player that stays open gets new links."""
    clip = own_clip(request.user, pk)
    url = signed(clip, kind) if kind in KINDS else ""
    if not url:
        raise Http404("This clip has no such picture, or it was withdrawn.")
    return redirect(url)
