"""Delivery: what an order may download now, signed link by signed link, each written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from buyers.models import Download, Entitlement, Order
from marketplace import storage
from marketplace.models import PackageObject
from marketplace.states import ClipState


class NotDeliverable(Exception):
    """Say in one sentence why there is no link."""


@dataclass(frozen=True)
class Delivery:
    """One bought version: its entitlement, the files that may be had now, and how many clips were withdrawn."""

    entitlement: Entitlement
    objects: list[PackageObject]
    withdrawn: int
    open: bool


def of_order(order: Order) -> list[Delivery]:
    """List what was bought with an order, as it stands now."""
    rows = Entitlement.objects.filter(line__order=order).select_related("version__package", "line")
    found = []
    for entitlement in rows.order_by("pk"):
        every = PackageObject.objects.filter(version_id=entitlement.version_id)
        alive = list(deliverable(entitlement).order_by("path"))
        gone = every.exclude(pk__in=[item.pk for item in alive]).values("clip").distinct().count()
        found.append(Delivery(entitlement, alive, gone, is_open(entitlement)))
    return found


def is_open(entitlement: Entitlement) -> bool:
    """Say whether the right to download holds now."""
    return entitlement.revoked_at is None and timezone.now() < entitlement.until


def deliverable(entitlement: Entitlement) -> QuerySet[PackageObject]:
    """Keep the files of a version that may leave now: those of no clip, and those of clips still approved."""
    return PackageObject.objects.filter(
        Q(clip=None) | Q(clip__state=ClipState.APPROVED), version_id=entitlement.version_id
    )


def link(*, entitlement: Entitlement, path: str, user: Any, address_prefix: str) -> str:
    """Sign a link to one file for 15 minutes and write down that it was handed out; raises NotDeliverable."""
    found = PackageObject.objects.filter(version_id=entitlement.version_id, path=path).first()
    if found is None:
        raise NotDeliverable("This package has no such file.")
    if not is_open(entitlement):
        raise NotDeliverable(
            f"Access ended on {entitlement.until:%d %B %Y}. Buy the package again to download it."
            if entitlement.revoked_at is None
            else "Access to this package was closed. Write to us if you think that is wrong."
        )
    if not deliverable(entitlement).filter(pk=found.pk).exists():
        raise NotDeliverable("The contributor withdrew this clip. Please delete your copy within 30 days.")
    Download.objects.create(entitlement=entitlement, user=user, path=path, address_prefix=address_prefix)
    return _sign(found)


def _sign(found: PackageObject) -> str:
    name = found.path.rpartition("/")[2]
    return storage.sign_get(
        bucket=settings.S3_BUCKET_PACKAGES, key=found.key, file_name=name, media_type=found.media_type
    )


def manifest(*, delivery: Delivery, user: Any, address_prefix: str) -> dict[str, Any]:
    """Give the machine-readable list of a bought version: every file with checksum and a link for 15 minutes."""
    entitlement = delivery.entitlement
    if not delivery.open:
        raise NotDeliverable("Access to this package has ended.")
    Download.objects.bulk_create(
        Download(entitlement=entitlement, user=user, path=item.path, address_prefix=address_prefix)
        for item in delivery.objects
    )
    return {
        "schema": "fairframe-delivery/1",
        "package": entitlement.version.package.slug,
        "version": entitlement.version.number,
        "manifest_sha256": entitlement.version.manifest_sha256,
        "access_until": entitlement.until.isoformat(),
        "links_valid_seconds": settings.S3_LINK_SECONDS,
        "withdrawn_clips": delivery.withdrawn,
        "objects": [
            {
                "path": item.path,
                "bytes": item.bytes,
                "sha256": item.sha256,
                "media_type": item.media_type,
                "url": _sign(item),
            }
            for item in delivery.objects
        ],
    }


def checksums(delivery: Delivery) -> str:
    """Write SHA256SUMS of what may be downloaded now, for `sha256sum -c`."""
    return "".join(f"{item.sha256}  {item.path}\n" for item in delivery.objects)
