"""Opening an upload: row, consents and the store's multipart upload, together or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from contributors import consents, files
from contributors.models import ConsentText
from contributors.uploads.closing import throw_away
from contributors.uploads.refused import UploadRefused
from marketplace import storage
from marketplace.models import Footage
from marketplace.states import FootageState

MOST_UNFINISHED = 50  # uploads that one person may leave open


def start(
    *,
    user: Any,
    upload_token: uuid.UUID,
    file_name: str,
    size_bytes: int,
    content_type: str,
    details: Mapping[str, Any],
    texts: Iterable[ConsentText],
    address_prefix: str,
    agent: str,
) -> tuple[Footage, bool]:
    """Open one upload; the same form sent twice finds the first row. Says whether the row is new.

    Row, consents and the multipart upload come into being together or not at all. ``details`` are the fields of
    Footage that describe the recording; shapes are checked by the form.
    """
    if known := _known(user, upload_token, file_name, size_bytes):
        return known, False
    if Footage.objects.of(user).filter(state=FootageState.UPLOADING).count() >= MOST_UNFINISHED:
        raise UploadRefused(
            f"You have {MOST_UNFINISHED} unfinished uploads. Finish or discard one, then start this one again."
        )
    each = files.part_bytes(size_bytes)
    pk = uuid.uuid4()
    footage = Footage(
        id=pk,
        owner=user,
        upload_token=upload_token,
        file_name=file_name,
        size_bytes=size_bytes,
        content_type=content_type,
        part_bytes=each,
        original_key=f"originals/{pk}",
        **details,
    )
    try:
        _open(footage, list(texts), address_prefix, agent)
    except IntegrityError:
        # The other submit of the same form was a moment faster.
        if known := _known(user, upload_token, file_name, size_bytes):
            return known, False
        raise
    return footage, True


def _known(user: Any, upload_token: uuid.UUID, file_name: str, size_bytes: int) -> Footage | None:
    found = Footage.objects.of(user).filter(upload_token=upload_token).first()
    if found is not None and (found.file_name, found.size_bytes) != (file_name, size_bytes):
        raise UploadRefused(
            f"This form was already used for “{found.file_name}”. That upload is kept. "
            "Reload the page and add the other file there."
        )
    return found


def _open(footage: Footage, texts: list[ConsentText], address_prefix: str, agent: str) -> None:
    upload = ""
    try:
        with transaction.atomic():
            footage.save(force_insert=True)
            # Before the first Event: a slow store must not hold the audit log's lock.
            upload = storage.start_parts(
                bucket=settings.S3_BUCKET_ORIGINALS,
                key=footage.original_key,
                content_type=footage.content_type,
            )
            footage.upload_id = upload
            footage.save(update_fields=["upload_id"])
            consents.record_given(
                footage=footage,
                person=footage.owner,
                texts=texts,
                address_prefix=address_prefix,
                agent=agent,
            )
    except BaseException:
        if upload:
            throw_away(footage, upload)
        raise
