"""Private places of somebody who films: circles, and the distance kept back at the ends of a trip."""

from __future__ import annotations

from typing import Any

from contributors.access import profile_of
from contributors.models import ContributorProfile, PrivateZone

MOST_ZONES = 20
LEAST_RADIUS_M, MOST_RADIUS_M = 50, 5000


class TooMany(Exception):
    """There are as many zones as one person may have."""


def add(*, owner: Any, name: str, latitude: float, longitude: float, radius_m: int) -> PrivateZone:
    """Add a zone; raise TooMany when there are enough."""
    if PrivateZone.objects.filter(owner=owner).count() >= MOST_ZONES:
        raise TooMany(f"You have {MOST_ZONES} private places. Remove one, then add this one.")
    return PrivateZone.objects.create(
        owner=owner, name=name, latitude=latitude, longitude=longitude, radius_m=radius_m
    )


def remove(*, owner: Any, pk: int) -> bool:
    """Remove one of this person's zones; says whether it was there."""
    return PrivateZone.objects.filter(owner=owner, pk=pk).delete()[0] > 0


def set_trim(*, owner: Any, metres: int) -> None:
    """Set what is kept back at the ends of each trip from now on."""
    profile = profile_of(owner)
    if profile is not None:
        ContributorProfile.objects.filter(pk=profile.pk).update(trip_trim_m=metres)
