from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from marketplace.models.footage import Footage
from marketplace.states import ClipState


class ClipQuerySet(models.QuerySet["Clip"]):
    def sellable(self) -> ClipQuerySet:
        """Keep what buyers may see: approved, and not withdrawn since (the state says both)."""
        return self.filter(state=ClipState.APPROVED)


class Clip(models.Model):
    """One scenario cut from a Footage, with its redacted media and its own moderation state."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    footage = models.ForeignKey(Footage, on_delete=models.PROTECT, related_name="clips")
    position = models.PositiveIntegerField(help_text="0-based place in the footage.")
    start_ms = models.BigIntegerField()
    end_ms = models.BigIntegerField()
    frames = models.PositiveIntegerField()
    fps = models.FloatField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    quality = models.DecimalField(max_digits=4, decimal_places=3, help_text="0 to 1 by the engine's formula.")
    quality_parts = models.JSONField(default=dict)
    tag_ids = ArrayField(
        models.CharField(max_length=64), default=list, help_text="Ids of its tags, for facets."
    )

    state = models.CharField(max_length=24, choices=ClipState.choices, default=ClipState.REVIEW)
    state_changed_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True)

    media_key = models.CharField(max_length=255)
    media_sha256 = models.CharField(max_length=64)
    media_bytes = models.BigIntegerField()
    preview_key = models.CharField(max_length=255)
    poster_key = models.CharField(max_length=255)
    poses_key = models.CharField(max_length=255, help_text="JSON of this clip's poses and tracks.")

    objects = ClipQuerySet.as_manager()

    class Meta:
        ordering = ["footage", "position"]
        constraints = [
            models.UniqueConstraint(fields=["footage", "position"], name="clip_once_per_position"),
            models.CheckConstraint(
                condition=models.Q(end_ms__gt=models.F("start_ms")), name="clip_has_length"
            ),
            models.CheckConstraint(
                condition=models.Q(quality__gte=0) & models.Q(quality__lte=1), name="clip_quality_0_to_1"
            ),
        ]
        indexes = [models.Index(fields=["state"]), GinIndex(fields=["tag_ids"], name="clip_tags_gin")]

    def __str__(self) -> str:
        return f"{self.footage.title} · clip {self.position + 1}"

    @property
    def duration_ms(self) -> int:
        """Say how long it runs, in milliseconds."""
        return self.end_ms - self.start_ms


class Tag(models.Model):
    """One scenario tag on a span of a clip: what, when, by whom, how sure."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="tags")
    tag_id = models.CharField(max_length=64)
    taxonomy_version = models.PositiveIntegerField()
    start_ms = models.BigIntegerField(help_text="From the start of the clip.")
    end_ms = models.BigIntegerField()
    event_ms = models.BigIntegerField(null=True, blank=True)
    count = models.PositiveIntegerField(
        null=True, blank=True, help_text="Repetitions inside the span, where counting makes sense."
    )
    source = models.CharField(max_length=100, help_text="model:<sha256>, human:<id> or contributor.")
    confidence = models.FloatField()

    class Meta:
        ordering = ["start_ms", "tag_id"]
        indexes = [models.Index(fields=["tag_id"])]

    def __str__(self) -> str:
        return self.tag_id
