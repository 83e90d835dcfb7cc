"""Private places: what is cut from every recording before anybody sees it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contributors import towns, zones
from contributors.access import contributors_only, profile_of
from contributors.models import PrivateZone
from contributors.zone_forms import TrimForm, ZoneForm


@contributors_only
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List the zones; add one, or change what is kept back at a trip's ends."""
    profile = profile_of(request.user)
    which = request.POST.get("form", "")
    zone = ZoneForm(request.POST if which == "zone" else None)
    trim = TrimForm(
        request.POST if which == "trim" else None,
        initial={"trip_trim_m": profile.trip_trim_m if profile else zones.LEAST_RADIUS_M},
    )
    if which == "zone" and zone.is_valid():
        try:
            added = zones.add(owner=request.user, **zone.cleaned_data)
        except zones.TooMany as error:
            zone.add_error(None, str(error))
        else:
            messages.success(
                request, f"“{added.name}” is private in every recording that is processed from now on."
            )
            return redirect("contributors:private")
    if which == "trim" and trim.is_valid():
        zones.set_trim(owner=request.user, metres=trim.cleaned_data["trip_trim_m"])
        messages.success(request, "Kept. It holds for every recording that is processed from now on.")
        return redirect("contributors:private")
    return render(
        request,
        "contributors/private.html",
        {"zones": PrivateZone.objects.filter(owner_id=request.user.pk), "zone": zone, "trim": trim},
        status=400 if zone.errors or trim.errors else 200,
    )


@contributors_only
@require_safe
def nearby(request: HttpRequest) -> HttpResponse:
    """Give towns by the beginning of their name, or around a place: from our own list, no map service is asked."""
    if "q" in request.GET:
        found = towns.find(request.GET["q"])
    else:
        try:
            lat, lon, km = (float(request.GET[name]) for name in ("lat", "lon", "km"))
        except (KeyError, ValueError):
            return JsonResponse({"error": "Ask with q, or with lat, lon and km."}, status=400)
        found = towns.around(lat, lon, km=km)
    return JsonResponse({"towns": [town.public() for town in found]})


@contributors_only
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a zone."""
    if zones.remove(owner=request.user, pk=pk):
        messages.success(request, "Removed. Recordings that are processed from now on may show this place.")
    return redirect("contributors:private")
