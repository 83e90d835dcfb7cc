from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone

from marketplace.models.clip import Clip
from marketplace.models.footage import Vertical
from marketplace.models.licence import LicenceTerms
from marketplace.states import ClipState, PackageState, VersionState


class PackageQuerySet(models.QuerySet["Package"]):
    def listed(self) -> PackageQuerySet:
        """Keep what buyers can find: published, with at least one clip that is still approved."""
        alive = PackageClip.objects.filter(version=models.OuterRef("current"), clip__state=ClipState.APPROVED)
        return self.filter(models.Exists(alive), state=PackageState.PUBLISHED, current__isnull=False)


class Package(models.Model):
    """What is sold: a title, a licence, a price, and versions of its content."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.TextField(max_length=2000)
    vertical = models.CharField(max_length=8, choices=Vertical.choices)
    price_minor = models.PositiveBigIntegerField(help_text="In minor units (cents).")
    currency = models.CharField(max_length=3, default="usd")
    licence = models.ForeignKey(LicenceTerms, on_delete=models.PROTECT)
    state = models.CharField(max_length=16, choices=PackageState.choices, default=PackageState.DRAFT)
    state_changed_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    current = models.ForeignKey(
        "PackageVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Facets, written when a version is published, so that the catalogue reads one table.
    tag_ids = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    places = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    disciplines = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    clip_count = models.PositiveIntegerField(default=0)
    duration_ms = models.BigIntegerField(default=0)
    search = SearchVectorField(null=True, editable=False)

    objects = PackageQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(price_minor__gt=0), name="package_has_price")
        ]
        indexes = [
            models.Index(fields=["state", "-published_at"]),
            GinIndex(fields=["tag_ids"], name="package_tags_gin"),
            GinIndex(fields=["search"], name="package_search_gin"),
        ]

    def __str__(self) -> str:
        return self.title


class PackageVersion(models.Model):
    """An immutable manifest over content-addressed objects."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=VersionState.choices, default=VersionState.DRAFT)
    state_changed_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True)
    clips = models.ManyToManyField(Clip, through="PackageClip", related_name="versions")
    prefix = models.CharField(max_length=200, blank=True, help_text="pkg/<slug>/v<number> in the bucket.")
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    total_bytes = models.BigIntegerField(default=0)
    published_at = models.DateTimeField(null=True, blank=True)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by",
        help_text="The version that this one stands in for because clips of it were withdrawn.",
    )  # fmt: skip
    accuracy = models.JSONField(
        default=dict, blank=True, help_text="What `make bench` had measured when it was published."
    )

    class Meta:
        ordering = ["package", "-number"]
        constraints = [models.UniqueConstraint(fields=["package", "number"], name="version_once")]

    def __str__(self) -> str:
        return f"{self.package} v{self.number}"


class PackageClip(models.Model):
    """One clip in one version; its milliseconds are what the sale is shared by.

    ``position`` names the clip's files (clip_000007) and is the same in every version of the package.
    """

    version = models.ForeignKey(PackageVersion, on_delete=models.PROTECT, related_name="members")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="memberships")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "clip"], name="clip_once_per_version")]

    def __str__(self) -> str:
        return f"{self.version} · {self.clip_id}"


class PackageObject(models.Model):
    """One file of a published version: its path for the buyer, its key in the bucket, its checksum."""

    version = models.ForeignKey(PackageVersion, on_delete=models.PROTECT, related_name="objects_in")
    clip = models.ForeignKey(Clip, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    # Of a file about some clips (a shard): the first and last position that it holds.
    first = models.PositiveIntegerField(null=True, blank=True)
    last = models.PositiveIntegerField(null=True, blank=True)
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="When its bytes were deleted: it showed a clip that was withdrawn."
    )

    class Meta:
        ordering = ["version", "path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="path_once_per_version")]
        indexes = [models.Index(fields=["key"], name="package_object_key")]

    def __str__(self) -> str:
        return self.path


class Tombstone(models.Model):
    """A clip that a published version had and that nobody may use any more."""

    version = models.ForeignKey(PackageVersion, on_delete=models.PROTECT, related_name="tombstones")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    removed_at = models.DateTimeField()
    reason_class = models.CharField(max_length=32, default="consent_withdrawn")

    class Meta:
        ordering = ["removed_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["version", "clip"], name="tombstone_once")]

    def __str__(self) -> str:
        return f"{self.version} without {self.clip_id}"
