"""Objects that no version has: what refused and given-up publications left in the buckets."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef

from marketplace import storage
from marketplace.models import PackageClip, PackageObject, PackageVersion
from marketplace.states import ClipState, VersionState
from pipeline import batches, bucket_lock

AGE = timedelta(days=1)  # a publication that failed may go on with what it put
UNSEEN = (VersionState.DRAFT, VersionState.FAILED)


def sweep(*, now: datetime) -> dict[str, int]:
    """Delete what no version needs; says how many objects of packages, and how many shares of an index.

    Stops while something is being published, and goes on the next time.
    """
    _give_up()
    return {"objects": _objects(now), "indexes": _indexes(now)}


def _give_up() -> None:
    """Forget the rows of versions that can never be published: a clip of theirs was withdrawn."""
    lost = PackageClip.objects.filter(version=OuterRef("version"), clip__state=ClipState.WITHDRAWN)
    PackageObject.objects.filter(Exists(lost), version__state__in=UNSEEN).delete()


def _objects(now: datetime) -> int:
    count = 0
    bucket = settings.S3_BUCKET_PACKAGES
    for page in storage.listed(bucket=bucket, prefix="objects/"):
        old = {key for key, written in page if written < now - AGE}
        if not old - _named(old):
            continue
        with bucket_lock.deleting() as mine:
            if not mine:
                break
            keys = sorted(old - _named(old))  # once more: a version may have come to need one
            storage.delete_all(bucket=bucket, keys=keys)
            count += len(keys)
    return count


def _named(keys: set[str]) -> set[str]:
    return set(PackageObject.objects.filter(key__in=keys, gone_at=None).values_list("key", flat=True))


def _indexes(now: datetime) -> int:
    """Delete shares of an index whose version is published or gone."""
    count = 0
    bucket = settings.S3_BUCKET_DERIVED
    for page in storage.listed(bucket=bucket, prefix=batches.FOLDER):
        of = {key: uuid.UUID(key.split("/")[1]) for key, written in page if written < now - AGE}
        open_ = PackageVersion.objects.filter(pk__in=of.values()).exclude(state=VersionState.PUBLISHED)
        alive = set(open_.values_list("pk", flat=True))
        keys = [key for key, version in of.items() if version not in alive]
        storage.delete_all(bucket=bucket, keys=keys)
        count += len(keys)
    return count
