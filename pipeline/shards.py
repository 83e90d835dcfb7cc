"""The WebDataset shards of a version: which clips go into which, which are shared with the version before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from marketplace.models import PackageObject, PackageVersion
from pipeline.formats.tree import TAR, Whole
from pipeline.formats.webdataset import SHARD, Shard


class Put(Protocol):
    """Store one file from the scratch folder and write its row."""

    def __call__(self, whole: Whole, *, sha256: str, span: tuple[int, int]) -> PackageObject: ...


class Shards:
    """Fill shards clip by clip; those that a killed run or the version before has stored are left as they are."""

    def __init__(self, version: PackageVersion, members: Any, *, prefix: str, folder: Path, put: Put) -> None:
        self._put, self._folder = put, folder
        self._spans = list(_spans(version, members, prefix))
        self._lasts = [last for _, last in self._spans]
        self._stored = _share(version, self._spans, prefix)
        self._shard: Shard | None = None

    def _index(self, position: int) -> int:
        return bisect_left(self._lasts, position)

    def wants(self, position: int) -> bool:
        """Say whether the clip's video is needed for a shard that is not stored yet."""
        return self._index(position) not in self._stored

    def add(self, number: int, name: str, media: Path, document: bytes) -> None:
        """Put one clip that is wanted into its shard, and store the shard with its last clip."""
        index = self._index(number)
        if self._shard is None:
            self._shard = Shard(self._folder / f"{index:06d}.tar")
        self._shard.add(name, media, document)
        if number == self._lasts[index]:
            sha256, path = self._shard.close(), self._shard.path
            whole = Whole(f"shards/{path.name}", path, TAR)
            self._put(whole, sha256=sha256, span=self._spans[index])
            path.unlink()
            self._shard = None


def _spans(version: PackageVersion, members: Any, prefix: str) -> Iterator[tuple[int, int]]:
    """Give first and last position of each shard; where the version before ended one, this one does too.

    So a clip that is gone changes its own shard and no other.
    """
    ends = _ends(version) if not prefix else set()
    first, size, last = -1, 0, -1
    for position, length in members.values_list("position", "clip__media_bytes").iterator():
        # An old end lies between the last clip and this one (its own clip may be gone) or at the last clip.
        if first >= 0 and (size >= SHARD or any(end in ends for end in range(last, position))):
            yield first, last
            first, size = -1, 0
        first = position if first < 0 else first
        size += length
        last = position
    if first >= 0:
        yield first, last


def _ends(version: PackageVersion) -> set[int]:
    if version.replaces is None:
        return set()
    rows = version.replaces.objects_in.filter(clip=None, first__isnull=False).exclude(
        path__startswith="sample/"
    )
    return {last for last in rows.values_list("last", flat=True) if last is not None}


def _share(version: PackageVersion, spans: list[tuple[int, int]], prefix: str) -> set[int]:
    """Find the shards that are stored: by a run before this one, or with the same clips in the version before."""
    rows = version.objects_in.filter(clip=None, first__isnull=False)
    mine = rows.filter(path__startswith="sample/") if prefix else rows.exclude(path__startswith="sample/")
    have = set()
    for row in mine:
        index = int(Path(row.path).stem)
        if spans[index : index + 1] == [(row.first, row.last)]:
            have.add(index)
        else:  # of a run that had other clips
            row.delete()
    old = version.replaces
    if old is None or prefix:
        return have
    positions = set(version.members.values_list("position", flat=True))
    for row in old.objects_in.filter(clip=None, first__isnull=False, gone_at=None).exclude(
        path__startswith="sample/"
    ):
        span = (row.first or 0, row.last or 0)
        was = old.members.filter(position__gte=span[0], position__lte=span[1])
        if span not in spans or not positions.issuperset(was.values_list("position", flat=True)):
            continue
        index = spans.index(span)
        if index not in have:
            PackageObject.objects.create(
                version=version, path=f"shards/{index:06d}.tar", key=row.key, sha256=row.sha256,
                bytes=row.bytes, media_type=row.media_type, first=row.first, last=row.last,
            )  # fmt: skip
            have.add(index)
    return have
