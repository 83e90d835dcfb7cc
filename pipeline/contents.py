"""The files of a package version, clip by clip, into the bucket: constant memory, and a second run goes on.

Rows are written as files arrive, in batches; nobody sees them before the version is published. A run that finds rows of
a batch takes these files as stored. Small files of a clip are the same bytes in every version, so versions share them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from marketplace import storage
from marketplace.models import Clip, PackageClip, PackageObject, PackageVersion, Tag, Tombstone
from pipeline import objects
from pipeline.formats import manifest, tree
from pipeline.formats.item import Item
from pipeline.formats.tree import TEXT, Doc, Whole
from pipeline.shards import Shards
from pipeline.summary import Summary
from pipeline.video.marked import mark

BATCH = 16
THREADS = 8
SAMPLE = "sample/"
SAMPLE_EVERY = 34  # 3 % of the clips, and at least one

Told = Callable[[str, float], None]


@dataclass
class Work:
    """One publication: where it works, who hears how far it is."""

    version: PackageVersion
    scratch: Path
    told: Told
    pool: ThreadPoolExecutor
    total: int = 0

    @property
    def members(self) -> Any:
        """List the clips of the version, in order."""
        return self.version.members.select_related("clip__footage").order_by("position")


def write(*, version: PackageVersion, scratch: Path, told: Told) -> None:
    """Put every file of the version and of its free sample into the packages bucket, and write their rows.

    The videos of the sample bear the visible mark; all else about them is as in the package.

    Raises storage faults; what was written until then is found again by the next run.
    """
    # What a killed run left of files about all clips is made anew.
    version.objects_in.filter(clip=None, first=None).delete()
    with ThreadPoolExecutor(THREADS) as pool:
        work = Work(version, scratch, told, pool, total=version.members.count())
        summary = _tree(work, work.members, prefix="", total=0)
        chosen = sample_of(list(version.members.order_by("position").values_list("position", flat=True)))
        _tree(work, work.members.filter(position__in=chosen), prefix=SAMPLE, total=summary.clips)


def sample_of(positions: list[int]) -> list[int]:
    """Choose the clips of the free sample: one of every 34, spread over the package, at least one."""
    return positions[:: min(SAMPLE_EVERY, max(len(positions), 1))]


def _tree(work: Work, members: Any, *, prefix: str, total: int) -> Summary:
    folder = work.scratch / (prefix.strip("/") or "whole")
    title = f"{work.version.package.title} v{work.version.number}"
    wholes = tree.Wholes(folder, title=title, version=str(work.version.number))
    summary = Summary(work.version, sample_of=total)
    shards = Shards(work.version, members, prefix=prefix, folder=folder, put=partial(_put_whole, work))
    done = 0
    for batch in _batches(members.iterator(chunk_size=BATCH), BATCH):
        work.told("clips" if not prefix else "sample", done / max(work.total, 1))
        done += len(batch)
        for item, media in _bring(work, batch, folder, shards, prefix):
            wholes.add(item)
            summary.add(item)
            shards.add(item, media)
    work.told("index", 0)
    _finish(work, wholes, summary, prefix, folder)
    return summary


def _bring(
    work: Work, batch: list[PackageClip], folder: Path, shards: Shards, prefix: str
) -> Iterator[tuple[Item, Path | None]]:
    """Read the facts of some clips, store what is missing of their files, and yield each with its video if needed."""
    clips = [member.clip for member in batch]
    tags = _tags(clips)
    known = work.version.objects_in.filter(clip__in=clips)
    known = known.filter(path__startswith=SAMPLE) if prefix else known.exclude(path__startswith=SAMPLE)
    have = set(known.values_list("clip_id", flat=True))
    jobs = [
        work.pool.submit(
            _one,
            member.position,
            member.clip,
            tags[member.clip_id],
            str(work.version.package_id),
            folder / f"{member.position}.mp4",
            shards.wants(member.position),
            store=member.clip_id not in have,
            marked=prefix == SAMPLE,
        )
        for member in batch
    ]
    made = [objects.wait(job, lambda: work.told("clips", 0)) for job in jobs]
    rows = []
    for item, _, docs in made:
        if docs is not None:
            rows += [objects.row_of_doc(work.version, item.clip_id, doc, sha256) for doc, sha256 in docs]
            rows.append(_media_row(work.version, item))
    for row in rows:
        row.path = prefix + row.path
    PackageObject.objects.bulk_create(rows, batch_size=1000)
    for item, media, _ in made:
        yield item, media
        if media is not None:
            media.unlink()


def _one(
    number: int,
    clip: Clip,
    tags: list[dict[str, Any]],
    package: str,
    path: Path,
    wanted: bool,
    *,
    store: bool,
    marked: bool,
) -> tuple[Item, Path | None, list[tuple[Doc, str]] | None]:
    """Do one clip in a thread; no database here."""
    sha256, size = _marked(clip, path) if marked else (clip.media_sha256, clip.media_bytes)
    facts = json.loads(storage.get_bytes(bucket=settings.S3_BUCKET_DERIVED, key=clip.poses_key))
    item = Item(
        number=number,
        clip_id=str(clip.pk),
        sha256=sha256,
        bytes=size,
        facts=facts,
        scene=_scene(clip, package),
        tags=tags,
        certificate=clip.footage.certificate,
    )
    bucket, key = settings.S3_BUCKET_PACKAGES, objects.key_of(sha256, item.media)
    missing = False
    if store:
        found = storage.head(bucket=bucket, key=key)
        missing = found is None or found.bytes != size
    if (missing or wanted) and not marked:
        derived = settings.S3_BUCKET_DERIVED
        storage.get_file(bucket=derived, key=clip.media_key, path=path, sha256=clip.media_sha256)
    if missing:
        storage.put_checked(bucket=bucket, key=key, path=path, sha256=sha256, media_type="video/mp4")
    if not wanted:
        path.unlink(missing_ok=True)
    docs = [objects.put_doc(doc) for doc in tree.of_clip(item)] if store else None
    return item, path if wanted else None, docs


def _marked(clip: Clip, path: Path) -> tuple[str, int]:
    """Fetch a clip and write its marked copy to ``path``: SHA-256 and length of the copy."""
    whole = path.with_suffix(".whole.mp4")
    storage.get_file(
        bucket=settings.S3_BUCKET_DERIVED, key=clip.media_key, path=whole, sha256=clip.media_sha256
    )
    mark(whole, path)
    whole.unlink()
    return storage.file_sha256(path), path.stat().st_size


def _tags(clips: list[Clip]) -> dict[Any, list[dict[str, Any]]]:
    """List the tags of clips as they stand now, people's corrections included; who corrected stays with us."""
    found: dict[Any, list[dict[str, Any]]] = {clip.pk: [] for clip in clips}
    for tag in Tag.objects.filter(clip__in=clips).order_by("start_ms", "tag_id", "pk"):
        found[tag.clip_id].append(
            {
                "id": tag.tag_id,
                "taxonomy_version": tag.taxonomy_version,
                "start_s": tag.start_ms / 1000,
                "end_s": tag.end_ms / 1000,
                "event_s": None if tag.event_ms is None else tag.event_ms / 1000,
                "confidence": round(tag.confidence, 4),
                "source": "human" if tag.source.startswith("human:") else tag.source,
                **({} if tag.count is None else {"count": tag.count}),
            }
        )
    return found


