"""Uploads: the browser sends parts straight to object storage, we sign, count, join and queue."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from contributors import consents, files
from contributors.models import ConsentText, UploadPart
from marketplace import storage
from marketplace.models import Footage, User
from marketplace.models.footage import FootageQuerySet
from marketplace.states import FootageState, MoveRefused, advance
from pipeline import jobs

MOST_AT_ONCE = 20  # part addresses in one answer
MOST_UNFINISHED = 50  # uploads that one person may leave open
KEEP_UNFINISHED = timedelta(days=7)
ORPHAN = timedelta(days=1)  # a form that is being sent at this moment is no orphan
EXPIRED = "Nothing arrived for a week, so what was here was thrown away."
STOPPED = "You stopped this upload. What had arrived was thrown away."
LIVE = (
    FootageState.QUEUED,
    FootageState.PROCESSING,
    FootageState.REVIEW,
    FootageState.IN_MODERATION,
    FootageState.DECIDED,
    FootageState.FAILED,
)


class UploadRefused(Exception):
    """Say in one sentence what is wrong with an upload, what was kept and what to do."""

    def __init__(self, sentence: str, *, status: int = 409, **more: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.more = more


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
                bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key, content_type=footage.content_type
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
            _throw_away(footage, upload)
        raise


def count(footage: Footage) -> int:
    """Count the parts of this upload."""
    return files.part_count(footage.size_bytes, footage.part_bytes)


def part_urls(*, footage: Footage, wanted: Mapping[int, str]) -> dict[int, str]:
    """Sign the addresses of some parts; ``wanted`` maps each number to the base64 SHA-256 of its bytes."""
    _need_open(footage)
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
            [UploadPart(footage=footage, number=number, sha256=checksum) for number, checksum in wanted.items()],
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
    _need_open(footage)
    promised = dict(footage.parts.values_list("number", "sha256"))
    stored = storage.list_parts(
        bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key, upload_id=footage.upload_id
    )
    return [
        {**part, "sha256": promised[part["number"]]}
        for part in stored
        if part["number"] in promised
        and part["bytes"]
        == files.part_length(part["number"], size=footage.size_bytes, each=footage.part_bytes)
    ]


def _need_open(footage: Footage) -> None:
    if footage.state == FootageState.UPLOADING:
        return
    if footage.state == FootageState.ABANDONED:
        raise UploadRefused(f"{footage.reason or STOPPED} Start again whenever you like.", state=footage.state)
    raise UploadRefused("This upload is finished already; nothing more is needed.", state=footage.state)


def complete(*, footage: Footage, sha256: str) -> str:
    """Join the parts, compare what can be compared here, and queue the work. A second call changes nothing.

    ``sha256`` is of the whole file, hexadecimal, as the browser computed it; the worker compares it with the bytes
    when it reads them all. Returns a sentence for the person when there is something to know, else nothing.
    """
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise UploadRefused(
            "The checksum of the whole file is missing. What has arrived is kept. Press Resume.",
            status=400,
            field="sha256",
        )
    if footage.state != FootageState.UPLOADING:
        return _again(footage, sha256)
    if earlier := live_twin(footage=footage, sha256=sha256):
        raise _refuse_twin(footage, earlier)
    _join(footage)
    try:
        with transaction.atomic():
            # One person's uploads end one after the other, so that two equal files cannot both be the first.
            User.objects.select_for_update(no_key=True).get(pk=footage.owner_id)
            earlier = live_twin(footage=footage, sha256=sha256)
            if earlier is None:
                _queue(footage, sha256)
    except MoveRefused:
        footage.refresh_from_db()
        if footage.state == FootageState.ABANDONED:  # stopped in another tab while the parts were joined
            storage.delete(bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key)
        return _again(footage, sha256)
    if earlier is not None:
        raise _refuse_twin(footage, earlier)
    before = _same_bytes(footage, sha256).exclude(state=FootageState.ABANDONED).first()
    if before is None:
        return ""
    state = before.get_state_display().partition(":")[0].lower()
    return f"You uploaded the same file before as “{before.title}” ({state})."


def _queue(footage: Footage, sha256: str) -> None:
    others = Footage.objects.filter(sha256=sha256).exclude(owner_id=footage.owner_id).exists()
    advance(
        footage,
        FootageState.QUEUED,
        actor=footage.owner,
        data={"sha256": sha256, "bytes": footage.size_bytes, "same_bytes_from_someone_else": others},
        sha256=sha256,
        upload_id="",
    )
    footage.parts.all().delete()
    jobs.enqueue_process(footage=footage)


def _again(footage: Footage, sha256: str) -> str:
    """Answer a complete call that comes after the end: fine if it is about the same bytes."""
    if footage.sha256 != sha256:
        _need_open(footage)
    return ""


def _same_bytes(footage: Footage, sha256: str) -> FootageQuerySet:
    return Footage.objects.filter(owner_id=footage.owner_id, sha256=sha256).exclude(pk=footage.pk)


def live_twin(*, footage: Footage, sha256: str) -> Footage | None:
    """Find what the same person has here already with the same bytes."""
    return _same_bytes(footage, sha256).filter(state__in=LIVE).first()


def _refuse_twin(footage: Footage, earlier: Footage) -> UploadRefused:
    """Throw a second copy away and give the refusal that says so."""
    why = f"You have uploaded this file before: it is “{earlier.title}”."
    _abandon(footage, why)
    return UploadRefused(f"{why} The second copy was thrown away.", duplicate=str(earlier.pk))


def _join(footage: Footage) -> None:
    """Have the store make one object of the parts, after a look that all are there in full."""
    bucket, key = settings.S3_BUCKET_ORIGINALS, footage.original_key
    try:
        parts = arrived(footage)
    except storage.StorageError:
        # Joined by an earlier call whose answer was lost, or gone.
        found = storage.head(bucket=bucket, key=key)
        if found is None or found.bytes != footage.size_bytes:
            raise
        return
    missing = sorted(set(range(1, count(footage) + 1)) - {part["number"] for part in parts})
    if missing:
        raise UploadRefused(
            f"{len(missing)} of {count(footage)} parts have not arrived yet. What has arrived is kept. Press Resume.",
            missing=missing[:1000],
        )
    stored = storage.complete_parts(bucket=bucket, key=key, upload_id=footage.upload_id, parts=parts)
    if stored.bytes != footage.size_bytes:
        why = f"{stored.bytes} bytes arrived of {footage.size_bytes}. Nothing was kept. Upload the file again."
        storage.delete(bucket=bucket, key=key)
        advance(footage, FootageState.REFUSED, actor=footage.owner, reason=why, upload_id="")
        raise UploadRefused(why)


def abort(*, footage: Footage, actor: Any = None, reason: str = STOPPED) -> None:
    """Stop an upload and throw away what has arrived; one that is stopped already stays so."""
    if footage.state == FootageState.ABANDONED:
        return
    _need_open(footage)
    _abandon(footage, reason, actor=actor)


def _abandon(footage: Footage, reason: str, actor: Any = None) -> None:
    upload = footage.upload_id
    with transaction.atomic():
        advance(footage, FootageState.ABANDONED, actor=actor, reason=reason, upload_id="")
        footage.parts.all().delete()
    # After the commit: bytes that stay behind are swept later, a row that promises lost bytes would be worse.
    _throw_away(footage, upload)


def _throw_away(footage: Footage, upload: str) -> None:
    bucket, key = settings.S3_BUCKET_ORIGINALS, footage.original_key
    try:
        storage.abort_parts(bucket=bucket, key=key, upload_id=upload)
        storage.delete(bucket=bucket, key=key)
    except storage.StorageError:
        return  # contributors.tasks.expire_uploads finds it


def expire(*, now: datetime) -> dict[str, int]:
    """End uploads for which no part was asked for a week, and throw away parts that no upload knows."""
    old = now - KEEP_UNFINISHED
    open_ = Footage.objects.filter(state=FootageState.UPLOADING, created_at__lt=old)
    ended = 0
    for footage in open_.exclude(pk__in=UploadPart.objects.filter(signed_at__gte=old).values("footage")):
        try:
            _abandon(footage, EXPIRED)
            ended += 1
        except MoveRefused:
            continue
    orphans = 0
    bucket = settings.S3_BUCKET_ORIGINALS
    for found in storage.open_uploads(bucket=bucket):
        if found["since"] < now - ORPHAN and not Footage.objects.filter(upload_id=found["upload_id"]).exists():
            storage.abort_parts(bucket=bucket, key=found["key"], upload_id=found["upload_id"])
            orphans += 1
    return {"ended": ended, "orphans": orphans}
