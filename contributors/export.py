"""Everything we hold about a person who films, as one JSON document (GDPR Art. 15 and 20)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from contributors.access import profile_of
from contributors.models import Consent, PrivateZone
from marketplace.models import Clip, Event, Footage

SCHEMA = "fairframe.my-data/1"
FOOTAGE = (
    *("vertical", "discipline", "title", "country", "place", "state", "reason", "file_name", "size_bytes"),
    *("content_type", "sha256", "facts", "duration_ms", "certificate"),
)
CLIP = (
    *("position", "start_ms", "end_ms", "frames", "fps", "width", "height", "quality_parts"),
    *("state", "reason", "media_sha256", "media_bytes"),
)


def of(user: Any) -> dict[str, Any]:
    """Collect account, profile, footage, clips, tags, consents with their words, and what happened to them."""
    footage = list(
        Footage.objects.of(user).order_by("created_at").prefetch_related("clips__tags", "consents__text")
    )
    return {
        "schema": SCHEMA,
        "made_at": timezone.now().isoformat(),
        "account": {
            "id": str(user.public_id),
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "joined_at": user.date_joined.isoformat(),
            "last_login_at": user.last_login.isoformat() if user.last_login else None,
        },
        "profile": _profile(user),
        "private_places": [
            {
                "name": zone.name,
                "latitude": zone.latitude,
                "longitude": zone.longitude,
                "radius_m": zone.radius_m,
                "since": zone.created_at.isoformat(),
            }
            for zone in PrivateZone.objects.filter(owner=user)
        ],
        "footage": [_footage(row, user) for row in footage],
        "earnings": "Each share and transfer can be downloaded from the earnings page.",
    }


def _profile(user: Any) -> dict[str, Any] | None:
    profile = profile_of(user)
    if profile is None:
        return None
    return {
        "kind": profile.kind,
        "display_name": profile.display_name,
        "country": profile.country,
        "said_18_or_older": profile.is_adult,
        "since": profile.created_at.isoformat(),
        "trip_trim_m": profile.trip_trim_m,
    }


def _footage(row: Footage, user: Any) -> dict[str, Any]:
    clips = list(row.clips.all())
    return {
        "id": str(row.pk),
        **{name: getattr(row, name) for name in FOOTAGE},
        "recorded_on": row.recorded_on.isoformat() if row.recorded_on else None,
        "created_at": row.created_at.isoformat(),
        "state_changed_at": row.state_changed_at.isoformat(),
        "boxes_drawn": [
            {name: getattr(box, name) for name in ("x", "y", "w", "h", "start_ms", "end_ms")}
            for box in row.manual_boxes.filter(drawn_by=user)
        ],
        "clips": [_clip(clip) for clip in clips],
        "consents": [consent(given) for given in sorted(row.consents.all(), key=lambda c: c.at)],
        "events": _events(row, clips, user),
    }


def _clip(clip: Clip) -> dict[str, Any]:
    return {
        "id": str(clip.pk),
        **{name: getattr(clip, name) for name in CLIP},
        "quality": float(clip.quality),
        "state_changed_at": clip.state_changed_at.isoformat(),
        "tags": [
            {
                "id": tag.tag_id,
                "taxonomy_version": tag.taxonomy_version,
                "start_ms": tag.start_ms,
                "end_ms": tag.end_ms,
                "event_ms": tag.event_ms,
                "source": tag.source,
                "confidence": tag.confidence,
            }
            for tag in clip.tags.all()
        ],
    }


def consent(row: Consent) -> dict[str, Any]:
    """Write one consent with the words it is about."""
    return {
        "id": str(row.pk),
        "purpose": row.text.purpose,
        "version": row.text.version,
        "language": row.text.language,
        "text": row.text.text,
        "text_sha256": row.text_sha256,
        "given": row.given,
        "at": row.at.isoformat(),
        "address_prefix": row.address_prefix,
        "agent": row.agent,
        "how": row.how,
    }


def _events(row: Footage, clips: list[Clip], user: Any) -> list[dict[str, Any]]:
    about: QuerySet[Event] = Event.objects.filter(
        subject_type__in=[row._meta.label_lower, Clip._meta.label_lower],
        subject_id__in=[str(row.pk), *(str(clip.pk) for clip in clips)],
    )
    return [
        {
            "at": event.at.isoformat(),
            "verb": event.verb,
            "subject": f"{event.subject_type} {event.subject_id}",
            # Who at the desk decided is not the contributor's data.
            "by": "you" if event.actor_id == user.pk else "fairframe",
        }
        for event in about.order_by("pk")
    ]
