from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

GENESIS = "0" * 64
_CHAIN_LOCK = 0x46464556  # "FFEV": one writer at a time, so that the chain has no forks


class Event(models.Model):
    """One line of the audit log: append-only by trigger, chained by SHA-256."""

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=64, db_index=True)
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id"])]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.subject_id}"

    def seal(self) -> str:
        """Compute the digest of this line and everything before it."""
        line = json.dumps(
            [
                self.previous,
                self.at.isoformat(),
                self.actor_id,
                self.verb,
                self.subject_type,
                self.subject_id,
                self.data,
            ],
            sort_keys=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(line.encode()).hexdigest()


def record(
    verb: str, *, subject: models.Model, actor: Any = None, data: dict[str, Any] | None = None
) -> Event:
    """Append one Event about ``subject``; call it inside the transaction that changes the subject."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
        last = Event.objects.order_by("-pk").values_list("digest", flat=True).first()
        event = Event(
            at=timezone.now(),
            actor=actor if getattr(actor, "pk", None) else None,
            verb=verb,
            subject_type=subject._meta.label_lower,
            subject_id=str(subject.pk),
            data=json.loads(json.dumps(data or {}, default=str)),
            previous=last or GENESIS,
        )
        event.digest = event.seal()
        event.save(force_insert=True)
    return event


def first_broken() -> tuple[int, datetime] | None:
    """Walk the chain and give the first line that does not fit, or None when all do."""
    previous = GENESIS
    for event in Event.objects.order_by("pk").iterator(chunk_size=2000):
        if event.previous != previous or event.digest != event.seal():
            return event.pk, event.at
        previous = event.digest
    return None
