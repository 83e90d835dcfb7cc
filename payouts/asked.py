"""Stripe's names of what it still needs, in words for a person."""

from __future__ import annotations

# The first that is part of the name decides; names are Stripe's of v1 (`individual.dob.day`) and v2.
WORDS = (
    ("external_account", "a bank account"),
    ("outbound_destination", "a bank account"),
    ("bank_account", "a bank account"),
    ("tos_acceptance", "your agreement to Stripe's terms"),
    ("terms_of_service", "your agreement to Stripe's terms"),
    ("document", "a photo of an identity document"),
    ("first_name", "your name"),
    ("last_name", "your name"),
    ("given_name", "your name"),
    ("surname", "your name"),
    ("dob", "your date of birth"),
    ("date_of_birth", "your date of birth"),
    ("address", "your address"),
    ("phone", "your phone number"),
    ("email", "your e-mail address"),
    ("ssn", "your tax number"),
    ("id_number", "your tax number"),
    ("tax", "your tax number"),
    ("country", "your country"),
)


def in_words(names: list[str]) -> list[str]:
    """Write each thing once: ``individual.dob.day`` and ``individual.dob.year`` are one date of birth."""
    return sorted({_word(name) for name in names})


def _word(name: str) -> str:
    for part, word in WORDS:
        if part in name:
            return word
    return name.rpartition(".")[2].replace("_", " ")
