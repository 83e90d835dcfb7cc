"""The public pages, the way in after log-in, health, and what people see when something is wrong."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import Resolver404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace import health, pages
from marketplace.models import Door
from marketplace.people import door

# A person's door, or the one they signed up by → where it leads.
HOMES = {"film": "contributors:home", "buy": "buyers:home", "desk": "admin:index"}
STARTS = {Door.FILM.value: "contributors:start", Door.BUY.value: "buyers:start"}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show both doors, what is for sale now, and how it works."""
    context = {
        "figures": pages.figures(),
        "previews": pages.previews(),
        "hold_days": settings.PAYOUT_HOLD_DAYS,
    }
    return render(request, "pages/home.html", context)


@login_required
def welcome(request: HttpRequest) -> HttpResponse:
    """Send a person to their door; ask when there is none yet."""
    user = request.user
    place = HOMES.get(door(user)) or STARTS.get(getattr(user, "first_door", ""))
    return redirect(place) if place else render(request, "pages/welcome.html")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show what contributors, buyers and we agree to."""
    context = {"hold_days": settings.PAYOUT_HOLD_DAYS, "minimum_minor": settings.PAYOUT_MINIMUM_MINOR}
    return render(request, "pages/terms.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Show what is kept, why, for how long, and who gets it."""
    return render(request, "pages/privacy.html", {"original_days": settings.ORIGINAL_KEEP_DAYS})


@require_safe
def licences(request: HttpRequest) -> HttpResponse:
    """Show whose work the site is built on."""
    return render(
        request, "pages/licences.html", {"weights": pages.weights(), "components": pages.components()}
    )


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every service does, else 503; for load balancers and monitors."""
    answers = health.check()
    well = all(answer == "ok" for answer in answers.values())
    return JsonResponse({"ok": well, **answers}, status=200 if well else 503)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse a request that makes no sense; without the request, whose session may be what is wrong."""
    return HttpResponse(render_to_string("400.html"), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that this account may not do that, and why if the view said so."""
    return render(request, "403.html", {"why": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing here, in the view's own words if it had some."""
    # The URL resolver's own exception carries a table of patterns, which is not for people.
    own = isinstance(exception, Http404) and not isinstance(exception, Resolver404)
    return render(request, "404.html", {"why": str(exception) if own else ""}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Apologise; without the request and the database, which may be what is wrong."""
    return HttpResponse(render_to_string("500.html"), status=500)
