"""Becoming a contributor."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from contributors.models import ContributorProfile
from marketplace.models.event import record


def become(*, user: Any, kind: str, display_name: str, country: str, is_adult: bool) -> ContributorProfile:
    """Make this person a contributor; a second call finds the first profile and changes nothing."""
    with transaction.atomic():
        profile, made = ContributorProfile.objects.get_or_create(
            user=user,
            defaults={"kind": kind, "display_name": display_name, "country": country, "is_adult": is_adult},
        )
        if made:
            record(
                "contributor.started",
                subject=profile,
                actor=user,
                data={"kind": kind, "country": country, "is_adult": is_adult},
            )
    return profile
