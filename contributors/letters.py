"""E-mails to people who film, each sent once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from contributors.models import Letter
from contributors.review import minutes_to_look
from marketplace.models import Footage
from marketplace.states import ClipState, FootageState

BATCH = 200
# News that is older than this when we first could send it helps nobody.
STALE = timedelta(days=3)


@dataclass(frozen=True)
class Kind:
    """One kind of letter: its subject and its template."""

    subject: str
    template: str


KINDS = {
    FootageState.REVIEW.value: Kind("Look at the blur of “{title}”", "contributors/emails/review.txt"),
    FootageState.REFUSED.value: Kind("“{title}” cannot be used", "contributors/emails/refused.txt"),
    # Only where the work stopped for a reason that its owner has to know: who stops it needs no letter.
    FootageState.STOPPED.value: Kind("“{title}” waits for you", "contributors/emails/stopped.txt"),
    FootageState.DECIDED.value: Kind("Decided: “{title}”", "contributors/emails/decided.txt"),
}


def send_due() -> int:
    """Write to everybody whose footage came to a state worth a letter and who has not been told."""
    told = Letter.objects.filter(footage=OuterRef("pk"), state=OuterRef("state"))
    due = Footage.objects.filter(
        ~Exists(told),
        ~Q(state=FootageState.STOPPED, reason=""),
        state__in=KINDS,
        state_changed_at__gt=timezone.now() - STALE,
        owner__is_active=True,
    ).select_related("owner")
    return sum(send(footage=footage) for footage in due.order_by("state_changed_at")[:BATCH])


def send(*, footage: Footage) -> bool:
    """Send the letter about a footage's state; False when it was sent before.

    The row is written first and kept only when the mail server took the letter: a second worker waits at the unique
    row, and a letter that failed is tried again a minute later.
    """
    kind = KINDS[footage.state]
    clips = list(footage.clips.all())
    context = {
        "footage": footage,
        "clips": len(clips),
        "minutes": minutes_to_look(clips),
        "approved": sum(clip.state == ClipState.APPROVED for clip in clips),
        "rejected": [clip for clip in clips if clip.state == ClipState.REJECTED],
        "url": settings.SITE_URL + reverse("contributors:footage", args=[footage.pk]),
        "site_url": settings.SITE_URL,
    }
    # A title is the person's own words; a header has one line.
    subject = " ".join(kind.subject.format(title=footage.title).split())
    try:
        with transaction.atomic():
            Letter.objects.create(footage=footage, state=footage.state)
            send_mail(subject, render_to_string(kind.template, context), None, [footage.owner.email])
    except IntegrityError:
        return False
    return True
