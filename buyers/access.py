"""The only way a view gets an organisation, an order or a file of one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from buyers.models import Membership, Order, Role
from buyers.organisations import other_door


def members_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let members of an organisation in; send others to where they become one, or say why not."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if membership_of(request.user) is None:
            if why := other_door(request.user):
                return refused(request, why)
            messages.info(request, "Say which organisation you buy for first. It takes a minute.")
            if request.method in ("GET", "HEAD"):  # the address of a form that was sent cannot be opened
                request.session["after_start"] = request.get_full_path()
            return redirect("buyers:start")
        return view(request, *args, **kwargs)

    return checked


def refused(request: HttpRequest, why: str) -> HttpResponse:
    """Say why this account cannot buy, and where its own pages are."""
    return render(request, "buyers/other_door.html", {"why": why}, status=403)


def membership_of(user: Any) -> Membership | None:
    """Find what this person belongs to."""
    if not user.is_authenticated:
        return None
    return Membership.objects.select_related("organisation").filter(user_id=user.pk).first()


def membership(user: Any) -> Membership:
    """Give the membership of somebody whom ``members_only`` let in."""
    found = membership_of(user)
    if found is None:
        raise PermissionDenied("You belong to no organisation.")
    return found


def owner_of(user: Any) -> Membership:
    """Give the membership of an owner, or stop with 403."""
    found = membership(user)
    if found.role != Role.OWNER:
        raise PermissionDenied("Only an owner of your organisation can do this. Ask one of them.")
    return found


def own_order(user: Any, pk: uuid.UUID) -> Order:
    """Find an order of this person's organisation."""
    orders = Order.objects.select_related("organisation", "placed_by")
    order = orders.filter(pk=pk, organisation__memberships__user_id=user.pk).first()
    if order is None:
        raise Http404("Your organisation has no order with this address.")
    return order
