"""Telling buyers that a clip they hold was withdrawn: one mail an organisation, version and day of withdrawal, once."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from buyers.models import Entitlement, WithdrawalNotice
from marketplace.models import Tombstone


def tell_due() -> int:
    """Mail the owners of every organisation that holds a version with tombstones it was not told of; give the count."""
    sent = 0
    holders = Entitlement.objects.filter(
        line__order__state="paid", version__tombstones__isnull=False
    ).distinct()
    for entitlement in holders.select_related("version__package", "organisation", "line__order"):
        sent += _tell(entitlement)
    return sent


def _tell(entitlement: Entitlement) -> int:
    with transaction.atomic():
        # The row's lock keeps two runs of beat apart; a mail that fails is written again by the next run.
        Entitlement.objects.select_for_update(of=("self",)).get(pk=entitlement.pk)
        told = WithdrawalNotice.objects.filter(entitlement=entitlement).values("tombstone_id")
        rows = list(
            Tombstone.objects.filter(version=entitlement.version)
            .exclude(pk__in=told)
            .select_related("version")
        )
        if not rows:
            return 0
        members = entitlement.organisation.memberships.select_related("user")
        context = {
            "title": entitlement.line.title,
            "version": entitlement.version,
            "rows": rows,
            "names": [f"clip_{row.position:06d}" for row in rows],
            "order": settings.SITE_URL + reverse("buyers:order", args=[entitlement.line.order_id]),
            "feed": settings.SITE_URL + reverse("buyers:tombstones", args=[entitlement.version.package.slug]),
            "site_url": settings.SITE_URL,
        }
        WithdrawalNotice.objects.bulk_create(
            WithdrawalNotice(entitlement=entitlement, tombstone=row) for row in rows
        )
        send_mail(
            f"[Fairframe] Please delete {len(rows)} clip{'s' if len(rows) != 1 else ''} of {entitlement.line.title}",
            render_to_string("buyers/emails/withdrawn.txt", context),
            None,
            sorted({member.user.email for member in members}),
        )
    return 1
