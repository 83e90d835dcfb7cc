"""How many people a licence is for, and what that does to the price."""

from __future__ import annotations

from django.db import models


class LicenceSize(models.TextChoices):
    TEAM_5 = "team5", "Team of 5"
    TEAM_10 = "team10", "Team of 10"
    TEAM_15 = "team15", "Team of 15"
    ORGANISATION = "organisation", "Whole organisation"


# Size → how many times the price, and how many people may download (None: everyone).
TERMS: dict[str, tuple[int, int | None]] = {
    LicenceSize.TEAM_5: (1, 5),
    LicenceSize.TEAM_10: (2, 10),
    LicenceSize.TEAM_15: (3, 15),
    LicenceSize.ORGANISATION: (4, None),
}


def multiple(size: str) -> int:
    """Say how many times the package's price a size costs."""
    return TERMS[size][0]


def seats(size: str) -> int | None:
    """Say how many people of the organisation may download; None for everyone."""
    return TERMS[size][1]


def words(size: str) -> str:
    """Say in a sentence what a size allows."""
    people = seats(size)
    who = (
        f"{people} people of your organisation" if people else "Everyone at your organisation, however many,"
    )
    return f"{who} may download it and train with it."


def choices() -> list[tuple[str, str]]:
    """List value and words of each size with its price: for a select."""
    times = {size: f" (price × {n})" if n > 1 else "" for size, (n, _) in TERMS.items()}
    return [(value, f"{label}{times[value]}") for value, label in LicenceSize.choices]
