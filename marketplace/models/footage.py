from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from marketplace.states import FootageState

if TYPE_CHECKING:
    from marketplace.models.user import User


class Vertical(models.TextChoices):
    DRIVING = "driving", "Driving"
    SPORTS = "sports", "Sports"


class Sound(models.TextChoices):
    """What happens to the sound; the values are the engine's own."""

    DROP = "drop", "Drop the sound"
    MUTE_SPEECH = "mute-speech", "Keep the sound, silence all speech"


class FootageQuerySet(models.QuerySet["Footage"]):
    def of(self, user: User) -> FootageQuerySet:
        """Keep what this person filmed."""
        return self.filter(owner=user)

    def waiting_for_owner(self) -> FootageQuerySet:
        """Keep what the contributor has to look at."""
        return self.filter(state=FootageState.REVIEW)


class Footage(models.Model):
    """One recording as it was uploaded."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="footage")
    vertical = models.CharField(max_length=8, choices=Vertical.choices)
    discipline = models.CharField(max_length=32, blank=True, help_text="Sports only: which sport.")
    title = models.CharField(max_length=120)
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2 code.")
    place = models.CharField(max_length=120, blank=True, help_text="City or region; never an address.")
    recorded_on = models.DateField(null=True, blank=True)

    state = models.CharField(max_length=24, choices=FootageState.choices, default=FootageState.UPLOADING)
    state_changed_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(
        blank=True, help_text="The sentence for the person when it is refused or failed."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    file_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the whole file, hexadecimal.")
    upload_id = models.CharField(
        max_length=255, blank=True, help_text="The S3 multipart upload, while it runs."
    )
    upload_token = models.UUIDField(help_text="Made by the form: a second submit finds the first row.")
    part_bytes = models.IntegerField()
    original_key = models.CharField(max_length=255, blank=True)

    showcase = models.BooleanField(
        default=False, help_text="The consent to show previews outside package pages is in force."
    )

    # What the present redaction was made with, or will be when there is none yet.
    cover_jerseys = models.BooleanField(default=False, help_text="Jersey numbers and names are covered too.")
    cover_screens = models.BooleanField(default=False, help_text="Screens and burnt-in text are covered too.")
    sound = models.CharField(max_length=16, choices=Sound.choices, default=Sound.DROP)

    facts = models.JSONField(default=dict, help_text="What the probe found.")
    report_key = models.CharField(max_length=255, blank=True)
    redacted_key = models.CharField(max_length=255, blank=True)
    preview_key = models.CharField(max_length=255, blank=True)
    poster_key = models.CharField(max_length=255, blank=True)
    cache_key = models.CharField(
        max_length=255,
        blank=True,
        help_text="Detections of the last run, so that covering again costs little.",
    )
    duration_ms = models.BigIntegerField(default=0)
    certificate = models.JSONField(default=dict, help_text="The redaction certificate of report.json.")

    objects = FootageQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "footage"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "upload_token"], name="footage_once_per_form"),
            models.CheckConstraint(condition=models.Q(size_bytes__gt=0), name="footage_has_bytes"),
        ]
        indexes = [models.Index(fields=["owner", "-created_at"]), models.Index(fields=["state"])]

    def __str__(self) -> str:
        return self.title
