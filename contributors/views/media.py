"""Redacted media of one's own clips, by short signed links."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contributors.access import contributors_only
from contributors.media import KINDS, signed
from marketplace.access import own_clip


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
