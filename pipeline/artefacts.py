"""Files named by their SHA-256: the same bytes are stored once, and a second run does nothing."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from marketplace import storage
from marketplace.models import Footage
from pipeline.models import Artefact

MEDIA_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".json": "application/json"}


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
