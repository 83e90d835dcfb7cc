"""The catalogue and the page of a package: public, and only what may be seen now."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from buyers import catalogue, coverage
from buyers.access import membership_of
from buyers.models import CartItem
from marketplace import storage
from marketplace.access import listed_package, package_clip, seen_package
from marketplace.models import Clip
from marketplace.states import PackageState


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the packages that fit the address."""
    asked = catalogue.read(request.GET)
    packages, more, total = catalogue.page(asked)
    facets = catalogue.facets(asked)
    firsts = coverage.first_clips(packages)
    context: dict[str, Any] = {
        "asked": asked,
        "cards": [(package, firsts.get(package.pk)) for package in packages],
        "facets": facets,
        "chips": catalogue.chips(asked, facets),
        "sorts": [(value, title, value == asked.sort) for value, (title, _) in catalogue.SORTS.items()],
        "total": total,
        "older": f"?{asked.query(after=more)}" if more else "",
        "newest": f"?{asked.query()}" if asked.after else "",
    }
    part = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    response = render(request, "buyers/_results.html" if part else "buyers/catalogue.html", context)
    response["Vary"] = "HX-Request"
    return response


@require_safe
def package(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one package, or say that it is delisted."""
    found = seen_package(slug)
    clips = list(
        Clip.objects.sellable().filter(memberships__version_id=found.current_id).select_related("footage")
        .prefetch_related("tags").order_by("memberships__position")
    )  # fmt: skip
    if found.state == PackageState.DELISTED or not clips:
        return render(request, "buyers/delisted.html", {"package": found}, status=410)
    member = membership_of(request.user)
    in_cart = bool(
        member and CartItem.objects.filter(organisation_id=member.organisation_id, package=found).exists()
    )
    context = {
        "package": found,
        "version": found.current,
        "versions": found.versions.filter(state="published"),
        "clips": clips,
        "axes": coverage.by_axis(clips),
        "redaction": coverage.redaction(clips),
        "resolutions": sorted({f"{clip.width}×{clip.height}" for clip in clips}),
        "contributors": len({clip.footage.owner_id for clip in clips}),
        "in_cart": in_cart,
        "may_buy": member is not None or not request.user.is_authenticated,
        "entitlement_days": settings.ENTITLEMENT_DAYS,
    }
    return render(request, "buyers/package.html", context)


@require_safe
def preview(request: HttpRequest, slug: str, clip: uuid.UUID, kind: str) -> HttpResponse:
    """Send the browser to the watermarked preview or the poster of a clip that may be seen now."""
    found = package_clip(listed_package(slug), clip)
    keys = {"video": found.preview_key, "poster": found.poster_key}
    if kind not in keys:
        raise Http404("A clip has no such preview.")
    return redirect(storage.sign_get(bucket=settings.S3_BUCKET_DERIVED, key=keys[kind]))
