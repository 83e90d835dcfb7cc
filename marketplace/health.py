"""Whether the services that the site stands on answer."""

from __future__ import annotations

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection

from marketplace import storage

log = logging.getLogger(__name__)
PATIENCE = 2.0  # seconds


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    ) as client:
        client.ping()


def _storage() -> None:
    for bucket in (settings.S3_BUCKET_ORIGINALS, settings.S3_BUCKET_DERIVED, settings.S3_BUCKET_PACKAGES):
        storage.look(bucket=bucket, seconds=PATIENCE)


CHECKS: dict[str, Callable[[], None]] = {"database": _database, "redis": _redis, "storage": _storage}


def check() -> dict[str, str]:
    """Ask each service once and say ``ok`` or ``down``; the reason goes to the log, not to the visitor."""
    answers = {}
    for name, ask in CHECKS.items():
        try:
            ask()
            answers[name] = "ok"
        except Exception:  # whatever is wrong with it, the answer is the same
            log.exception("%s does not answer", name)
            answers[name] = "down"
    return answers
