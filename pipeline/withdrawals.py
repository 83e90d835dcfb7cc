"""What becomes of packages when a clip is withdrawn: a version without it, a tombstone, and its bytes deleted."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from marketplace import storage
from marketplace.models import Package, PackageClip, PackageObject, PackageVersion, Tombstone
from marketplace.models.event import record
from marketplace.states import ClipState, VersionState
from pipeline import bucket_lock, jobs, packages

log = logging.getLogger(__name__)

# Files about every clip that say more than a figure of each. The card, the licence and the lists of names stay.
SPEAKS_OF_ALL = (
    Q(path__endswith="annotations/coco_keypoints.json")
    | Q(path__endswith="clips.parquet")
    | Q(path__endswith="media/metadata.jsonl")
)
AT_ONCE = 1000  # what one request to the store may name


def follow() -> dict[str, int]:
    """Bring every package up to what was withdrawn since; safe to run again and at the same time.

    For each published version that nothing stands in for and that has a withdrawn clip: a tombstone a clip, and a new
    version with the clips that can still be sold. The old version stays as it was written, but the bytes in which a
    withdrawn clip shows are deleted.
    """
    gone = PackageClip.objects.filter(version=OuterRef("pk"), clip__state=ClipState.WITHDRAWN)
    heads = PackageVersion.objects.filter(Exists(gone), state=VersionState.PUBLISHED, replaced_by=None)
    made = sum(_stand_in(version) for version in heads.select_related("package"))
    return {"versions": made, "refreshed": packages.refresh_stale(), "deleted": _delete_bytes()}


def _stand_in(version: PackageVersion) -> bool:
    with transaction.atomic():
        Package.objects.select_for_update().get(pk=version.package_id)
        if PackageVersion.objects.filter(replaces=version).exists():
            return False
        now = timezone.now()
        members = version.members.filter(clip__state=ClipState.WITHDRAWN)
        # Who bought a version before this one gets this one now, so these clips are gone from theirs too.
        buried = Tombstone.objects.bulk_create(
            [
                Tombstone(version=held, clip_id=member.clip_id, position=member.position, removed_at=now)
                for held in _line_of(version)
                for member in members
            ],
            ignore_conflicts=True,
        )
        left = version.members.filter(clip__state=ClipState.APPROVED)
        if not left.exists():
            return False
        number = (version.package.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        following = PackageVersion.objects.create(
            package=version.package,
            number=number,
            prefix=f"pkg/{version.package.slug}/v{number}",
            replaces=version,
        )
        PackageClip.objects.bulk_create(
            (
                PackageClip(version=following, clip_id=clip, position=position)
                for clip, position in left.values_list("clip_id", "position").iterator()
            ),
            batch_size=2000,
        )
        record("packageversion.replaced", subject=following, data={"withdrawn": len(buried)})
        jobs.enqueue_publish(version=following)
    return True


def _line_of(version: PackageVersion) -> list[PackageVersion]:
    """List a version and those that it stands in for."""
    found = [version]
    while found[-1].replaces is not None:
        found.append(found[-1].replaces)
    return found


def _delete_bytes() -> int:
    """Delete the objects that show withdrawn clips, unless a sound version has the same ones.

    Waits for a quiet moment when something is being published; nobody gets a link to them anyway.
    """
    lost = PackageClip.objects.filter(version=OuterRef("version"), clip__state=ClipState.WITHDRAWN)
    within = lost.filter(position__gte=OuterRef("first"), position__lte=OuterRef("last"))
    rows = PackageObject.objects.filter(gone_at=None, version__state=VersionState.PUBLISHED)
    dead = rows.filter(
        Q(clip__state=ClipState.WITHDRAWN)
        | Q(Exists(within), clip=None, first__isnull=False)
        | Q(Exists(lost), SPEAKS_OF_ALL, clip=None, first=None)
    )
    with bucket_lock.deleting() as mine:
        some = dict(dead.order_by("pk").values_list("pk", "key")[:AT_ONCE]) if mine else {}
        # Equal bytes may serve another version, or another person's clip, in good standing.
        others = PackageObject.objects.filter(key__in=set(some.values()), gone_at=None)
        sound = set(others.exclude(pk__in=dead.values("pk")).values_list("key", flat=True)) if some else set()
        try:
            storage.delete_all(bucket=settings.S3_BUCKET_PACKAGES, keys=sorted({*some.values()} - sound))
        except storage.FAULTS:
            log.exception("the bytes of withdrawn clips were not deleted; the next run tries again")
            return 0
        PackageObject.objects.filter(pk__in=some).update(gone_at=timezone.now())
    return len(some)
