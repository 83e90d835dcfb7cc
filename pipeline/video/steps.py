"""The steps a person sees while a footage is processed, in order."""

from __future__ import annotations

STEPS: list[tuple[str, str]] = [
    ("check", "Checking the file"),
    ("redact", "Finding and covering faces and number plates in every frame"),
    ("tag", "Working out what happens in the scene"),
    ("cut", "Cutting the footage into clips"),
    ("seal", "Writing the privacy certificate"),
]
KEYS = [key for key, _ in STEPS]