def _scene(clip: Clip, package: str) -> dict[str, Any]:
    """Say what the contributor told us, coarse enough to point at nobody's home."""
    footage = clip.footage
    whose = hashlib.sha256(f"{package}:{footage.owner_id}:{settings.SECRET_KEY}".encode()).hexdigest()
    return {
        "vertical": footage.vertical,
        "discipline": footage.discipline,
        "country": footage.country,
        "place": footage.place,
        "month": footage.recorded_on.strftime("%Y-%m") if footage.recorded_on else None,
        "consent_class": f"{footage.vertical}-training" + ("+showcase" if footage.showcase else ""),
        "recording": hashlib.sha256(f"{package}:{footage.pk}:{settings.SECRET_KEY}".encode()).hexdigest()[
            :12
        ],
        "contributor": whose[:12],  # the same person throughout a package, and nobody in another
    }


def _media_row(version: PackageVersion, item: Item) -> PackageObject:
    return PackageObject(
        version=version,
        clip_id=item.clip_id,
        path=item.media,
        key=objects.key_of(item.sha256, item.media),
        sha256=item.sha256,
        bytes=item.bytes,
        media_type="video/mp4",
    )


def _finish(work: Work, wholes: tree.Wholes, summary: Summary, prefix: str, folder: Path) -> None:
    """Store the files about all clips: tables first, then what names them, then the lists of everything."""
    version = work.version
    about = summary.card()
    found = []
    for whole in wholes.close():
        row = _put_whole(work, whole, prefix)
        found.append((whole.path, row.sha256, row.bytes, row.media_type))
    shards = version.objects_in.filter(clip=None, first__isnull=False)
    mine = shards.filter(path__startswith=SAMPLE) if prefix else shards.exclude(path__startswith=SAMPLE)
    found += [(row.path.removeprefix(prefix), row.sha256, row.bytes, row.media_type) for row in mine]
    for whole in wholes.describe(about, found):
        _put_whole(work, whole, prefix)
    texts = {"LICENSE.txt": version.package.licence.text.encode(), "tombstones.jsonl": _tombstones(version)}
    for name, data in texts.items():
        (folder / name).write_bytes(data)
        kind = "application/jsonl" if name.endswith(".jsonl") else TEXT
        _put_whole(work, Whole(name, folder / name, kind), prefix)
    rows = version.objects_in.order_by("path")
    rows = rows.filter(path__startswith=SAMPLE) if prefix else rows.exclude(path__startswith=SAMPLE)
    listed = folder / "manifest.jsonl", folder / "SHA256SUMS"
    entries = (_entry(row, prefix) for row in rows.iterator(chunk_size=2000))
    manifest.write(entries, manifest=listed[0], sums=listed[1])
    for path, kind in zip(listed, ("application/jsonl", TEXT), strict=True):
        _put_whole(work, Whole(path.name, path, kind), prefix)


def _put_whole(work: Work, whole: Whole, prefix: str, span: tuple[int, int] | None = None) -> PackageObject:
    sha256 = storage.file_sha256(whole.file)
    future = work.pool.submit(objects.put_path, whole.file, sha256=sha256, media_type=whole.media_type)
    objects.wait(future, lambda: work.told("index", 0))
    row = objects.row_of_file(work.version, whole, sha256, span=span)
    row.path = prefix + whole.path
    row.save(force_insert=True)
    return row


def _entry(row: PackageObject, prefix: str) -> manifest.Entry:
    return manifest.Entry(
        path=row.path.removeprefix(prefix),
        bytes=row.bytes,
        sha256=row.sha256,
        media_type=row.media_type,
        clip_id=str(row.clip_id or ""),
    )


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


def _batches(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
