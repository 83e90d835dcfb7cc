"""The rows that migrations write: licence texts, consent texts and the like."""

from __future__ import annotations

from typing import Any

REMADE_BY_DJANGO = {"contenttypes.contenttype", "auth.permission"}
_rows: list[Any] = []


def remember_reference_rows() -> None:
    """Read what is in the test database while it is new."""
    from django.core import serializers
    from django.db import connection

    found = serializers.deserialize("json", connection.creation.serialize_db_to_string())
    _rows[:] = [row for row in found if row.object._meta.label_lower not in REMADE_BY_DJANGO]


def restore_reference_rows() -> None:
    """Write it again into every table of it that is empty."""
    empty = {model: not model._default_manager.exists() for model in {type(row.object) for row in _rows}}
    for row in _rows:
        if empty[type(row.object)]:
            row.save()
