"""The files of a package version, clip by clip, into the bucket: constant memory, and a second run goes on.

Rows are written as files arrive, in batches; nobody sees them before the version is published. Small files of a clip
are the same bytes in every version, so versions share them, and so do a package and its free sample.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings

from marketplace import storage
from marketplace.models import PackageObject, PackageVersion, Tombstone
from pipeline import batches, objects, pieces
from pipeline.batches import Work
from pipeline.formats import manifest, tree
from pipeline.formats.tree import TEXT, Whole
from pipeline.helpers import Helpers
from pipeline.objects import File
from pipeline.shards import Shards
from pipeline.summary import Summary

THREADS = 12
LARGE = 300  # clips from which on it pays to start helpers
SAMPLE = pieces.SAMPLE
SAMPLE_EVERY = 34  # 3 % of the clips, and at least one


def write(*, version: PackageVersion, scratch: Path, told: Callable[[str, float], None]) -> None:
    """Put every file of the version and of its free sample into the packages bucket, and write their rows.

    The videos of the sample bear the visible mark; all else about them is as in the package.

    Raises storage faults; what was written until then is found again by the next run.
    """
    pieces.begin()
    # What a killed run left of files about all clips is made anew.
    version.objects_in.filter(clip=None, first=None).delete()
    positions = list(version.members.order_by("position").values_list("position", flat=True))
    chosen = sample_of(positions)
    pool = ThreadPoolExecutor(THREADS)
    many = settings.PUBLISH_PROCESSES if len(positions) >= LARGE else 0
    helpers = Helpers(many) if many > 1 else None
    try:
        work = Work(version, scratch, pool, told, frozenset(chosen), helpers)
        whole = Tree(work, version.members, Summary(version))
        sample = version.members.filter(position__in=chosen)
        free = Tree(work, sample, Summary(version, sample=chosen, sample_of=len(positions)), SAMPLE)
        done = 0
        for batch in batches.under_way(work, wanted=whole.shards.wants, free_wanted=free.shards.wants):
            for made in batches.end(work, batch, done / len(positions)):
                whole.add(made.whole)
                if made.free is not None:
                    free.add(made.free)
            done += len(batch.members)
        for one in (whole, free):
            work.told("index" if one is whole else "sample", 0)
            one.finish()
    finally:
        if helpers is not None:
            helpers.kill()
        pool.shutdown(cancel_futures=True)
        if helpers is not None:
            helpers.close()


def sample_of(positions: list[int]) -> list[int]:
    """Choose the clips of the free sample: one of every 34, spread over the package, at least one."""
    return positions[:: min(SAMPLE_EVERY, max(len(positions), 1))]


class Tree:
    """A tree of files under construction: the package, or its free sample under a prefix."""

    def __init__(self, work: Work, members: Any, summary: Summary, prefix: str = "") -> None:
        self._work, self._prefix, self._summary = work, prefix, summary
        self._folder = work.scratch / (prefix.strip("/") or "whole")
        title = f"{work.version.package.title} v{work.version.number}"
        self._wholes = tree.Wholes(self._folder, title=title, version=str(work.version.number))
        self.shards = Shards(
            work.version, members.order_by("position"), prefix=prefix, folder=self._folder, put=self._put
        )

    @property
    def _rows(self) -> Any:
        rows = self._work.version.objects_in
        return rows.filter(path__startswith=SAMPLE) if self._prefix else rows.exclude(path__startswith=SAMPLE)

    def add(self, part: pieces.Part) -> None:
        """Take one clip into the files about all clips, and into its shard if that is not stored."""
        self._wholes.add(part.entry)
        self._summary.add(part.entry)
        if part.media is not None:
            self.shards.add(part.entry.number, part.entry.row["name"], part.media, part.document)
            part.media.unlink()

    def finish(self) -> None:
        """Store the files about all clips: tables first, then what names them, then the lists of everything."""
        version, folder = self._work.version, self._folder
        found = []
        for whole in self._wholes.close():
            row = self._put(whole)
            found.append((whole.path, row.sha256, row.bytes, row.media_type))
        for row in self._rows.filter(clip=None, first__isnull=False):
            found.append((row.path.removeprefix(self._prefix), row.sha256, row.bytes, row.media_type))
        for whole in self._wholes.describe(self._summary.card(), found):
            self._put(whole)
        texts = {
            "LICENSE.txt": version.package.licence.text.encode(),
            "tombstones.jsonl": _tombstones(version),
        }
        for name, data in texts.items():
            (folder / name).write_bytes(data)
            kind = "application/jsonl" if name.endswith(".jsonl") else TEXT
            self._put(Whole(name, folder / name, kind))
        listed = folder / "manifest.jsonl", folder / "SHA256SUMS"
        rows = self._rows.order_by("path").values_list("path", "bytes", "sha256", "media_type", "clip_id")
        entries = (
            manifest.Entry(path.removeprefix(self._prefix), size, sha256, kind, str(clip or ""))
            for path, size, sha256, kind, clip in rows.iterator(chunk_size=2000)
        )
        manifest.write(entries, manifest=listed[0], sums=listed[1])
        for path, kind in zip(listed, ("application/jsonl", TEXT), strict=True):
            self._put(Whole(path.name, path, kind))

    def _put(self, whole: Whole, *, sha256: str = "", span: tuple[int, int] | None = None) -> PackageObject:
        sha256 = sha256 or storage.file_sha256(whole.file)
        file = File(self._prefix + whole.path, sha256, whole.file.stat().st_size, whole.media_type)
        future = self._work.pool.submit(objects.put_path, whole.file, file)
        objects.wait(future, lambda: self._work.told("index", 0))
        first, last = span or (None, None)
        row = file.row(self._work.version, first=first, last=last)
        row.save(force_insert=True)
        return row


def _tombstones(version: PackageVersion) -> bytes:
    rows = Tombstone.objects.filter(
        version__package_id=version.package_id, version__number__lt=version.number
    )
    return manifest.tombstones(
        {
            "clip_id": str(row.clip_id),
            "name": f"clip_{row.position:06d}",
            "removed_at": row.removed_at.isoformat(),
            "reason_class": row.reason_class,
            "replaces": f"v{row.version.number}",
        }
        for row in rows.select_related("version")
    )
