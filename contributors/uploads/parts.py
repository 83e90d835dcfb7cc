"""The parts of a running upload: their addresses, and which have arrived."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from contributors import files
from contributors.models import UploadPart
from contributors.uploads.refused import UploadRefused, need_open
from marketplace import storage
from marketplace.models import Footage

MOST_AT_ONCE = 20  # part addresses in one answer


def count(footage: Footage) -> int:
    """Count the parts of this upload."""
    return files.part_count(footage.size_bytes, footage.part_bytes)


def part_urls(*, footage: Footage, wanted: Mapping[int, str]) -> dict[int, str]:
    """Sign the addresses of some parts; ``wanted`` maps each number to the base64 SHA-256 of its bytes."""
    need_open(footage)
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise UploadRefused(f"Ask for 1 to {MOST_AT_ONCE} parts at a time.", status=400, field="parts")
    last = count(footage)
    for number, checksum in wanted.items():
        if not 1 <= number <= last:
            raise UploadRefused(
                f"This file has the parts 1 to {last}; there is no part {number}.", status=400, field="number"
            )
        if not _is_sha256(checksum):
            raise UploadRefused(
                f"Part {number} came without its SHA-256 in base64.", status=400, field="sha256"
            )
    with transaction.atomic():
        promised = dict(footage.parts.filter(number__in=wanted).values_list("number", "sha256"))
        for number, checksum in promised.items():
            if wanted[number] != checksum:
                raise UploadRefused(
                    f"“{footage.file_name}” has changed since this upload began: part {number} has other bytes. "
                    "What has arrived cannot be joined with it. Discard this upload and start again.",
                    changed=True,
                )
        UploadPart.objects.bulk_create(
            [
                UploadPart(footage=footage, number=number, sha256=checksum)
                for number, checksum in wanted.items()
            ],
            update_conflicts=True,
            unique_fields=["footage", "number"],
            update_fields=["signed_at"],
        )
    return {
        number: storage.presign_part(
            bucket=settings.S3_BUCKET_ORIGINALS,
            key=footage.original_key,
            upload_id=footage.upload_id,
            number=number,
            sha256_base64=checksum,
        )
        for number, checksum in wanted.items()
    }


def _is_sha256(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32 and len(text) == 44
    except (binascii.Error, ValueError):
        return False


def arrived(footage: Footage) -> list[dict[str, Any]]:
    """List the whole parts that object storage has: number, bytes, etag and the promised base64 SHA-256."""
    need_open(footage)
    promised = dict(footage.parts.values_list("number", "sha256"))
    try:
        stored = storage.list_parts(
            bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key, upload_id=footage.upload_id
        )
    except storage.UploadGone as error:
        raise UploadRefused(
            "What had arrived of this upload is not there any more. Discard it and start again."
        ) from error
    return [
        {**part, "sha256": promised[part["number"]]}
        for part in stored
        if part["number"] in promised
        and part["bytes"]
        == files.part_length(part["number"], size=footage.size_bytes, each=footage.part_bytes)
    ]
