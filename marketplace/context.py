"""What every page knows."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from marketplace.people import door


def site(request: HttpRequest) -> dict[str, Any]:
    """Give the pages the site's address, where to write to us, and the visitor's door."""
    return {
        "site_url": settings.SITE_URL,
        "contact": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "entitlement_days": settings.ENTITLEMENT_DAYS,
        "door": door(getattr(request, "user", None)),
    }
