"""Which door a person belongs to, by what is attached to them."""

from __future__ import annotations

import ipaddress
from typing import Any


def door(user: Any) -> str:
    """Say ``film``, ``buy``, ``desk`` or nothing; the attributes come from the apps that attach them."""
    if not getattr(user, "is_authenticated", False):
        return ""
    if user.is_staff:
        return "desk"
    if hasattr(user, "contributor_profile"):
        return "film"
    if hasattr(user, "membership"):
        return "buy"
    return ""


def address_prefix(request: Any) -> str:
    """Give the network part of the visitor's address: /24 of IPv4, /48 of IPv6, never the whole."""
    raw = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(raw)
    except ValueError:
        return ""
    bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def agent(request: Any) -> str:
    """Give what the browser calls itself, cut to what a row holds."""
    return request.META.get("HTTP_USER_AGENT", "")[:300]
