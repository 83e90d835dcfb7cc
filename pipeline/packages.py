"""Packages: drafting one from approved clips, its price guide, and publishing a version to object storage."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Max, Value
from django.utils import timezone
from django.utils.text import slugify

from marketplace import taxonomy
from marketplace.models import Clip, Package, PackageClip, PackageObject, PackageVersion
from marketplace.models.event import record
from marketplace.models.licence import LicenceTerms
from marketplace.money import Money
from marketplace.states import ClipState, PackageState, VersionState, advance
from pipeline import contents, jobs
from pipeline.models import Job

HOUR_MS = 3_600_000
DRIVING_GUIDE = (10_000, 50_000)  # cents an hour
SPORTS_GUIDE = (1_000, 10_000)  # cents a set


class PackageError(Exception):
    """Say in one sentence why a package cannot be made or published."""


def price_guide(clips: Iterable[Clip]) -> tuple[Money, Money, str]:
    """Give the usual lowest and highest price of these clips, and the sentence that says why."""
    chosen = list(clips)
    total = sum(clip.duration_ms for clip in chosen)
    if chosen and chosen[0].footage.vertical == "sports":
        low, high = (Money(cents) for cents in SPORTS_GUIDE)
        return low, high, f"Sports sets usually cost {low} to {high}."
    low, high = (Money(max(50, cents * total // HOUR_MS)) for cents in DRIVING_GUIDE)
    hours = total / HOUR_MS
    return (
        low,
        high,
        f"Driving usually costs $100 to $500 an hour: {low} to {high} for {hours:.3f} hours.",
    )


def draft(
    *,
    title: str,
    summary: str,
    clips: Sequence[Clip],
    price_minor: int,
    licence: LicenceTerms,
    curator: Any,
    currency: str = "usd",
) -> Package:
    """Make a package with a draft version of these approved clips; raises PackageError."""
    verticals = {clip.footage.vertical for clip in clips}
    if not clips:
        raise PackageError("A package needs at least one clip. Choose some approved clips first.")
    if len(verticals) > 1:
        raise PackageError(
            "Driving and sports are shared out differently, so a package holds one of them. Choose again."
        )
    if price_minor < 50:
        raise PackageError("Stripe takes no payment below $0.50. Set a higher price.")
    _all_approved(clips)
    with transaction.atomic():
        package = Package.objects.create(
            slug=_free_slug(title),
            title=title,
            summary=summary,
            vertical=verticals.pop(),
            price_minor=price_minor,
            currency=currency,
            licence=licence,
            curator=curator,
        )
        version = PackageVersion.objects.create(package=package, number=1, prefix=f"pkg/{package.slug}/v1")
        PackageClip.objects.bulk_create(
            PackageClip(version=version, clip=clip, position=position) for position, clip in enumerate(clips)
        )
        record("package.drafted", subject=package, actor=curator, data={"clips": len(clips)})
    return package


def next_version(*, package: Package, clips: Sequence[Clip], curator: Any) -> PackageVersion:
    """Make the next draft version of a package; the versions before it stay as they are."""
    if not clips:
        raise PackageError("A version needs at least one clip.")
    if any(clip.footage.vertical != package.vertical for clip in clips):
        raise PackageError(f"This package holds {package.vertical} clips only. Choose again.")
    _all_approved(clips)
    with transaction.atomic():
        Package.objects.select_for_update().get(pk=package.pk)
        number = (package.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version = PackageVersion.objects.create(
            package=package, number=number, prefix=f"pkg/{package.slug}/v{number}"
        )
        PackageClip.objects.bulk_create(
            PackageClip(version=version, clip=clip, position=position) for position, clip in enumerate(clips)
        )
        record("packageversion.drafted", subject=version, actor=curator, data={"clips": len(clips)})
    return version


def _all_approved(clips: Sequence[Clip]) -> None:
    lost = [clip for clip in clips if clip.state != ClipState.APPROVED]
    if lost:
        names = ", ".join(str(clip) for clip in lost[:3])
        raise PackageError(f"{len(lost)} of the clips are not approved any more ({names}). Take them out.")


def _free_slug(title: str) -> str:
    base = slugify(title)[:70] or "package"
    taken = set(Package.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(s for n in range(1, len(taken) + 2) if (s := base if n == 1 else f"{base}-{n}") not in taken)


def publish(job: Job) -> None:
    """Write every file of the job's version, check each, freeze the version and put the package on sale.

    Files go up first under names nobody links to; one transaction at the end makes them visible, and only if
    every clip is still approved then. Raises PackageError and publishes nothing otherwise.
    """
    version = PackageVersion.objects.select_related("package__licence").get(jobs=job)
    scratch = settings.FAIRFRAME_WORK / str(job.pk)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        rows = contents.write(
            version=version, scratch=scratch, told=lambda p: jobs.renew(job, step="write", progress=p)
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    with transaction.atomic():
        clips = _locked_clips(version)
        _all_approved(clips)
        PackageObject.objects.bulk_create(rows)
        now = timezone.now()
        manifest = next(row for row in rows if row.path == "manifest.jsonl")
        advance(
            version,
            VersionState.PUBLISHED,
            manifest_sha256=manifest.sha256,
            total_bytes=sum(row.bytes for row in rows),
            published_at=now,
        )
        _put_on_sale(version, clips)
        jobs.finish(job)


def _locked_clips(version: PackageVersion) -> list[Clip]:
    ids = list(version.members.values_list("clip_id", flat=True))
    # A withdrawal waits for this lock, or has happened before it: a clip is never published and withdrawn at once.
    return list(Clip.objects.select_for_update(of=("self",)).filter(pk__in=ids).select_related("footage"))


def _put_on_sale(version: PackageVersion, clips: list[Clip]) -> None:
    package = version.package
    tags = sorted({tag for clip in clips for tag in clip.tag_ids})
    places = sorted({clip.footage.place for clip in clips} - {""})
    Package.objects.filter(pk=package.pk).update(
        current=version,
        tag_ids=tags,
        countries=sorted({clip.footage.country for clip in clips}),
        places=places,
        disciplines=sorted({clip.footage.discipline for clip in clips} - {""}),
        clip_count=len(clips),
        duration_ms=sum(clip.duration_ms for clip in clips),
        published_at=timezone.now(),
    )
    package.refresh_from_db()
    Package.objects.filter(pk=package.pk).update(search=search_of(package))
    if package.state != PackageState.PUBLISHED:
        advance(package, PackageState.PUBLISHED)


def search_of(package: Package) -> Any:
    """Build what words find a package by: its title first, then its summary, then tags, places and kind."""
    rest = [*(taxonomy.label(tag) for tag in package.tag_ids), *package.places, package.vertical]
    return (
        SearchVector(Value(package.title), weight="A", config="english")
        + SearchVector(Value(package.summary), weight="B", config="english")
        + SearchVector(Value(" ".join(rest)), weight="C", config="english")
    )
