"""Signed links to the redacted media of clips; originals have no link here."""

from __future__ import annotations

from django.conf import settings

from marketplace import storage
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
