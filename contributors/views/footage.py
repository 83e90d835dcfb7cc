"""My footage: the list, one of them, and what its owner can do with it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from contributors import (
    certificate,
    consents,
    history,
    overview,
    progress,
    review,
    running,
    sport,
    telemetry,
    uploads,
)
from contributors.access import contributors_only
from contributors.forms import OptionsForm, SportForm, TelemetryForm
from contributors.models import Consent
from marketplace import countries
from marketplace.access import own_footage
from marketplace.models import Footage
from marketplace.people import address_prefix, agent
from marketplace.states import MOVES, ClipState, FootageState, MoveRefused
from pipeline import covering

COVERING = "It is being covered again. The clips below stay until the new ones are whole."
FORGOTTEN = "The box is taken away; it had not been covered yet."


@contributors_only
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List this person's footage by state, newest first."""
    group = request.GET.get("state", "")
    group = group if group in overview.GROUPS else ""
    page = overview.listing(
        request.user,
        group=group,
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    groups = overview.group_counts(request.user)
    return render(
        request,
        "contributors/footage_list.html",
        {
            "page": page,
            "group": group,
            "groups": groups,
            "total": sum(found["count"] for found in groups),
            "newer_url": _page_url(group, after=page.newer),
            "older_url": _page_url(group, before=page.older),
        },
    )


def _page_url(group: str, **mark: str) -> str:
    asked = {name: value for name, value in mark.items() if value}
    if not asked:
        return ""
    return "?" + urlencode({**({"state": group} if group else {}), **asked})


@contributors_only
@require_safe
@never_cache
def page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one footage: progress, then the review of its redaction, then what was decided."""
    footage = own_footage(request.user, pk)
    clips = review.shown_clips(footage)
    at_work = progress.at_work(footage)
    reviewing = footage.state == FootageState.REVIEW
    return render(
        request,
        "contributors/footage.html",
        {
            "footage": footage,
            "clips": clips,
            "country": countries.name(footage.country),
            "reviewing": reviewing,
            "may_cover": reviewing and not at_work and bool(footage.original_key),
            "again": footage.state in (FootageState.STOPPED, FootageState.FAILED),
            "cover_trouble": covering.last_trouble(footage),
            "boxes": review.shown_boxes(footage, reader=request.user),
            "options": OptionsForm.of(footage),
            "option_words": review.option_words(footage),
            "certificate": certificate.of(footage),
            "telemetry": telemetry.of(footage),
            "sport_form": SportForm(initial={"discipline": footage.discipline}),
            "telemetry_form": TelemetryForm(initial=_offset(footage)),
            "minutes": review.minutes_to_look([shown.clip for shown in clips]),
            "approved": sum(shown.clip.state == ClipState.APPROVED for shown in clips),
            "rejected": sum(shown.clip.state == ClipState.REJECTED for shown in clips),
            "at_work": at_work,
            "progress": progress.of(footage) if at_work or _failed(footage) else None,
            "withdrawable": FootageState.WITHDRAWN in MOVES[FootageState][footage.state],
            "uploading": footage.state == FootageState.UPLOADING,
            "consents": Consent.objects.filter(footage=footage)
            .select_related("text")
            .order_by("text_id", "-at"),
            "history": history.of(footage, reader=request.user),
        },
    )


def _offset(footage: Footage) -> dict[str, float]:
    file = telemetry.of(footage).file
    return {"clock_offset_s": file.clock_offset_s if file else 0.0}


def _failed(footage: Footage) -> bool:
    return footage.state == FootageState.FAILED


@contributors_only
@require_safe
@never_cache
def progress_part(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give the live part of the page; when the machines are done the whole page loads anew."""
    footage = own_footage(request.user, pk)
    context: dict[str, Any] = {"footage": footage, "progress": progress.of(footage), "at_work": True}
    answer = render(request, "contributors/progress.html", context)
    if not progress.at_work(footage):
        answer["HX-Refresh"] = "true"
    return answer


@contributors_only
@require_POST
def stop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Cancel the work that waits or runs."""
    footage = own_footage(request.user, pk)
    try:
        messages.success(request, running.stop(footage=footage, person=request.user))
    except MoveRefused as refused:
        messages.error(request, str(refused))
    return redirect("contributors:footage", pk=pk)


@contributors_only
@require_POST
def again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Start the work again after it was stopped or failed."""
    footage = own_footage(request.user, pk)
    try:
        running.again(footage=footage, person=request.user)
    except MoveRefused as refused:
        messages.error(request, str(refused))
    return redirect("contributors:footage", pk=pk)


@contributors_only
@require_POST
def cover(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Have the footage covered again, with the regions or the options that were sent."""
    footage = own_footage(request.user, pk)
    form = OptionsForm(request.POST) if "options" in request.POST else None
    if form is not None and not form.is_valid():
        messages.error(request, "One of the choices is none of ours. Nothing was changed. Choose again.")
        return redirect("contributors:footage", pk=pk)
    try:
        job = covering.ask(
            footage=footage,
            person=request.user,
            add=covering.read_boxes(request.POST.getlist("box")),
            remove=_ids(request.POST.getlist("remove")),
            options=form.options(vertical=footage.vertical) if form else None,
        )
    except MoveRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, COVERING if job else FORGOTTEN)
    return redirect("contributors:footage", pk=pk)


@contributors_only
@require_POST
def correct_sport(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take another sport and tag the footage anew."""
    footage = own_footage(request.user, pk)
    form = SportForm(request.POST)
    try:
        if not form.is_valid():
            raise MoveRefused("Choose a sport of the list. Nothing was changed.")
        sport.correct(footage=footage, person=request.user, discipline=form.cleaned_data["discipline"])
    except MoveRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, "Corrected. The clips are tagged anew; those below stay until that is done."
        )
    return redirect("contributors:footage", pk=pk)


@contributors_only
@require_POST
def change_telemetry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take another telemetry file or offset, or the private places of today, and process the footage with it."""
    footage = own_footage(request.user, pk)
    form = TelemetryForm(request.POST, request.FILES)
    try:
        if "places" in request.POST:
            messages.success(request, telemetry.apply_places(footage=footage, person=request.user))
        elif not form.is_valid():
            wrong = [str(error) for errors in form.errors.values() for error in errors]
            messages.error(request, " ".join([*wrong, "Nothing was changed."]))
        else:
            data = form.cleaned_data
            done = telemetry.change(
                footage=footage,
                person=request.user,
                sidecar=data["telemetry"],
                without=data["without"],
                clock_offset_s=data["clock_offset_s"] or 0.0,
            )
            messages.success(request, done)
    except MoveRefused as refused:
        messages.error(request, str(refused))
    return redirect("contributors:footage", pk=pk)


@contributors_only
@require_POST
def submit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send the looked-at clips to the moderators."""
    footage = own_footage(request.user, pk)
    try:
        count = review.submit(
            footage=footage, person=request.user, leave_out=_ids(request.POST.getlist("leave_out"))
        )
    except MoveRefused as refused:
        messages.error(request, str(refused))
    else:
        clips = "1 clip is" if count == 1 else f"{count} clips are"
        messages.success(request, f"{clips} with our moderators now. We write to you when they have decided.")
    return redirect("contributors:footage", pk=pk)


def _ids(raw: list[str]) -> set[uuid.UUID]:
    found = set()
    for text in raw:
        try:
            found.add(uuid.UUID(text))
        except ValueError:
            continue
    return found


@contributors_only
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a footage back, with all its clips; an upload that still runs is thrown away."""
    footage = own_footage(request.user, pk)
    try:
        if footage.state == FootageState.UPLOADING:
            uploads.abort(footage=footage, actor=request.user)
            messages.success(request, f"The upload of “{footage.title}” was thrown away.")
        else:
            consents.withdraw(
                footage=footage,
                person=request.user,
                address_prefix=address_prefix(request),
                agent=agent(request),
            )
            messages.success(
                request,
                f"“{footage.title}” is withdrawn. Nobody can find, see, buy or download it here any more.",
            )
    except (MoveRefused, uploads.UploadRefused) as refused:
        messages.error(request, str(refused))
    return redirect(reverse("contributors:footage", args=[pk]))
