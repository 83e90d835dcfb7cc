"""The page of a package and its previews: public, and only what may be seen now."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from buyers import cart, package_page, plan_hours
from buyers.access import membership_of
from buyers.organisations import other_door
from marketplace import storage
from marketplace.access import listed_package, package_clip, seen_package
from marketplace.states import PackageState


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one package, or say that it is no longer for sale."""
    found = seen_package(slug)
    member = membership_of(request.user)
    shown = None
    if found.state != PackageState.DELISTED:
        shown = package_page.of(found, clip=_number(request, "clip"), first=_number(request, "from"))
    if shown is None:
        order = package_page.last_order(member, found)
        context = {"package": found, "order": order, "delisted": found.state == PackageState.DELISTED}
        return render(request, "buyers/delisted.html", context, status=410)
    context = {
        "shown": shown,
        "member": member,
        "package": found,
        "in_cart": cart.holds(member=member, package=found),
        "owned": package_page.owned_number(member, found) if member else None,
        "order": package_page.last_order(member, found),
        "plan": plan_hours.offer(member.organisation, found.current) if member else None,
        "why_not": other_door(request.user),
        "entitlement_days": settings.ENTITLEMENT_DAYS,
    }
    htmx = request.htmx  # type: ignore[attr-defined]
    part = htmx and not htmx.boosted and not htmx.history_restore_request
    response = render(request, "buyers/_player.html" if part else "buyers/package.html", context)
    response["Vary"] = "HX-Request, HX-Boosted, HX-History-Restore-Request"
    return response


def _number(request: HttpRequest, name: str) -> int:
    """Read a number of the address; anything else is the first."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 1


@require_safe
def clips(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the next step of the list of clips, for htmx."""
    found = listed_package(slug)
    alive = package_page.alive(found)
    some = package_page.some(alive, _number(request, "from"), alive.count())
    return render(request, "buyers/_clips.html", {"package": found, "clips": some})


@never_cache
@require_safe
def preview(request: HttpRequest, slug: str, clip: uuid.UUID, kind: str) -> HttpResponse:
    """Send the browser to the watermarked preview or the poster of a clip that may be seen now."""
    found = package_clip(listed_package(slug), clip)
    keys = {"video": found.preview_key, "poster": found.poster_key}
    if kind not in keys:
        raise Http404("A clip has no such preview.")
    return redirect(storage.sign_get(bucket=settings.S3_BUCKET_DERIVED, key=keys[kind]))
