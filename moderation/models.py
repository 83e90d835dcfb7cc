"""The desk's decisions."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from marketplace.models import Clip


class Verdict(models.TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Refuse"


class Reason(models.TextChoices):
    FACE = "face", "A face can still be recognised"
    PLATE = "plate", "A plate can still be read"
    OTHER_PERSONAL = "personal", "Something else personal can be read (address, screen, name)"
    QUALITY = "quality", "The picture is too dark, blurred or covered"
    CONTENT = "content", "It does not show what we can sell"
    RIGHTS = "rights", "It seems not to be the contributor's own"


class Review(models.Model):
    """One moderator's verdict on one clip; a second thought is a new row."""

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="reviews")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="approve") | ~models.Q(reason=""), name="refusal_has_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.clip}"


class OriginalView(models.Model):
    """One look of one member of staff at somebody's original."""

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [("see_originals", "Can look at originals beside the redacted clips")]

    def __str__(self) -> str:
        return f"{self.viewer} {self.at:%Y-%m-%d %H:%M}"
