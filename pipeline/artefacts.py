"""Files named by their SHA-256: the same bytes are stored once, and a second run does nothing."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction

from marketplace import storage
from marketplace.models import Footage
from marketplace.states import ClipState, JobState
from pipeline.models import Artefact, Job

MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".npz": "application/octet-stream",
}
# The fields of rows that name an output.
CLIP_KEYS = ("media_key", "preview_key", "poster_key", "poses_key")
FOOTAGE_KEYS = ("report_key", "redacted_key", "preview_key", "poster_key", "cache_key")


def keep(*, footage: Footage, path: Path) -> Artefact:
    """Store one output of the engine under its hash, unless it is there already."""
    digest = storage.file_sha256(path)
    # The footage's id leads, so that erasing one person's footage never takes another's equal bytes away.
    key = f"{footage.pk}/sha256/{digest}{path.suffix}"
    bucket = settings.S3_BUCKET_DERIVED
    found = storage.head(bucket=bucket, key=key)
    size = path.stat().st_size
    if found is None or found.bytes != size:
        storage.put_file(bucket=bucket, key=key, path=path, media_type=MEDIA_TYPES[path.suffix])
    artefact, _ = Artefact.objects.get_or_create(
        bucket=bucket,
        key=key,
        defaults={
            "sha256": digest,
            "bytes": size,
            "media_type": MEDIA_TYPES[path.suffix],
            "kind": path.stem.split("_")[0],
            "footage": footage,
        },
    )
    return artefact


def drop_unused(footage: Footage) -> int:
    """Delete outputs that no row names, unless a job is at work on the footage; says how many.

    The lock keeps a new job from being queued meanwhile: it would find the same bytes under the same name and not
    store them again.
    """
    with transaction.atomic():
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        if Job.objects.filter(footage=fresh, state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
            return 0
        named = {getattr(fresh, name) for name in FOOTAGE_KEYS}
        for clip in fresh.clips.exclude(state=ClipState.WITHDRAWN):
            named |= {getattr(clip, name) for name in CLIP_KEYS}
        unused = Artefact.objects.filter(footage=fresh, bucket=settings.S3_BUCKET_DERIVED).exclude(
            key__in=named
        )
        count = 0
        for artefact in unused:
            storage.delete(bucket=artefact.bucket, key=artefact.key)
            artefact.delete()
            count += 1
    return count
