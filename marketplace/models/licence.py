from __future__ import annotations

import hashlib

from django.db import models


class LicenceTerms(models.Model):
    """The exact text a buyer accepts; a change is a new version."""

    version = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=120)
    text = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "licence terms"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


def add_terms(*, version: str, title: str, text: str) -> LicenceTerms:
    """Store one licence text under the SHA-256 of its UTF-8 bytes."""
    return LicenceTerms.objects.create(
        version=version, title=title, text=text, sha256=hashlib.sha256(text.encode()).hexdigest()
    )
