"""Uploads that nobody came back to, and parts that no upload knows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from contributors.models import UploadPart
from contributors.uploads.closing import abandon
from marketplace import storage
from marketplace.models import Footage
from marketplace.states import FootageState, MoveRefused

KEEP_UNFINISHED = timedelta(days=7)
ORPHAN = timedelta(days=1)  # a form that is being sent at this moment is no orphan
EXPIRED = "Nothing arrived for a week, so what was here was thrown away."


def expire(*, now: datetime) -> dict[str, int]:
    """End uploads for which no part was asked for a week, and throw away parts that no upload knows."""
    old = now - KEEP_UNFINISHED
    open_ = Footage.objects.filter(state=FootageState.UPLOADING, created_at__lt=old)
    ended = 0
    for footage in open_.exclude(pk__in=UploadPart.objects.filter(signed_at__gte=old).values("footage")):
        try:
            abandon(footage, EXPIRED)
            ended += 1
        except MoveRefused:
            continue
    orphans = 0
    bucket = settings.S3_BUCKET_ORIGINALS
    for found in storage.open_uploads(bucket=bucket):
        if (
            found["since"] < now - ORPHAN
            and not Footage.objects.filter(upload_id=found["upload_id"]).exists()
        ):
            storage.abort_parts(bucket=bucket, key=found["key"], upload_id=found["upload_id"])
            orphans += 1
    return {"ended": ended, "orphans": orphans}
