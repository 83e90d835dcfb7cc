"""Packages: drafting one from approved clips, its price guide, and publishing a version to object storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Count, F, Func, Max, Q, Sum, Value
from django.utils import timezone
from django.utils.text import slugify

from marketplace import coverage, taxonomy
from marketplace.models import Clip, Footage, Package, PackageClip, PackageVersion
from marketplace.models.event import record
from marketplace.models.licence import LicenceTerms
from marketplace.money import Money
from marketplace.states import ClipState, PackageState, VersionState, advance
from pipeline import accuracy, batches, bucket_lock, contents, duplicates, jobs, scratch
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
    _no_twins(clips)
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
    _no_twins(clips)
    with transaction.atomic():
        Package.objects.select_for_update().get(pk=package.pk)
        number = (package.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version = PackageVersion.objects.create(
            package=package, number=number, prefix=f"pkg/{package.slug}/v{number}"
        )
        PackageClip.objects.bulk_create(
            PackageClip(version=version, clip=clip, position=position)
            for clip, position in _positions(package, clips)
        )
        record("packageversion.drafted", subject=version, actor=curator, data={"clips": len(clips)})
    return version


def _positions(package: Package, clips: Sequence[Clip]) -> Iterator[tuple[Clip, int]]:
    """Give each clip the position it had in earlier versions, or the next that none ever had."""
    members = PackageClip.objects.filter(version__package=package)
    known = dict(members.values_list("clip_id", "position"))
    free = (members.aggregate(last=Max("position"))["last"] or 0) + 1
    for clip in clips:
        if clip.pk not in known:
            known[clip.pk], free = free, free + 1
        yield clip, known[clip.pk]


def _no_twins(clips: Sequence[Clip]) -> None:
    twins = duplicates.within(clips)
    if twins:
        names = "; ".join(f"“{pair.clip}” shows the same as “{pair.other}”" for pair in twins[:5])
        more = f" and {len(twins) - 5} more" if len(twins) > 5 else ""
        raise PackageError(f"A package does not sell the same twice: {names}{more}. Take one of each out.")


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
    """Write every file of the job's version, freeze the version and put the package on sale.

    Files go up first under names nobody links to, and their rows belong to a version nobody sees; one transaction at
    the end makes it visible, and only if every clip is still approved then. Raises PackageError, forgets the rows and
    publishes nothing otherwise; after any other fault the next run goes on where this one stopped.
    """
    version = PackageVersion.objects.select_related("package__licence", "replaces").get(jobs=job)
    try:
        _need_approved(version)
        version.accuracy = accuracy.measured()
        with scratch.folder(str(job.pk)) as place, bucket_lock.writing():
            contents.write(
                version=version,
                scratch=place,
                told=lambda step, done: jobs.renew(job, step=step, progress=done),
            )
        with transaction.atomic():
            _lock_clips(version)
            _need_approved(version)
            rows = version.objects_in.exclude(path__startswith=contents.SAMPLE)
            advance(
                version,
                VersionState.PUBLISHED,
                accuracy=version.accuracy,
                manifest_sha256=rows.get(path="manifest.jsonl").sha256,
                total_bytes=rows.aggregate(all=Sum("bytes"))["all"],
                published_at=timezone.now(),
            )
            _put_on_sale(version)
            jobs.finish(job)
    except PackageError:
        version.objects_in.all().delete()
        batches.forget(version)
        raise
    batches.forget(version)


def _need_approved(version: PackageVersion) -> None:
    lost = version.members.exclude(clip__state=ClipState.APPROVED).select_related("clip__footage")
    count = lost.count()
    if count:
        names = ", ".join(str(member.clip) for member in lost[:3])
        raise PackageError(f"{count} of the clips are not approved any more ({names}). Take them out.")
    if not version.members.exists():
        raise PackageError("A version needs at least one clip.")


def _lock_clips(version: PackageVersion) -> None:
    # A withdrawal waits for these locks, or has happened before them: a clip is never published and withdrawn at once.
    held = Clip.objects.select_for_update(of=("self",)).filter(memberships__version=version).order_by("pk")
    for _ in held.values_list("pk", flat=True).iterator(chunk_size=2000):
        pass


def _put_on_sale(version: PackageVersion) -> None:
    package = Package.objects.select_for_update().get(pk=version.package_id)
    # What stands in for an old version does not push a newer one off the shelf.
    if version.replaces_id is None or version.replaces_id == package.current_id:
        Package.objects.filter(pk=package.pk).update(current=version, published_at=timezone.now())
        refresh(package_ids=[package.pk])
        if package.state == PackageState.DRAFT:
            advance(package, PackageState.PUBLISHED)


def refresh(*, package_ids: Iterable[Any]) -> None:
    """Write the facets of packages anew from the clips that can be bought now."""
    for package in Package.objects.filter(pk__in=list(package_ids), current__isnull=False):
        clips = Clip.objects.sellable().filter(memberships__version=package.current_id).order_by()
        tags = clips.annotate(tag=Func("tag_ids", function="unnest", set_returning=True))
        footage = Footage.objects.filter(clips__in=clips).order_by()
        facets = {
            name: sorted(set(footage.values_list(column, flat=True).distinct()) - {""})
            for name, column in (("countries", "country"), ("places", "place"), ("disciplines", "discipline"))
        }
        package.tag_ids = sorted(tags.values_list("tag", flat=True).distinct())
        package.countries, package.places = facets["countries"], facets["places"]
        package.disciplines = facets["disciplines"]
        package.clip_count, package.duration_ms = clips.count(), coverage.duration(clips)
        package.search = search_of(package)
        package.save(
            update_fields=[
                "tag_ids", "countries", "places", "disciplines", "clip_count", "duration_ms", "search",
            ]
        )  # fmt: skip


def refresh_stale() -> int:
    """Refresh the packages whose number of clips is not what can be bought now; give how many there were."""
    alive = Count("current__members", filter=Q(current__members__clip__state=ClipState.APPROVED))
    sold = Package.objects.filter(current__isnull=False)
    stale = sold.annotate(alive=alive).exclude(alive=F("clip_count")).values_list("pk", flat=True)
    ids = list(stale)
    refresh(package_ids=ids)
    return len(ids)


def search_of(package: Package) -> Any:
    """Build what words find a package by: its title first, then its summary, then tags, places and kind."""
    rest = [*(taxonomy.label(tag) for tag in package.tag_ids), *package.places, package.vertical]
    return (
        SearchVector(Value(package.title), weight="A", config="english")
        + SearchVector(Value(package.summary), weight="B", config="english")
        + SearchVector(Value(" ".join(rest)), weight="C", config="english")
    )
