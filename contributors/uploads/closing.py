"""Ending an upload: joined and queued, or thrown away."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from contributors.uploads.parts import arrived, count
from contributors.uploads.refused import STOPPED, UploadRefused, need_open
from marketplace import storage
from marketplace.models import Footage, User
from marketplace.models.footage import FootageQuerySet
from marketplace.states import FootageState, MoveRefused, advance
from pipeline import jobs

LIVE = (
    FootageState.QUEUED,
    FootageState.PROCESSING,
    FootageState.REVIEW,
    FootageState.IN_MODERATION,
    FootageState.DECIDED,
    FootageState.FAILED,
    FootageState.STOPPED,
)


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
        need_open(footage)
    return ""


def _same_bytes(footage: Footage, sha256: str) -> FootageQuerySet:
    return Footage.objects.filter(owner_id=footage.owner_id, sha256=sha256).exclude(pk=footage.pk)


def live_twin(*, footage: Footage, sha256: str) -> Footage | None:
    """Find what the same person has here already with the same bytes."""
    return _same_bytes(footage, sha256).filter(state__in=LIVE).first()


def _refuse_twin(footage: Footage, earlier: Footage) -> UploadRefused:
    """Throw a second copy away and give the refusal that says so."""
    why = f"You have uploaded this file before: it is “{earlier.title}”."
    abandon(footage, why)
    return UploadRefused(f"{why} The second copy was thrown away.", duplicate=str(earlier.pk))


def _join(footage: Footage) -> None:
    """Have the store make one object of the parts, after a look that all are there in full."""
    bucket, key = settings.S3_BUCKET_ORIGINALS, footage.original_key
    try:
        parts = arrived(footage)
    except UploadRefused:
        if _joined(footage):
            return
        raise
    missing = sorted(set(range(1, count(footage) + 1)) - {part["number"] for part in parts})
    if missing:
        if _joined(footage):
            return
        raise UploadRefused(
            f"{len(missing)} of {count(footage)} parts have not arrived yet. What has arrived is kept. Press Resume.",
            missing=missing[:1000],
        )
    stored = storage.complete_parts(bucket=bucket, key=key, upload_id=footage.upload_id, parts=parts)
    if stored.bytes != footage.size_bytes:
        why = (
            f"{stored.bytes} bytes arrived of {footage.size_bytes}. Nothing was kept. Upload the file again."
        )
        storage.delete(bucket=bucket, key=key)
        advance(footage, FootageState.REFUSED, actor=footage.owner, reason=why, upload_id="")
        raise UploadRefused(why)


def _joined(footage: Footage) -> bool:
    """Return whether a call before this one joined the parts: its answer was lost, or the store still drops them."""
    found = storage.head(bucket=settings.S3_BUCKET_ORIGINALS, key=footage.original_key)
    return found is not None and found.bytes == footage.size_bytes


def abort(*, footage: Footage, actor: Any = None, reason: str = STOPPED) -> None:
    """Stop an upload and throw away what has arrived; one that is stopped already stays so."""
    if footage.state == FootageState.ABANDONED:
        return
    need_open(footage)
    abandon(footage, reason, actor=actor)


def abandon(footage: Footage, reason: str, *, actor: Any = None) -> None:
    """End an upload that will not be finished."""
    upload = footage.upload_id
    with transaction.atomic():
        advance(footage, FootageState.ABANDONED, actor=actor, reason=reason, upload_id="")
        footage.parts.all().delete()
    # After the commit: bytes that stay behind are swept later, a row that promises lost bytes would be worse.
    throw_away(footage, upload)


def throw_away(footage: Footage, upload: str) -> None:
    """Remove the bytes of an upload, joined or not; what cannot be removed now is swept later."""
    bucket, key = settings.S3_BUCKET_ORIGINALS, footage.original_key
    try:
        if upload:
            storage.abort_parts(bucket=bucket, key=key, upload_id=upload)
        storage.delete(bucket=bucket, key=key)
    except storage.FAULTS:
        return  # contributors.tasks.expire_uploads finds it
