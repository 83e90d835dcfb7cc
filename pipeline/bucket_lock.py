"""Who may take objects out of the packages bucket: nobody while a version is being written into it.

A publication trusts objects that it finds there, long before its rows say that it needs them. Locks are of the database
session, so those of a killed process are gone with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LOCK = 0x46465F504B47  # "FF_PKG"


@contextmanager
def writing() -> Iterator[None]:
    """Keep objects from being deleted; any number may write at once. Waits for a deletion to end, some seconds."""
    _ask("pg_advisory_lock_shared")
    try:
        yield
    finally:
        _ask("pg_advisory_unlock_shared")


@contextmanager
def deleting() -> Iterator[bool]:
    """Say whether objects may be deleted now, and keep everybody from writing meanwhile."""
    mine = _ask("pg_try_advisory_lock")
    try:
        yield mine
    finally:
        if mine:
            _ask("pg_advisory_unlock")


def _ask(function: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
