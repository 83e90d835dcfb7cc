"""A telemetry file that comes with a footage: read when it arrives, kept beside the original."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from contributors.models import TelemetryFile
from marketplace import storage
from marketplace.models import Footage
from pipeline.models import Artefact
from pipeline.telemetry import TelemetryError, sidecar

__all__ = ["Sidecar", "TelemetryError", "keep", "read"]
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


def keep(*, footage: Footage, sidecar: Sidecar, clock_offset_s: float) -> TelemetryFile:
    """Store the file in the bucket of originals; the same form sent twice stores it once."""
    digest = hashlib.sha256(sidecar.data).hexdigest()
    bucket, key = settings.S3_BUCKET_ORIGINALS, f"telemetry/{footage.pk}"
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
    row, _ = TelemetryFile.objects.update_or_create(
        footage=footage,
        defaults={
            "name": sidecar.name,
            "key": key,
            "sha256": digest,
            "bytes": len(sidecar.data),
            "fixes": sidecar.fixes,
            "clock_offset_s": clock_offset_s,
        },
    )
    return row
