"""One clip of a publication, done in a thread with no database: its files made and stored, its facts for the index."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from marketplace import storage
from marketplace.models import Clip
from pipeline import objects
from pipeline.formats import index, tree
from pipeline.formats.index import Entry
from pipeline.formats.item import Item
from pipeline.objects import File
from pipeline.video.marked import mark

SAMPLE = "sample/"
VIDEO = "video/mp4"
# Keys of files that are the same for every clip, put by this process for this publication.
_COMMON: set[str] = set()
_HASH = re.compile(r"[0-9a-f]{64}")


def begin() -> None:
    """Forget what was put for an earlier publication: objects that no version has were perhaps deleted since."""
    _COMMON.clear()


@dataclass(frozen=True)
class Plan:
    """What is to be done with one clip.

    ``wanted``: its video is needed for a shard; ``free``: it is in the free sample; ``stored``: keys of files that the
    bucket has for sure.
    """

    number: int
    clip: Clip
    scene: dict[str, Any]
    tags: list[dict[str, Any]]
    folder: Path
    wanted: bool = False
    free: bool = False
    free_wanted: bool = False
    stored: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Part:
    """A clip in one tree of files: its share of the index and the SHA-256 of its facts' file.

    For a shard there are also its video, on the disk, and that file.
    """

    entry: Entry
    facts: str
    media: Path | None = None
    document: bytes = b""


@dataclass(frozen=True)
class Made:
    """A clip that is done: its part of the package and of the free sample, and the files that it has in both."""

    whole: Part
    free: Part | None
    files: list[File]


def do(job: tuple[Plan, tuple[Entry, Any] | None]) -> Made:
    """Make a clip, or bring it back when there is what a run before this one kept of it."""
    plan, kept = job
    return make(plan) if kept is None else again(plan, *kept)


def make(plan: Plan) -> Made:
    """Make and store every file of a clip, also those of the free sample; its video there bears the visible mark."""
    clip, path = plan.clip, plan.folder / f"{plan.number}.mp4"
    item = Item(
        number=plan.number,
        clip_id=str(clip.pk),
        sha256=clip.media_sha256,
        bytes=clip.media_bytes,
        facts=_facts(clip.poses_key),
        scene=plan.scene,
        tags=plan.tags,
        certificate=clip.footage.certificate,
    )
    video = File(item.media, item.sha256, item.bytes, VIDEO)
    missing = video.key not in plan.stored and not objects.there(video)
    if missing or plan.wanted or plan.free:
        derived = settings.S3_BUCKET_DERIVED
        storage.get_file(bucket=derived, key=clip.media_key, path=path, sha256=clip.media_sha256)
    if missing:
        objects.put(path, video)
    entry = index.entry(item)
    free, files = _free(plan, item, entry, path) if plan.free else (None, [])
    whole, docs = _with_docs(plan, item, entry, path if plan.wanted else None, prefix="")
    if not plan.wanted:
        path.unlink(missing_ok=True)
    return Made(whole, free, [video, *docs, *files])


def remember(made: Made) -> tuple[Entry, Any]:
    """Say what again() needs, as index.pack() takes it."""
    free = made.free and (made.free.entry.row["sha256"], made.free.entry.row["bytes"], made.free.facts)
    return made.whole.entry, (made.whole.facts, free)


def again(plan: Plan, entry: Entry, more: Any) -> Made:
    """Bring back what shards need of a clip that is stored: its files from the bucket, and nothing of the others."""
    facts, copy = more
    free = None
    if copy is not None:
        sha256, size, free_facts = copy
        free = _back(plan, entry.of_copy(sha256=sha256, size=size), free_facts, SAMPLE, plan.free_wanted)
    return Made(_back(plan, entry, facts, "", plan.wanted), free, [])


def _facts(key: str) -> dict[str, Any]:
    named = Path(key).stem
    data = storage.get_bytes(
        bucket=settings.S3_BUCKET_DERIVED, key=key, sha256=named if _HASH.fullmatch(named) else ""
    )
    found: dict[str, Any] = orjson.loads(data)
    return found


def _free(plan: Plan, item: Item, entry: Entry, whole: Path) -> tuple[Part, list[File]]:
    path = plan.folder / f"{plan.number}.free.mp4"
    mark(whole, path)
    sha256, size = storage.file_sha256(path), path.stat().st_size
    video = File(SAMPLE + item.media, sha256, size, VIDEO)
    objects.put_path(path, video)
    item = replace(item, sha256=sha256, bytes=size)
    entry = entry.of_copy(sha256=sha256, size=size)
    part, docs = _with_docs(plan, item, entry, path if plan.free_wanted else None, prefix=SAMPLE)
    if not plan.free_wanted:
        path.unlink()
    return part, [video, *docs]


def _with_docs(
    plan: Plan, item: Item, entry: Entry, media: Path | None, *, prefix: str
) -> tuple[Part, list[File]]:
    """Store the small files; equal ones of package and sample once."""
    files, first = [], b""
    for doc in tree.of_clip(item):
        first = first or doc.data  # the clip's facts
        known = (_COMMON, plan.stored) if doc.same else (plan.stored,)
        files.append(objects.put_doc(doc, *known, prefix=prefix))
    return Part(entry, files[0].sha256, media, first if media else b""), files


def _back(plan: Plan, entry: Entry, facts: str, prefix: str, wanted: bool) -> Part:
    if not wanted:
        return Part(entry, facts)
    row = entry.row
    path = plan.folder / f"{plan.number}{'.free' if prefix else ''}.mp4"
    bucket = settings.S3_BUCKET_PACKAGES
    video = File(row["media"], row["sha256"], row["bytes"], VIDEO)
    storage.get_file(bucket=bucket, key=video.key, path=path, sha256=video.sha256)
    document = storage.get_bytes(bucket=bucket, key=f"objects/{facts}.json", sha256=facts)
    return Part(entry, facts, path, document)
