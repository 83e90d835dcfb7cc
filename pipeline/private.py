"""What of a footage is private and which telemetry came with it, from the rows to the engine's own words."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist

from marketplace import storage
from marketplace.models import Footage
from pipeline.telemetry import TRIM_M, Privacy, Request, Zone


def request_of(footage: Footage, *, folder: Path) -> Request:
    """Fetch the telemetry file of a footage into a folder, and collect what its owner keeps private.

    Raises storage.ChecksumMismatch when the file in the store is not the one that was uploaded.
    """
    sidecar, offset = None, 0.0
    try:
        row = footage.telemetry_file
    except ObjectDoesNotExist:
        row = None
    if row is not None:
        sidecar, offset = folder / "telemetry.bin", row.clock_offset_s
        storage.get_file(bucket=settings.S3_BUCKET_ORIGINALS, key=row.key, path=sidecar, sha256=row.sha256)
    return Request(sidecar=sidecar, clock_offset_s=offset, privacy=_privacy(footage))


def _privacy(footage: Footage) -> Privacy:
    zones = tuple(
        Zone(zone.latitude, zone.longitude, float(zone.radius_m))
        for zone in footage.owner.private_zones.all()
    )
    try:
        trim_m = float(footage.owner.contributor_profile.trip_trim_m)
    except ObjectDoesNotExist:
        trim_m = TRIM_M
    return Privacy(trim_m=trim_m, zones=zones)
