"""Making, finding and revoking API keys; a key is shown once and stored as its SHA-256."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from buyers.models import ApiDay, ApiKey, Membership
from marketplace.models.event import record

PREFIX = "ff_"  # what scanners for leaked secrets look for: ff_ and 43 letters, digits, - and _
PATTERN = re.compile(r"ff_[A-Za-z0-9_-]{43}")
DAYS = {30: "30 days", 90: "90 days", 365: "a year"}
KEYS = 20  # of one organisation at a time
SEEN_EVERY = timedelta(minutes=1)


class KeyRefused(Exception):
    """Say in one sentence why there is no key."""


def digest_of(key: str) -> str:
    """Give the SHA-256 of a key, which is all that is stored of it; a key is too long to be guessed."""
    return hashlib.sha256(key.encode()).hexdigest()


def make(*, owner: Membership, name: str, scopes: list[str], days: int) -> tuple[ApiKey, str]:
    """Make a key; the second of the pair is the key itself, which is never to be had again."""
    alive = ApiKey.objects.filter(organisation_id=owner.organisation_id, revoked_at=None)
    if alive.count() >= KEYS:
        raise KeyRefused(f"Your organisation has {KEYS} keys. Revoke one first.")
    key = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiKey.objects.create(
            organisation_id=owner.organisation_id,
            made_by_id=owner.user_id,
            name=name,
            start=key[:9],
            sha256=digest_of(key),
            scopes=sorted(scopes),
            expires_at=timezone.now() + timedelta(days=days),
        )
        record("api_key.made", subject=row, actor=owner.user, data={"scopes": row.scopes})
    return row, key


def revoke(*, owner: Membership, pk: uuid.UUID) -> bool:
    """Close a key at once; False when it is closed already."""
    with transaction.atomic():
        rows = ApiKey.objects.filter(organisation_id=owner.organisation_id, pk=pk, revoked_at=None)
        row = rows.first()
        if row is None or not rows.update(revoked_at=timezone.now()):
            return False
        record("api_key.revoked", subject=row, actor=owner.user)
    return True


def find(key: str) -> ApiKey | None:
    """Find the key that is good now: known, not revoked, not over, its maker still a member."""
    if not PATTERN.fullmatch(key):
        return None
    rows = ApiKey.objects.select_related("organisation", "made_by")
    row = rows.filter(sha256=digest_of(key), revoked_at=None, expires_at__gt=timezone.now()).first()
    if row is None or member_of(row) is None:
        return None
    return row


def member_of(row: ApiKey) -> Membership | None:
    """Find the membership for which a key acts; who leaves the organisation takes their keys' power along."""
    rows = Membership.objects.select_related("organisation", "user")
    return rows.filter(
        user_id=row.made_by_id, organisation_id=row.organisation_id, user__is_active=True
    ).first()


def seen(row: ApiKey, address_prefix: str) -> None:
    """Note when and from where a key was used; once a minute, so that a busy key costs no write each time.

    The day's row of the network is the access log of the key.
    """
    now = timezone.now()
    if (
        row.last_used_at is None
        or row.last_used_at < now - SEEN_EVERY
        or row.last_used_from != address_prefix
    ):
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now, last_used_from=address_prefix)
        day, new = ApiDay.objects.get_or_create(
            key=row,
            day=now.date(),
            address_prefix=address_prefix,
            defaults={"first_at": now, "last_at": now, "minutes": 1},
        )
        if not new:
            ApiDay.objects.filter(pk=day.pk).update(last_at=now, minutes=F("minutes") + 1)
