"""Leased units of work, and files named by their SHA-256."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from marketplace.models import Footage, PackageVersion
from marketplace.states import JobState


class JobKind(models.TextChoices):
    PROCESS = "process", "Process a footage"
    PUBLISH = "publish", "Publish a package version"


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
    timing = models.JSONField(default=dict, help_text="Seconds by finished step.")
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
