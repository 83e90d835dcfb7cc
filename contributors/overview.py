"""What waits for a person, what they have, and what happened this month."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from contributors.review import minutes_to_look
from marketplace.models import Clip, Footage
from marketplace.models.footage import FootageQuerySet
from marketplace.states import ClipState, FootageState

PAGE = 20
RECENT = 4
# What a person filters by → the states behind it.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "waiting": ("Waiting for you", (FootageState.REVIEW, FootageState.UPLOADING, FootageState.STOPPED)),
    "working": ("In the works", (FootageState.QUEUED, FootageState.PROCESSING)),
    "desk": ("With moderators", (FootageState.IN_MODERATION,)),
    "decided": ("Decided", (FootageState.DECIDED,)),
    "trouble": ("Not usable", (FootageState.REFUSED, FootageState.FAILED)),
    "gone": ("Withdrawn or stopped", (FootageState.WITHDRAWN, FootageState.ABANDONED)),
}


@dataclass(frozen=True)
class Waiting:
    """One footage to look at, and about how long that takes."""

    footage: Footage
    clips: int
    minutes: int


def waiting(user: Any) -> list[Waiting]:
    """List what this person has to look at, longest wait first."""
    found = (
        Footage.objects.of(user).waiting_for_owner().order_by("state_changed_at").prefetch_related("clips")
    )
    rows = [(footage, list(footage.clips.all())) for footage in found[:10]]
    return [Waiting(footage, len(clips), minutes_to_look(clips)) for footage, clips in rows]


def of(user: Any) -> dict[str, Any]:
    """Collect what the home page shows."""
    mine = Footage.objects.of(user)
    month = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    arrived = mine.exclude(state__in=[FootageState.UPLOADING, FootageState.ABANDONED])
    approved = Clip.objects.filter(footage__owner_id=user.pk, state=ClipState.APPROVED)
    this_month = approved.filter(state_changed_at__gte=month).aggregate(
        clips=Count("pk"), ms=Sum(F("end_ms") - F("start_ms"))
    )
    return {
        "month": month,
        "waiting": waiting(user),
        "unfinished": mine.filter(state=FootageState.UPLOADING)[:10],
        "trouble": mine.filter(
            state__in=[FootageState.REFUSED, FootageState.FAILED], state_changed_at__gte=month
        )[:5],
        "recent": counted(mine.exclude(state=FootageState.ABANDONED))[:RECENT],
        "uploads_this_month": arrived.filter(created_at__gte=month).count(),
        "approved_this_month": this_month["clips"],
        "approved_ms_this_month": this_month["ms"] or 0,
        "approved_in_all": approved.count(),
        "has_any": mine.exists(),
    }


def counted(footage: FootageQuerySet) -> QuerySet[Footage]:
    """Add to each footage how many clips it has, and how many are approved or refused."""
    return footage.annotate(
        clip_count=Count("clips"),
        approved_count=Count("clips", filter=Q(clips__state=ClipState.APPROVED)),
        rejected_count=Count("clips", filter=Q(clips__state=ClipState.REJECTED)),
    )


@dataclass(frozen=True)
class Listing:
    """One keyset page of somebody's footage, newest first."""

    rows: list[Footage]
    newer: str
    older: str


def listing(user: Any, *, group: str = "", before: str = "", after: str = "") -> Listing:
    """Read one page: rows older than the mark ``before`` or newer than the mark ``after``."""
    rows = Footage.objects.of(user)
    if group in GROUPS:
        rows = rows.filter(state__in=GROUPS[group][1])
    found = counted(rows)
    older_than, newer_than = _read(before), _read(after)
    if newer_than:
        at, pk = newer_than
        found = found.filter(Q(created_at__gt=at) | Q(created_at=at, pk__gt=pk)).order_by("created_at", "pk")
        page = list(found[: PAGE + 1])
        more = len(page) > PAGE
        page = page[:PAGE][::-1]
        return Listing(page, _mark(page[0]) if more else "", _mark(page[-1]) if page else "")
    if older_than:
        at, pk = older_than
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    page = list(found.order_by("-created_at", "-pk")[: PAGE + 1])
    more = len(page) > PAGE
    page = page[:PAGE]
    return Listing(page, _mark(page[0]) if older_than and page else "", _mark(page[-1]) if more else "")


def _mark(footage: Footage) -> str:
    return f"{footage.created_at.isoformat()}~{footage.pk}"


def _read(mark: str) -> tuple[datetime, uuid.UUID] | None:
    at, _, pk = mark.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, uuid.UUID(pk)) if moment.tzinfo else None
    except ValueError:
        return None


def group_counts(user: Any) -> list[dict[str, Any]]:
    """Count this person's footage by the groups they filter by."""
    mine = Footage.objects.of(user).order_by().values("state").annotate(count=Count("pk"))
    by_state = dict(mine.values_list("state", "count"))
    return [
        {"key": key, "title": title, "count": sum(by_state.get(str(state), 0) for state in states)}
        for key, (title, states) in GROUPS.items()
    ]
