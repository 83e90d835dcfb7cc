"""Who may use these pages: people who film. Their rows come from marketplace.access."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from contributors.models import ContributorProfile
from contributors.uploads import UploadRefused
from marketplace.people import door
from marketplace.states import MoveRefused
from marketplace.storage import FAULTS

log = logging.getLogger(__name__)
View = Callable[..., HttpResponse]

OTHER_DOORS = {
    "desk": (
        "This account works at the desk, and nobody may decide about footage of their own. "
        "To film, sign up with another e-mail address."
    ),
    "buy": (
        "This account belongs to an organisation that buys footage. "
        "To film, sign up with another e-mail address, so that sales and purchases stay apart."
    ),
}
STORAGE_DOWN = "Our file storage did not answer. What has arrived is kept. Wait a minute, then try again."


def profile_of(user: Any) -> ContributorProfile | None:
    """Find the person's profile as a contributor."""
    return ContributorProfile.objects.filter(user_id=user.pk).first() if user.is_authenticated else None


def other_door(user: Any) -> str:
    """Say in one sentence why this account cannot film, or nothing when it can."""
    return OTHER_DOORS.get(door(user), "")


def contributors_only(view: View) -> View:
    """Let people who film in; send the others where they can become one, or tell them why not."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if profile_of(request.user) is not None:
            return view(request, *args, **kwargs)
        if why := other_door(request.user):
            return render(request, "contributors/other_door.html", {"why": why}, status=403)
        return redirect("contributors:start")

    return guarded


def refusal(sentence: str, *, status: int, **more: Any) -> JsonResponse:
    """Answer a script with a sentence for its person."""
    return JsonResponse({"error": sentence, **more}, status=status)


def answers_json(view: View) -> View:
    """Let scripts of people who film in; every refusal is JSON with a sentence."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return refusal(
                "You are signed out. What has arrived is kept. Sign in in another tab, then press Resume.",
                status=401,
            )
        if profile_of(request.user) is None:
            return refusal(
                other_door(request.user) or "Tell us first who films: open /film/start/.", status=403
            )
        try:
            return view(request, *args, **kwargs)
        except Http404:
            return refusal("None of your uploads has this address. It may have been discarded.", status=404)
        except UploadRefused as refused:
            return refusal(str(refused), status=refused.status, **refused.more)
        except MoveRefused as refused:
            return refusal(str(refused), status=409)
        except FAULTS:
            log.exception("object storage failed at %s", request.path)
            return refusal(STORAGE_DOWN, status=502)

    return guarded
