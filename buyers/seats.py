"""Seats: who of an organisation may download what was bought for a limited number of people."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from buyers.models import Entitlement, Seat


def taken(entitlement: Entitlement) -> int:
    """Count the seats that members hold; somebody who left the organisation gives theirs back."""
    members = entitlement.organisation.memberships.values("user_id")
    return Seat.objects.filter(entitlement=entitlement, user_id__in=members).count()


def take(*, entitlement: Entitlement, user: Any) -> str:
    """Give this person a seat with the first download; say in one sentence why not when all are taken."""
    if entitlement.seats is None or Seat.objects.filter(entitlement=entitlement, user=user).exists():
        return ""
    with transaction.atomic():
        locked = Entitlement.objects.select_for_update().get(pk=entitlement.pk)  # two people, one last seat
        if Seat.objects.filter(entitlement=locked, user=user).exists():
            return ""
        if taken(locked) >= (locked.seats or 0):
            return (
                f"This package was bought for {locked.seats} people, and so many have downloaded it. Ask one of them, "
                "or buy it for a larger team."
            )
        Seat.objects.create(entitlement=locked, user=user)
    return ""
