"""Files of a version on their way into the bucket: named by their SHA-256, checked by the store, kept as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError
from pathlib import Path
from typing import Any

from django.conf import settings

from marketplace import storage
from marketplace.models import PackageObject, PackageVersion
from pipeline.formats.tree import Doc, Whole

PATIENCE = 20.0  # seconds between signs of life while a big file goes up; a lease lasts 120


def key_of(sha256: str, path: str) -> str:
    """Name an object by its content, so that versions share it."""
    return f"objects/{sha256}{Path(path).suffix}"


def put_doc(doc: Doc) -> tuple[Doc, str]:
    """Store one small file and give its SHA-256."""
    sha256 = hashlib.sha256(doc.data).hexdigest()
    storage.put_bytes(
        bucket=settings.S3_BUCKET_PACKAGES,
        key=key_of(sha256, doc.path),
        data=doc.data,
        media_type=doc.media_type,
    )
    return doc, sha256


def put_path(path: Path, *, sha256: str, media_type: str) -> None:
    """Store one file under its SHA-256, unless it is there already with the same length."""
    key = key_of(sha256, path.name)
    found = storage.head(bucket=settings.S3_BUCKET_PACKAGES, key=key)
    if found is None or found.bytes != path.stat().st_size:
        storage.put_checked(
            bucket=settings.S3_BUCKET_PACKAGES, key=key, path=path, sha256=sha256, media_type=media_type
        )


def wait(future: Future[Any], told: Callable[[], None]) -> Any:
    """Wait for work in a thread and say so now and then, so that the lease does not lapse."""
    while True:
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:
            if future.done():
                raise
            told()


def row_of_doc(version: PackageVersion, clip_id: Any, doc: Doc, sha256: str) -> PackageObject:
    """Make the unsaved row of a small file."""
    return PackageObject(
        version=version,
        clip_id=clip_id,
        path=doc.path,
        key=key_of(sha256, doc.path),
        sha256=sha256,
        bytes=len(doc.data),
        media_type=doc.media_type,
    )


def row_of_file(
    version: PackageVersion, whole: Whole, sha256: str, *, span: tuple[int, int] | None = None
) -> PackageObject:
    """Make the unsaved row of a file in the scratch folder."""
    return PackageObject(
        version=version,
        path=whole.path,
        key=key_of(sha256, whole.file.name),
        sha256=sha256,
        bytes=whole.file.stat().st_size,
        media_type=whole.media_type,
        first=span[0] if span else None,
        last=span[1] if span else None,
    )
