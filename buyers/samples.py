"""The free sample of a package: the same form as the package, for anybody who is logged in and buys for a company."""

from __future__ import annotations

from django.db.models import QuerySet, Sum

from buyers import delivery
from buyers.groups import Group, grouped
from marketplace.models import Package, PackageObject, PackageVersion
from marketplace.states import ClipState


def files(package: Package) -> QuerySet[PackageObject]:
    """List the files of the sample as they may be downloaded now."""
    return delivery.sample(package)


def groups(package: Package) -> list[Group]:
    """Sort the files of the sample by what they are for."""
    return grouped(files(package), prefix=delivery.SAMPLE)


def clips(version: PackageVersion) -> int:
    """Count the videos of a version's sample that may be seen now."""
    videos = version.objects_in.filter(
        path__startswith=delivery.SAMPLE + "media/", clip__state=ClipState.APPROVED
    )
    return videos.exclude(delivery.UNMARKED).count()


def size(package: Package) -> int:
    """Add up the length of all files in bytes."""
    return files(package).aggregate(all=Sum("bytes"))["all"] or 0


def curl_config(package: Package) -> str:
    """Write the list of files with signed links as curl reads it."""
    return delivery.curl_lines(
        (row.path.removeprefix(delivery.SAMPLE), delivery.sign(row)) for row in files(package)
    )


def checksums(package: Package) -> str:
    """Write SHA256SUMS of what may be downloaded now."""
    rows = files(package).exclude(path=delivery.SAMPLE + delivery.CHECKSUMS).values_list("sha256", "path")
    return "".join(f"{sha256}  {path.removeprefix(delivery.SAMPLE)}\n" for sha256, path in rows)
