"""Who films, and what they agreed to."""

from __future__ import annotations

import hashlib
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from marketplace.models import Footage


class Kind(models.TextChoices):
    DRIVER = "driver", "I drive"
    ATHLETE = "athlete", "I do sports"


class ContributorProfile(models.Model):
    """A person who films: what they film and where they live."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="contributor_profile"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    display_name = models.CharField(max_length=80)
    country = models.CharField(max_length=2, help_text="Where you live (ISO 3166-1 alpha-2).")
    is_adult = models.BooleanField(help_text="They said that they are 18 or older.")
    created_at = models.DateTimeField(auto_now_add=True)
    trip_trim_m = models.PositiveIntegerField(
        default=300, help_text="Metres around the start and end of a trip that nobody sees."
    )

    def __str__(self) -> str:
        return self.display_name


class PrivateZone(models.Model):
    """A circle that is cut from a person's footage and telemetry before anybody sees them."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="private_zones"
    )
    name = models.CharField(max_length=60)
    latitude = models.FloatField()
    longitude = models.FloatField()
    radius_m = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180
                ),
                name="private_zone_on_earth",
            ),
            models.CheckConstraint(
                condition=models.Q(radius_m__gte=50, radius_m__lte=5000), name="private_zone_50_to_5000_m"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TelemetryFile(models.Model):
    """A GPX, NMEA or CSV that came with a footage; kept with the original and deleted with it."""

    footage = models.OneToOneField(Footage, on_delete=models.CASCADE, related_name="telemetry_file")
    name = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    fixes = models.PositiveIntegerField()
    clock_offset_s = models.FloatField(default=0, help_text="To add to the clock of the telemetry.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Purpose(models.TextChoices):
    STORE = "store", "Store and process"
    SELL = "sell", "Sell for training"
    PEOPLE = "people", "People in the picture"
    RESEARCH = "research", "Research"
    SHOWCASE = "showcase", "Show as a preview"


class ConsentText(models.Model):
    """The exact words of one purpose in one version; a change is a new row."""

    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    version = models.CharField(max_length=16)
    language = models.CharField(max_length=8, default="en")
    text = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    required = models.BooleanField(help_text="Nothing is stored without it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-required", "purpose"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version", "language"], name="consent_text_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.version}"


def text_digest(text: str) -> str:
    """Give the SHA-256 of the text's UTF-8 bytes, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class Consent(models.Model):
    """One box that one person ticked for one footage; append-only, a withdrawal is a new row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    footage = models.ForeignKey(Footage, on_delete=models.PROTECT, related_name="consents")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT)
    text_sha256 = models.CharField(max_length=64)
    given = models.BooleanField(help_text="False: withdrawn at this time.")
    at = models.DateTimeField(auto_now_add=True)
    address_prefix = models.CharField(max_length=64, help_text="/24 of IPv4, /48 of IPv6; never the whole.")
    agent = models.CharField(max_length=300)
    how = models.CharField(max_length=100, help_text="Which screen, and that the box was not pre-ticked.")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["footage", "-at"])]

    def __str__(self) -> str:
        return f"{self.text} {'given' if self.given else 'withdrawn'}"


class UploadPart(models.Model):
    """The checksum that the browser promised for one part of a running upload; gone when the upload ends."""

    footage = models.ForeignKey(Footage, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField(help_text="From 1, as object storage counts.")
    sha256 = models.CharField(max_length=44, help_text="Of the part's bytes, base64.")
    signed_at = models.DateTimeField(default=timezone.now, help_text="When its address was last asked for.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["footage", "number"], name="upload_part_once"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1) & models.Q(number__lte=10_000),
                name="upload_part_1_to_10000",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.footage_id} part {self.number}"


class Letter(models.Model):
    """One e-mail that was sent about a footage's state, so that nobody gets it twice."""

    footage = models.ForeignKey(Footage, on_delete=models.CASCADE, related_name="letters")
    state = models.CharField(max_length=24)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["footage", "state"], name="letter_once_per_footage_and_state")
        ]

    def __str__(self) -> str:
        return f"{self.footage_id} {self.state}"
