"""What the page of a package shows: only clips that may be seen now, and figures of these clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum

from buyers import redaction, samples
from buyers.models import Entitlement, Membership, OrderLine
from marketplace import countries, coverage, timeline
from marketplace.models import Clip, Footage, Package, PackageVersion
from marketplace.states import VersionState

CLIPS = 12


@dataclass(frozen=True)
class Playing:
    """The clip in the player: its number in the package, and its tags on a timeline."""

    clip: Clip
    number: int
    rows: list[timeline.Row]


@dataclass(frozen=True)
class Clips:
    """Some of the clips with their numbers; ``more`` is the number of the next one, or 0."""

    listed: list[tuple[int, Clip]]
    total: int
    more: int

    @property
    def left(self) -> int:
        """Count the clips after these."""
        return self.total - self.more + 1 if self.more else 0


@dataclass(frozen=True)
class Shown:
    """Everything that the page says about a package."""

    package: Package
    version: PackageVersion
    versions: list[PackageVersion]
    playing: Playing
    clips: Clips
    withdrawn: int
    duration_ms: int
    total_bytes: int
    pictures: list[str]
    contributors: int
    countries: list[str]
    axes: list[tuple[str, list[coverage.Bar]]]
    crossed: coverage.Crossed | None
    redaction: redaction.Redaction
    accuracy: dict[str, Any]
    sample: int


def of(package: Package, *, clip: int = 1, first: int = 1) -> Shown | None:
    """Collect the page of a package with clip number ``clip`` in the player; None when no clip is left.

    ``clip`` and ``first`` (the first of the list) count from 1 and are put inside the package's range.
    """
    version, clips = package.current, alive(package)
    figures = clips.order_by().aggregate(
        count=Count("pk"),
        length=Sum(coverage.LENGTH),
        bytes=Sum("media_bytes"),
        **coverage.pairs(package.vertical),
    )
    total = figures["count"]
    if version is None or not total:
        return None
    footage = Footage.objects.filter(pk__in=clips.order_by().values("footage_id"))
    recordings = list(footage.values_list("owner_id", "country", "certificate"))
    nations = {country for _, country, _ in recordings}
    pictures = clips.order_by().values_list("width", "height", "fps").distinct()
    return Shown(
        package=package,
        version=version,
        versions=list(package.versions.filter(state=VersionState.PUBLISHED).order_by("-number")),
        playing=_playing(clips, clip, total),
        clips=some(clips, first, total),
        withdrawn=version.members.count() - total,
        duration_ms=figures["length"],
        total_bytes=figures["bytes"],
        pictures=sorted(f"{width}×{height}, {fps:g} fps" for width, height, fps in pictures),
        contributors=len({owner for owner, _, _ in recordings}),
        countries=sorted(countries.name(code) for code in nations),
        axes=coverage.by_axis(clips, whole=figures["length"]),
        crossed=coverage.crossed(figures, package.vertical),
        redaction=redaction.summed(certificate for _, _, certificate in recordings),
        accuracy=version.accuracy,
        sample=samples.clips(version),
    )


def alive(package: Package) -> QuerySet[Clip]:
    """List the clips of the version on sale that may be seen now, in their order."""
    rows = Clip.objects.sellable().filter(memberships__version_id=package.current_id)
    return rows.defer("quality_parts", "reason").order_by("memberships__position")


def some(clips: QuerySet[Clip], first: int, total: int) -> Clips:
    """Give the clips of one step of the list, from number ``first``."""
    start = min(max(first, 1), total) - 1
    listed = list(enumerate(clips[start : start + CLIPS], start=start + 1))
    last = start + len(listed)
    return Clips(listed, total, last + 1 if last < total else 0)


def _playing(clips: QuerySet[Clip], number: int, total: int) -> Playing:
    number = min(max(number, 1), total)
    clip = clips[number - 1]
    return Playing(clip, number, timeline.rows(clip.tags.all(), length_ms=clip.duration_ms))


def last_order(member: Membership | None, package: Package) -> Any:
    """Give the id of the newest order by which this organisation bought the package, or None."""
    if member is None:
        return None
    bought = OrderLine.objects.filter(
        entitlement__isnull=False,
        order__organisation_id=member.organisation_id,
        version__package=package,
    )
    line = bought.order_by("-order__created_at").first()
    return line.order_id if line else None


def owned_number(member: Membership, package: Package) -> int | None:
    """Give the newest version of a package that this organisation may download now, or None."""
    live = Entitlement.objects.live().filter(organisation_id=member.organisation_id, version__package=package)
    return live.aggregate(number=Max("version__number"))["number"]
