"""Delivery: what an order may download now, signed link by signed link, each written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from buyers import seats
from buyers.models import Download, Entitlement, Order
from marketplace import storage
from marketplace.models import PackageClip, PackageObject
from marketplace.states import ClipState

CHECKSUMS = "SHA256SUMS"
# Files that speak of every clip of a version: once one is withdrawn they tell too much or promise what is not there.
SPEAK_OF_ALL = Q(path__in=["manifest.jsonl", CHECKSUMS]) | Q(clip=None, path__startswith="annotations/")
SHOWN = 100


class NotDeliverable(Exception):
    """Say in one sentence why there is no link."""


@dataclass(frozen=True)
class Delivery:
    """One bought version: its entitlement, how many of its clips were withdrawn since, and how many are held back."""

    entitlement: Entitlement
    withdrawn: int
    held: int

    @property
    def closed(self) -> str:
        """Say in one sentence why nothing can be downloaded, or nothing when it can."""
        return closed(self.entitlement)

    @property
    def seats_taken(self) -> int:
        """Count the people who have downloaded it, of those it was bought for."""
        return seats.taken(self.entitlement)

    @property
    def objects(self) -> QuerySet[PackageObject]:
        """List the files that may leave now."""
        return deliverable(self.entitlement)

    @property
    def shown(self) -> list[PackageObject]:
        """List the files that a page shows; the manifest has all."""
        return list(self.objects[:SHOWN])

    @property
    def count(self) -> int:
        """Count the files that may leave now."""
        return self.objects.count()


def of_order(order: Order) -> list[Delivery]:
    """List what was bought with an order, as it stands now."""
    rows = Entitlement.objects.filter(line__order=order).select_related("version__package", "line__order")
    return [_delivery(row) for row in rows.order_by("pk")]


def _delivery(entitlement: Entitlement) -> Delivery:
    lost = _lost(entitlement)
    withdrawn = lost.filter(clip__state=ClipState.WITHDRAWN).count()
    return Delivery(entitlement, withdrawn, lost.count() - withdrawn)


def closed(entitlement: Entitlement) -> str:
    """Say in one sentence why the right to download does not hold now, or nothing when it does."""
    if Entitlement.objects.live().filter(pk=entitlement.pk).exists():
        return ""
    if entitlement.revoked_at is not None or entitlement.line.order.state != "paid":
        return "Access to this package was closed. Write to us if you think that is wrong."
    return (
        f"Access ended on {entitlement.until:%-d %B %Y}. What you downloaded stays yours under the licence; buy the "
        "package again to download it again."
    )


def _lost(entitlement: Entitlement) -> QuerySet[PackageClip]:
    members = PackageClip.objects.filter(version_id=entitlement.version_id)
    return members.exclude(clip__state=ClipState.APPROVED)


def deliverable(entitlement: Entitlement) -> QuerySet[PackageObject]:
    """Keep the files of a version that may leave now: none of a clip that is not approved any more.

    With such a clip the files that speak of every clip stay behind too.
    """
    files = PackageObject.objects.filter(version_id=entitlement.version_id).order_by("path")
    alive = files.filter(Q(clip=None) | Q(clip__state=ClipState.APPROVED))
    return alive.exclude(SPEAK_OF_ALL) if _lost(entitlement).exists() else alive


def link(*, entitlement: Entitlement, path: str, user: Any, address_prefix: str) -> str:
    """Sign a link to one file for 15 minutes and write down that it was handed out; raises NotDeliverable."""
    files = PackageObject.objects.filter(version_id=entitlement.version_id).select_related("clip")
    found = files.filter(path=path).first()
    if found is None:
        raise NotDeliverable("This package has no such file.")
    if why := closed(entitlement):
        raise NotDeliverable(why)
    if not deliverable(entitlement).filter(pk=found.pk).exists():
        raise NotDeliverable(_kept_back(found))
    if why := seats.take(entitlement=entitlement, user=user):
        raise NotDeliverable(why)
    Download.objects.create(entitlement=entitlement, user=user, path=path, address_prefix=address_prefix)
    return _sign(found)


def _kept_back(found: PackageObject) -> str:
    if found.clip is None:
        return (
            "This file speaks of a clip that is no longer delivered. The manifest and the checksums on your order page "
            "are up to date."
        )
    if found.clip.state == ClipState.WITHDRAWN:
        return (
            "The contributor withdrew consent to this clip, so it is no longer delivered. Please delete your copy "
            "within 30 days, as the licence says."
        )
    return "Our moderators look at this clip again, so it is not delivered until they have decided. Come back in a day."


def _sign(found: PackageObject) -> str:
    return storage.sign_get(
        bucket=settings.S3_BUCKET_PACKAGES,
        key=found.key,
        file_name=found.path.rpartition("/")[2],
        media_type=found.media_type,
    )


def links(*, delivery: Delivery, user: Any, address_prefix: str) -> list[tuple[PackageObject, str]]:
    """Sign a link to every file for 15 minutes and write all of them down; raises NotDeliverable."""
    if delivery.closed:
        raise NotDeliverable(delivery.closed)
    if why := seats.take(entitlement=delivery.entitlement, user=user):
        raise NotDeliverable(why)
    files = list(delivery.objects)
    Download.objects.bulk_create(
        [
            Download(
                entitlement=delivery.entitlement, user=user, path=file.path, address_prefix=address_prefix
            )
            for file in files
        ],
        batch_size=1000,
    )
    return [(file, _sign(file)) for file in files]


def manifest(*, delivery: Delivery, user: Any, address_prefix: str) -> dict[str, Any]:
    """Give the machine-readable list of a bought version: every file with checksum and a link for 15 minutes."""
    signed = links(delivery=delivery, user=user, address_prefix=address_prefix)
    version = delivery.entitlement.version
    return {
        "schema": "fairframe-delivery/1",
        "package": version.package.slug,
        "version": version.number,
        "manifest_sha256": version.manifest_sha256,
        "access_until": delivery.entitlement.until.isoformat(),
        "links_valid_seconds": settings.S3_LINK_SECONDS,
        "withdrawn_clips": delivery.withdrawn,
        "held_clips": delivery.held,
        "objects": [
            {
                "path": file.path,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "media_type": file.media_type,
                "url": url,
            }
            for file, url in signed
        ],
    }


def curl_config(*, delivery: Delivery, user: Any, address_prefix: str) -> str:
    """Write the list as a configuration file of curl, which needs nothing else to fetch every file."""
    lines = [f"# Links are good for {settings.S3_LINK_SECONDS // 60} minutes after this file was made."]
    lines += ["fail", "create-dirs", "continue-at = -"]
    for file, url in links(delivery=delivery, user=user, address_prefix=address_prefix):
        if file.path != CHECKSUMS:  # the page gives them, and they are what the rest is checked against
            lines += [f'url = "{url}"', f'output = "{_quoted(file.path)}"']
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def checksums(delivery: Delivery) -> str:
    """Write SHA256SUMS of what may be downloaded now, for `sha256sum -c`; raises NotDeliverable."""
    if delivery.closed:
        raise NotDeliverable(delivery.closed)
    rows = delivery.objects.exclude(path=CHECKSUMS).values_list("sha256", "path")
    return "".join(f"{sha256}  {path}\n" for sha256, path in rows)
