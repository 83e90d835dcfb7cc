"""Deleting files whose time is over: what was withdrawn, refused or stopped, and originals after the decision."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from marketplace import storage
from marketplace.models import Clip, Footage
from marketplace.models.event import record
from marketplace.states import ClipState, FootageState
from pipeline.artefacts import CLIP_KEYS, FOOTAGE_KEYS, drop_unused
from pipeline.models import Artefact

OVER = (FootageState.WITHDRAWN, FootageState.REFUSED, FootageState.ABANDONED)
BATCH = 200  # footage in one run; the next run goes on


def delete_files(*, now: datetime) -> dict[str, int]:
    """Delete what may not be kept any longer; a run that was cut short is finished by the next one."""
    footage = clips = originals = 0
    for row in _over()[:BATCH]:
        _delete_all(row)
        footage += 1
    for clip in _left_out()[:BATCH]:
        clips += _delete_clip(clip)
    for row in _decided(now)[:BATCH]:
        _delete_original(row)
        originals += 1
    return {"footage": footage, "clips": clips, "originals": originals}


def _over() -> QuerySet[Footage]:
    artefacts = Artefact.objects.filter(footage=OuterRef("pk"))
    return Footage.objects.filter(Q(Exists(artefacts)) | ~Q(original_key=""), state__in=OVER)


def _left_out() -> QuerySet[Clip]:
    """Find clips that were taken out of footage that stays."""
    kept = Artefact.objects.filter(footage=OuterRef("footage"), key=OuterRef("media_key"))
    return Clip.objects.filter(Exists(kept), state=ClipState.WITHDRAWN).select_related("footage")


def _decided(now: datetime) -> QuerySet[Footage]:
    keep = timedelta(days=settings.ORIGINAL_KEEP_DAYS)
    return Footage.objects.filter(state=FootageState.DECIDED, state_changed_at__lt=now - keep).exclude(
        original_key=""
    )


def _delete_all(footage: Footage) -> None:
    _delete_objects(Artefact.objects.filter(footage=footage))
    if footage.original_key:  # a worker that never began has made no row of it
        storage.delete(bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key)
    with transaction.atomic():
        Artefact.objects.filter(footage=footage).delete()
        Footage.objects.filter(pk=footage.pk).update(**dict.fromkeys(("original_key", *FOOTAGE_KEYS), ""))
        record("footage.files_deleted", subject=footage)


def _delete_clip(clip: Clip) -> int:
    """Delete the media of one clip, but for bytes that another clip of the same footage shows too."""
    keys = {getattr(clip, name) for name in CLIP_KEYS}
    for other in Clip.objects.filter(footage_id=clip.footage_id).exclude(state=ClipState.WITHDRAWN):
        keys -= {getattr(other, name) for name in CLIP_KEYS}
    artefacts = Artefact.objects.filter(footage_id=clip.footage_id, key__in=keys)
    _delete_objects(artefacts)
    with transaction.atomic():
        artefacts.delete()
        record("clip.files_deleted", subject=clip)
    return 1


def _delete_original(footage: Footage) -> None:
    originals = Artefact.objects.filter(footage=footage, bucket=settings.S3_BUCKET_ORIGINALS)
    storage.delete(bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key)
    _delete_objects(originals.exclude(key=footage.original_key))  # a telemetry file that came with it
    with transaction.atomic():
        originals.delete()
        Footage.objects.filter(pk=footage.pk).update(original_key="", cache_key="")
        record("footage.original_deleted", subject=footage)
    drop_unused(footage)  # where faces were is of no use without the original


def _delete_objects(artefacts: QuerySet[Artefact]) -> None:
    for bucket, key in artefacts.values_list("bucket", "key"):
        storage.delete(bucket=bucket, key=key)
