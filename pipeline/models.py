"""Leased units of work, and files named by their SHA-256."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from marketplace.models import Clip, Footage, PackageVersion
from marketplace.states import JobState


class JobKind(models.TextChoices):
    PROCESS = "process", "Process a footage"
    PUBLISH = "publish", "Publish a package version"
    COVER = "cover", "Cover a footage again"


class Job(models.Model):
    """One unit of work: the row and its lease are the truth, the broker's message is only a wake-up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=JobKind.choices)
    footage = models.ForeignKey(Footage, null=True, on_delete=models.PROTECT, related_name="jobs")
    version = models.ForeignKey(PackageVersion, null=True, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    state_changed_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(
        null=True, help_text="Whoever holds it may write; a lapsed holder may not."
    )
    worker = models.CharField(max_length=120, blank=True)
    step = models.CharField(max_length=32, blank=True)
    progress = models.FloatField(default=0, help_text="Of the step, 0 to 1.")
    left_s = models.FloatField(null=True, help_text="Seconds of work left, measured; empty while unknown.")
    timing = models.JSONField(default=dict, help_text="Seconds by finished step.")
    plan = models.TextField(blank=True, help_text="How long footage is split, in the engine's own words.")
    ask = models.JSONField(default=dict, help_text="Cover again: the options that were asked for.")
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "not_before"]),
            models.Index(fields=["state", "lease_until"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["footage"],
                condition=models.Q(state__in=["queued", "running"], footage__isnull=False),
                name="job_one_live_per_footage",
            ),
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(state__in=["queued", "running"], version__isnull=False),
                name="job_one_live_per_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Segment(models.Model):
    """One stretch of a long footage, leased and tried again by itself; gone when the job is over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="segments")
    position = models.PositiveIntegerField()
    seconds = models.FloatField(help_text="Of footage, to weigh its progress.")
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    worker = models.CharField(max_length=120, blank=True)
    progress = models.FloatField(default=0)
    reason = models.TextField(blank=True)
    key = models.CharField(max_length=255, blank=True, help_text="Its finished files in one archive.")
    sha256 = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["job", "position"]
        constraints = [models.UniqueConstraint(fields=["job", "position"], name="segment_once_per_position")]
        indexes = [models.Index(fields=["state", "not_before"])]

    def __str__(self) -> str:
        return f"{self.job_id} segment {self.position + 1}"


class ManualBox(models.Model):
    """A region that a person wants hidden for a while, in shares of the picture."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    footage = models.ForeignKey(Footage, on_delete=models.PROTECT, related_name="manual_boxes")
    x = models.FloatField(help_text="Left edge, 0 to 1 of the picture's width.")
    y = models.FloatField()
    w = models.FloatField()
    h = models.FloatField()
    start_ms = models.BigIntegerField(help_text="From the start of the footage.")
    end_ms = models.BigIntegerField()
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, help_text="When a job last finished that covered it.")
    removed_in = models.ForeignKey(
        Job, null=True, on_delete=models.PROTECT, related_name="+", help_text="The job that uncovers it."
    )

    class Meta:
        ordering = ["start_ms", "created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(x__gte=0)
                & models.Q(y__gte=0)
                & models.Q(w__gt=0)
                & models.Q(h__gt=0)
                & models.Q(x__lt=1)
                & models.Q(y__lt=1),
                name="manual_box_in_picture",
            ),
            models.CheckConstraint(
                condition=models.Q(end_ms__gt=models.F("start_ms")) & models.Q(start_ms__gte=0),
                name="manual_box_has_length",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.footage_id} {self.start_ms}-{self.end_ms} ms"


class Artefact(models.Model):
    """A file in a bucket, named by its SHA-256; the same bytes are stored once."""

    bucket = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    kind = models.CharField(max_length=32, help_text="original, redacted, clip, preview, poster, report …")
    footage = models.ForeignKey(Footage, null=True, on_delete=models.PROTECT, related_name="artefacts")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bucket", "key"], name="artefact_once_per_key")]
        indexes = [models.Index(fields=["sha256"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:12]}"


class FramePrint(models.Model):
    """The fingerprint of one picture of a clip, or of its middle: 64 bits, and their quarters, which searches go by."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="prints")
    number = models.PositiveIntegerField()
    bits = models.BigIntegerField()
    mirrored = models.BigIntegerField()  # of its mirror image; 0 for a middle
    middle = models.BooleanField(default=False)
    quarter0 = models.IntegerField(db_index=True)
    quarter1 = models.IntegerField(db_index=True)
    quarter2 = models.IntegerField(db_index=True)
    quarter3 = models.IntegerField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "number"], name="frame_print_once")]

    def __str__(self) -> str:
        return f"{self.clip_id} {self.number}"
