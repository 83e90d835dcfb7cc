"""Keys with which an organisation's programs use the API, and when each was used from where."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Scope(models.TextChoices):
    READ = "read", "Read: find packages, see access and usage"
    DOWNLOAD = "download", "Download: get files of what your organisation has"
    TAKE = "take", "Take: use hours of your plan"


class ApiKey(models.Model):
    """One key; only its SHA-256 is stored, and enough of its start to tell it from others."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("buyers.Organisation", on_delete=models.CASCADE, related_name="api_keys")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    start = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope.choices))
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.CharField(max_length=64, blank=True, help_text="Network part of the address.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=models.Q(revoked_at=None),
                name="api_key_name_once",
                violation_error_message="Your organisation has a key with this name. Choose another one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    @property
    def over(self) -> bool:
        """Say whether its time is over."""
        return self.expires_at <= timezone.now()

    @property
    def scope_words(self) -> list[str]:
        """Name what it may do, in a word each."""
        return [Scope(scope).label.partition(":")[0] for scope in self.scopes]


class ApiDay(models.Model):
    """One day's use of a key from one network: the access log that a bank is shown, without an address in it."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    address_prefix = models.CharField(max_length=64)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    minutes = models.PositiveIntegerField(help_text="In how many minutes of the day it was used, about.")

    class Meta:
        ordering = ["day", "first_at"]
        constraints = [
            models.UniqueConstraint(fields=["key", "day", "address_prefix"], name="api_day_once_per_network")
        ]

    def __str__(self) -> str:
        return f"{self.key} on {self.day}"
