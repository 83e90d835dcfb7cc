"""The original on this machine: fetched once for all segments of a job, checked while it arrives."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from marketplace import storage
from marketplace.models import Footage
from marketplace.states import JobState
from pipeline import scratch
from pipeline.models import Artefact, Job
from pipeline.telling import Telling
from pipeline.video.errors import BadInput

CHANGED = (
    "The file that arrived is not the file your browser read: its checksum differs. Nothing of it was used. "
    "Please upload it again."
)

LOOK_S = 0.5  # between looks whether the other process has fetched it


def bring(job: Job, footage: Footage, path: Path, tell: Telling) -> None:
    """Put the original under ``path``: from this machine when another segment has fetched it, else from the store.

    Raises BadInput when the bytes are not those that the browser read. ``path`` is a name of its own, so whoever
    forgets the shared copy meanwhile takes nothing away from us.
    """
    shared = _folder() / str(job.pk)
    tell("fetch", 0)
    with _alone(shared, tell):
        if not shared.exists():
            arriving = shared.with_suffix(f".{os.getpid()}.part")
            try:
                _fetch(footage, arriving, tell)
                arriving.replace(shared)
            finally:
                arriving.unlink(missing_ok=True)
        os.link(shared, path)


def forget_old() -> None:
    """Remove the copies of jobs that do not run, and what killed workers left; each worker does so after a task."""
    for found in _folder().iterdir():
        if _over(found.name[:36]):
            found.unlink(missing_ok=True)
    for left in Path(settings.FAIRFRAME_WORK).iterdir():
        if _over(left.name[:36]):
            scratch.remove_if_dead(left)


def _over(name: str) -> bool:
    try:
        pk = uuid.UUID(name)
    except ValueError:
        return False
    return not Job.objects.filter(pk=pk, state=JobState.RUNNING).exists()


def _folder() -> Path:
    folder = Path(settings.FAIRFRAME_WORK) / "originals"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(shared: Path, tell: Telling) -> Iterator[None]:
    """Let one process of this machine fetch while the others wait and keep their leases."""
    with shared.with_suffix(".lock").open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                tell.beat()
                time.sleep(LOOK_S)
        yield


def _fetch(footage: Footage, path: Path, tell: Telling) -> None:
    try:
        stored = storage.get_file(
            bucket=settings.S3_BUCKET_ORIGINALS,
            key=footage.original_key,
            path=path,
            sha256=footage.sha256,
            on_chunk=lambda done: tell("fetch", done / footage.size_bytes),
        )
    except storage.ChecksumMismatch as error:
        raise BadInput(CHANGED) from error
    # An original stays under its footage's id, not under its hash: when two people upload the same file, deleting
    # one person's must not touch the other's.
    Artefact.objects.get_or_create(
        bucket=stored.bucket,
        key=stored.key,
        defaults={
            "sha256": stored.sha256,
            "bytes": stored.bytes,
            "media_type": footage.content_type,
            "kind": "original",
            "footage": footage,
        },
    )
