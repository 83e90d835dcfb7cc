"""How many packages wait in the cart, for the navigation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from buyers.models import CartItem


def cart(request: HttpRequest) -> dict[str, Any]:
    """Count the cart of the visitor's organisation."""
    user = getattr(request, "user", None)
    membership = getattr(user, "membership", None) if getattr(user, "is_authenticated", False) else None
    if membership is None:
        return {"cart_count": 0}
    return {"cart_count": CartItem.objects.filter(organisation_id=membership.organisation_id).count()}
