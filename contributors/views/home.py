"""Becoming a contributor, and the page that says what waits."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from contributors import overview, profiles
from contributors.access import contributors_only, other_door, profile_of
from contributors.forms import StartForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask who films and make them a contributor."""
    if profile_of(request.user) is not None:
        return redirect("contributors:home")
    if why := other_door(request.user):
        return render(request, "contributors/other_door.html", {"why": why}, status=403)
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = ("kind", "display_name", "country", "is_adult")
        profiles.become(user=request.user, **{name: form.cleaned_data[name] for name in fields})
        messages.success(request, "Welcome. Upload your first footage whenever you like.")
        return redirect("contributors:upload")
    return render(request, "contributors/start.html", {"form": form}, status=400 if form.errors else 200)


@contributors_only
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what waits for this person, and what happened this month."""
    return render(
        request, "contributors/home.html", {**overview.of(request.user), "profile": profile_of(request.user)}
    )
