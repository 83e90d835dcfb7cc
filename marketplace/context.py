"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from marketplace.people import door


def site(request: HttpRequest) -> dict[str, Any]:
    """Give the pages the site's address and the visitor's door."""
    return {"site_url": settings.SITE_URL, "door": door(getattr(request, "user", None))}
