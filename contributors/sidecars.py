"""A telemetry file that comes with a footage: read when it arrives, kept beside the original."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from contributors.models import TelemetryFile
from marketplace import storage
from marketplace.models import Footage
from pipeline.models import Artefact
from pipeline.telemetry import TelemetryError, sidecar

__all__ = ["Sidecar", "TelemetryError", "forget", "keep", "read", "store"]
MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Sidecar:
    """A telemetry file whose text could be read."""

    name: str
    data: bytes
    fixes: int


def read(*, name: str, handle: Any) -> Sidecar:
    """Read and check a file; raise TelemetryError with a sentence when it is no telemetry."""
    data = handle.read(sidecar.MOST_BYTES + 1)
    return Sidecar(name=name, data=data, fixes=len(sidecar.parse(data, name=name)))


def store(*, footage: Footage, sidecar: Sidecar) -> str:
    """Store the bytes in the bucket of originals and return their key; the same file twice is stored once."""
    digest = hashlib.sha256(sidecar.data).hexdigest()
    bucket, key = settings.S3_BUCKET_ORIGINALS, f"telemetry/{footage.pk}/{digest[:16]}"
    storage.put_bytes(bucket=bucket, key=key, data=sidecar.data, media_type=MEDIA_TYPE)
    Artefact.objects.update_or_create(
        bucket=bucket,
        key=key,
        defaults={
            "sha256": digest,
            "bytes": len(sidecar.data),
            "media_type": MEDIA_TYPE,
            "kind": "telemetry",
            "footage": footage,
        },
    )
    return key


def keep(*, footage: Footage, sidecar: Sidecar, clock_offset_s: float) -> TelemetryFile:
    """Store the file as the one of this footage; the one before it goes."""
    key = store(footage=footage, sidecar=sidecar)
    with transaction.atomic():
        row, _ = TelemetryFile.objects.update_or_create(
            footage=footage,
            defaults={
                "name": sidecar.name,
                "key": key,
                "sha256": hashlib.sha256(sidecar.data).hexdigest(),
                "bytes": len(sidecar.data),
                "fixes": sidecar.fixes,
                "clock_offset_s": clock_offset_s,
            },
        )
        forget(footage=footage, but=key)
    return row


def forget(*, footage: Footage, but: str = "") -> None:
    """Delete the telemetry files of a footage, all or all but one; the objects go when the rows are gone for sure."""
    bucket = settings.S3_BUCKET_ORIGINALS
    TelemetryFile.objects.filter(footage=footage).exclude(key=but).delete()
    gone = Artefact.objects.filter(footage=footage, bucket=bucket, kind="telemetry").exclude(key=but)
    for key in gone.values_list("key", flat=True):
        transaction.on_commit(partial(storage.delete, bucket=bucket, key=key))
    gone.delete()
