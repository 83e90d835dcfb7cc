"""The clips of a publication, some at a time: what threads are told, what is written down when they are done.

With the rows of a batch its share of the index is kept in the bucket of our own files. A run that finds both takes the
clips as done and reads nothing of them again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from marketplace import storage
from marketplace.models import Clip, PackageClip, PackageObject, PackageVersion, Tag
from pipeline import objects, pieces
from pipeline.formats import index
from pipeline.helpers import Helpers
from pipeline.pieces import SAMPLE, Made, Plan

SIZE = 32
FOLDER = "publishing/"
GROUP = 8  # clips that a helper is given at a time
log = logging.getLogger(__name__)
Wants = Callable[[int], bool]
Job = tuple[Plan, tuple[index.Entry, Any] | None]


@dataclass
class Work:
    """One publication: its version, where it works, its threads, who hears how far it is."""

    version: PackageVersion
    scratch: Path
    pool: ThreadPoolExecutor
    told: Callable[[str, float], None]
    chosen: frozenset[int]
    helpers: Helpers | None = None

    def do(self, jobs: list[Job]) -> list[Made]:
        """Do some clips, in another process if there are any."""
        return self.helpers.run(jobs) if self.helpers else [pieces.do(job) for job in jobs]


@dataclass
class Batch:
    """Some clips under way."""

    members: list[PackageClip]
    under_way: list[Future[list[Made]]]
    stored: bool


def under_way(work: Work, *, wanted: Wants, free_wanted: Wants) -> Iterator[Batch]:
    """Set threads to work on one batch after the other, one ahead of what the caller looks at."""
    members = work.version.members.select_related("clip__footage").defer("clip__footage__facts")
    ahead: Batch | None = None
    for some in _cut(members.order_by("position").iterator(chunk_size=SIZE)):
        following = _begin(work, some, wanted, free_wanted)
        if ahead is not None:
            yield ahead
        ahead = following
    if ahead is not None:
        yield ahead


def end(work: Work, batch: Batch, progress: float) -> list[Made]:
    """Wait for a batch, then write it down: first its share of the index, then its rows."""
    groups = [objects.wait(job, lambda: work.told("clips", progress)) for job in batch.under_way]
    made: list[Made] = [one for group in groups for one in group]
    work.told("clips", progress)
    if not batch.stored:
        storage.put_bytes(
            bucket=settings.S3_BUCKET_DERIVED,
            key=_key(work.version, batch.members),
            data=index.pack(pieces.remember(one) for one in made),
            media_type="application/octet-stream",
        )
        with transaction.atomic():
            PackageObject.objects.bulk_create(
                [
                    file.row(work.version, clip_id=member.clip_id)
                    for member, one in zip(batch.members, made, strict=True)
                    for file in one.files
                ],
                batch_size=1000,
            )
    return made


def forget(version: PackageVersion) -> None:
    """Delete what was kept of the index: the version is published, or never will be."""
    bucket = settings.S3_BUCKET_DERIVED
    try:
        for page in storage.listed(bucket=bucket, prefix=_folder(version)):
            storage.delete_all(bucket=bucket, keys=[key for key, _ in page])
    except storage.FAULTS:
        log.exception("the index of %s was not deleted; a later sweep does it", version)


def _folder(version: PackageVersion) -> str:
    return f"{FOLDER}{version.pk}/"


def _key(version: PackageVersion, members: list[PackageClip]) -> str:
    return f"{_folder(version)}{members[0].position:06d}"


def _begin(work: Work, members: list[PackageClip], wanted: Wants, free_wanted: Wants) -> Batch:
    clips = [member.clip for member in members]
    kept = _kept(work, members)
    tags, stored = ({}, {}) if kept else (_tags(clips), _stored(work.version, clips))
    jobs: list[Job] = []
    for number, member in enumerate(members):
        free = member.position in work.chosen
        plan = Plan(
            number=member.position,
            clip=member.clip,
            scene=_scene(member.clip, str(work.version.package_id)),
            tags=tags.get(member.clip_id, []),
            folder=work.scratch,
            wanted=wanted(member.position),
            free=free,
            free_wanted=free and free_wanted(member.position),
            stored=stored.get(member.clip_id, set()),
        )
        jobs.append((plan, kept[number] if kept else None))
    size = GROUP if work.helpers else 1
    groups = [jobs[first : first + size] for first in range(0, len(jobs), size)]
    return Batch(members, [work.pool.submit(work.do, group) for group in groups], stored=bool(kept))


def _kept(work: Work, members: list[PackageClip]) -> list[tuple[index.Entry, Any]]:
    """Read what a run before this one kept of these clips; nothing when they have to be done (again)."""
    clips = [member.clip_id for member in members]
    rows = work.version.objects_in.filter(clip__in=clips)
    done = rows.filter(media_type=pieces.VIDEO).exclude(path__startswith=SAMPLE).count()
    if not done:
        return []
    if done == len(members):
        try:
            found = index.unpack(
                storage.get_bytes(bucket=settings.S3_BUCKET_DERIVED, key=_key(work.version, members))
            )
        except (storage.StorageError, ValueError):
            log.warning("the index of clips %s of %s is lost: they are done again", clips[0], work.version)
        else:
            if [entry.number for entry, _ in found] == [member.position for member in members]:
                return found
    rows.delete()
    return []


def _stored(version: PackageVersion, clips: list[Clip]) -> dict[Any, set[str]]:
    """List the files that published versions of the package have of these clips: the bucket has them for sure."""
    rows = PackageObject.objects.filter(
        version__package_id=version.package_id,
        version__published_at__isnull=False,
        clip__in=clips,
        gone_at=None,
    )
    found: dict[Any, set[str]] = {}
    for clip, key in rows.values_list("clip_id", "key"):
        found.setdefault(clip, set()).add(key)
    return found


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
    return {
        "vertical": footage.vertical,
        "discipline": footage.discipline,
        "country": footage.country,
        "place": footage.place,
        "month": footage.recorded_on.strftime("%Y-%m") if footage.recorded_on else None,
        "consent_class": f"{footage.vertical}-training" + ("+showcase" if footage.showcase else ""),
        "recording": _alias(package, footage.pk),
        "contributor": _alias(
            package, footage.owner_id
        ),  # the same person throughout a package, nobody in another
    }


def _alias(package: str, whose: Any) -> str:
    return hashlib.sha256(f"{package}:{whose}:{settings.SECRET_KEY}".encode()).hexdigest()[:12]


def _cut(rows: Iterator[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == SIZE:
            yield batch
            batch = []
    if batch:
        yield batch
