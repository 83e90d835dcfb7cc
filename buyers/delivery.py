"""Delivery: what an order may download now, signed link by signed link, each written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from buyers import seats
from buyers.groups import Group, grouped
from buyers.models import ApiKey, Download, Entitlement, Order
from marketplace import storage
from marketplace.models import Package, PackageClip, PackageObject, PackageVersion
from marketplace.states import ClipState, VersionState

CHECKSUMS = "SHA256SUMS"
SAMPLE = "sample/"
# Videos of a sample that are the very ones that are sold: from before samples bore a mark.
UNMARKED = Q(sha256=F("clip__media_sha256"))
# What a version may still say once a clip of it is withdrawn; its other files about every clip tell too much or promise
# what is not there.
SAYS_LITTLE = ("LICENSE.txt", "README.md", "tombstones.jsonl", "annotations/yolo_pose/data.yaml")


class NotDeliverable(Exception):
    """Say in one sentence why there is no link."""


@dataclass(frozen=True)
class Delivery:
    """One bought version: its entitlement, the version that is delivered for it, how many clips are gone or held.

    ``version`` is what was bought, or what stands in for it because clips were withdrawn.
    """

    entitlement: Entitlement
    version: PackageVersion
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
    def groups(self) -> list[Group]:
        """Sort the files of a page by what they are for."""
        return grouped(self.objects)


def of_order(order: Order) -> list[Delivery]:
    """List what was bought with an order, as it stands now."""
    rows = Entitlement.objects.filter(line__order=order).select_related("version__package", "line__order")
    return [of_entitlement(row) for row in rows.order_by("pk")]


def of_entitlement(entitlement: Entitlement) -> Delivery:
    """Say what an entitlement gives now."""
    bought = PackageClip.objects.filter(version_id=entitlement.version_id)
    lost = bought.exclude(clip__state=ClipState.APPROVED)
    withdrawn = lost.filter(clip__state=ClipState.WITHDRAWN).count()
    return Delivery(entitlement, delivered(entitlement), withdrawn, lost.count() - withdrawn)


def delivered(entitlement: Entitlement) -> PackageVersion:
    """Find the version to deliver: the one that was bought, or what stands in for it since clips were withdrawn."""
    version = entitlement.version
    while following := PackageVersion.objects.filter(replaces=version, state=VersionState.PUBLISHED).first():
        version = following
    return version


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


def deliverable(entitlement: Entitlement) -> QuerySet[PackageObject]:
    """Keep the files of a version that may leave now: none of a clip that is not approved any more.

    With such a clip the files that speak of every clip stay behind too.
    """
    return _deliverable(delivered(entitlement)).exclude(path__startswith=SAMPLE)


def _deliverable(version: PackageVersion) -> QuerySet[PackageObject]:
    files = version.objects_in.filter(gone_at=None).order_by("path")
    alive = files.filter(Q(clip=None) | Q(clip__state=ClipState.APPROVED))
    gone = version.members.exclude(clip__state=ClipState.APPROVED)
    if not gone.exists():
        return alive
    # A shard goes on if every clip in it does; its row says which clips these are.
    inside = PackageClip.objects.filter(
        version=OuterRef("version"), position__gte=OuterRef("first"), position__lte=OuterRef("last")
    ).exclude(clip__state=ClipState.APPROVED)
    whole_shard = Q(clip=None, first__isnull=False) & ~Exists(inside)
    little = [*SAYS_LITTLE, *(SAMPLE + path for path in SAYS_LITTLE)]
    return alive.filter(Q(clip__isnull=False) | whole_shard | Q(path__in=little))


def sample(package: Package) -> QuerySet[PackageObject]:
    """List the files of the free sample of the version on sale, as they may be downloaded now.

    What is free bears the mark: a version from the time before samples were marked gives none.
    """
    if package.current is None:
        return PackageObject.objects.none()
    found = _deliverable(package.current).filter(path__startswith=SAMPLE)
    unmarked = found.filter(UNMARKED, media_type="video/mp4")
    return PackageObject.objects.none() if unmarked.exists() else found


def sample_link(*, package: Package, path: str) -> str:
    """Sign a link to one file of the free sample for 15 minutes; raises NotDeliverable."""
    found = sample(package).filter(path=SAMPLE + path).first()
    if found is None:
        raise NotDeliverable("The free sample has no such file now.")
    return sign(found)


def link(
    *, entitlement: Entitlement, path: str, user: Any, address_prefix: str, key: ApiKey | None = None
) -> str:
    """Sign a link to one file for 15 minutes and write down that it was handed out; raises NotDeliverable."""
    files = delivered(entitlement).objects_in.exclude(path__startswith=SAMPLE).select_related("clip")
    found = files.filter(path=path).first()
    if found is None:
        raise NotDeliverable("This package has no such file.")
    if why := closed(entitlement):
        raise NotDeliverable(why)
    if not deliverable(entitlement).filter(pk=found.pk).exists():
        raise NotDeliverable(_kept_back(found))
    if why := seats.take(entitlement=entitlement, user=user):
        raise NotDeliverable(why)
    Download.objects.create(
        entitlement=entitlement, user=user, key=key, path=path, address_prefix=address_prefix
    )
    return sign(found)


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


def sign(found: PackageObject) -> str:
    """Sign a link to one file for 15 minutes, under its own name."""
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
    return [(file, sign(file)) for file in files]


def manifest(*, delivery: Delivery, user: Any, address_prefix: str) -> dict[str, Any]:
    """Give the machine-readable list of a bought version: every file with checksum and a link for 15 minutes."""
    signed = links(delivery=delivery, user=user, address_prefix=address_prefix)
    version = delivery.version
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
    signed = links(delivery=delivery, user=user, address_prefix=address_prefix)
    # The page gives the checksums, and they are what the rest is checked against.
    return curl_lines((file.path, url) for file, url in signed if file.path != CHECKSUMS)


def curl_lines(files: Iterable[tuple[str, str]]) -> str:
    """Write (path, link) pairs as a configuration file of curl."""
    lines = [f"# Links are good for {settings.S3_LINK_SECONDS // 60} minutes after this file was made."]
    lines += ["fail", "create-dirs", "continue-at = -"]
    for path, url in files:
        lines += [f'url = "{url}"', f'output = "{_quoted(path)}"']
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def checksums(delivery: Delivery) -> str:
    """Write SHA256SUMS of what may be downloaded now, for `sha256sum -c`; raises NotDeliverable."""
    if delivery.closed:
        raise NotDeliverable(delivery.closed)
    rows = delivery.objects.exclude(path=CHECKSUMS).values_list("sha256", "path")
    return "".join(f"{sha256}  {path}\n" for sha256, path in rows)
