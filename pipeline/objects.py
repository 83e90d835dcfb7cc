"""Files of a version on their way into the bucket: named by their SHA-256, checked by the store, kept as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from marketplace import storage
from marketplace.models import PackageObject, PackageVersion
from pipeline.formats.tree import Doc

PATIENCE = 20.0  # seconds between signs of life while a big file goes up; a lease lasts 120


@dataclass(frozen=True)
class File:
    """One file of a package that is stored: its path for the buyer, its checksum, its length in bytes."""

    path: str
    sha256: str
    bytes: int
    media_type: str

    @property
    def key(self) -> str:
        """Give its place in the bucket."""
        return key_of(self.sha256, self.path)

    def row(self, version: PackageVersion, **fields: Any) -> PackageObject:
        """Make its unsaved row."""
        return PackageObject(
            version=version, path=self.path, key=self.key, sha256=self.sha256, bytes=self.bytes,
            media_type=self.media_type, **fields,
        )  # fmt: skip


def key_of(sha256: str, path: str) -> str:
    """Name an object by its content, so that versions share it."""
    return f"objects/{sha256}{Path(path).suffix}"


def put_doc(doc: Doc, *stored: set[str], prefix: str = "") -> File:
    """Store one small file, unless its key is among those known to be ``stored``, and add it to the first of them."""
    found = File(prefix + doc.path, hashlib.sha256(doc.data).hexdigest(), len(doc.data), doc.media_type)
    if not any(found.key in some for some in stored):
        storage.put_bytes(
            bucket=settings.S3_BUCKET_PACKAGES, key=found.key, data=doc.data, media_type=doc.media_type,
            sha256=found.sha256,
        )  # fmt: skip
        stored[0].add(found.key)
    return found


def put_path(path: Path, found: File) -> None:
    """Store one file from the disk, unless the bucket has it."""
    if not there(found):
        put(path, found)


def put(path: Path, found: File) -> None:
    """Store one file from the disk."""
    storage.put_checked(
        bucket=settings.S3_BUCKET_PACKAGES, key=found.key, path=path, sha256=found.sha256,
        media_type=found.media_type,
    )  # fmt: skip


def there(found: File) -> bool:
    """Say whether the bucket has the file: as long as it should be, and its SHA-256 compared when it came."""
    known = storage.head(bucket=settings.S3_BUCKET_PACKAGES, key=found.key)
    return known is not None and (known.bytes, known.sha256) == (found.bytes, found.sha256)


def wait(future: Future[Any], told: Callable[[], None]) -> Any:
    """Wait for work in a thread and say so now and then, so that the lease does not lapse."""
    while True:
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:
            if future.done():
                raise
            told()
