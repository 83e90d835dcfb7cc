"""The review screen and the media behind it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from contributors import certificate, progress, running
from contributors import review as review_words
from marketplace import storage
from marketplace.models import Clip
from marketplace.states import ClipState, FootageState, MoveRefused
from moderation import access, decisions
from moderation.forms import VerdictForm
from moderation.models import Reason, Verdict
from pipeline import covering, jobs


@require_safe
def log_in(request: HttpRequest) -> HttpResponse:
    """Send everyone through the one log-in with its limits and second factor; the desk has no form of its own."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied("The desk is for our staff. This account belongs to another door.")
    return redirect(f"{reverse('account_login')}?{request.GET.urlencode()}")


@staff_member_required
@require_safe
def next_clip(request: HttpRequest) -> HttpResponse:
    """Go to the clip that has waited longest, or say that none waits."""
    clip = access.queue(request.user).first()
    if clip is None:
        messages.success(request, "Nothing waits for a verdict.")
        return redirect("admin:index")
    return redirect("moderation:review", pk=clip.pk)


@staff_member_required
def review(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one clip, original beside redacted, and take the verdict."""
    clip = access.desk_clip(request.user, pk)
    form = VerdictForm(request.POST or None)
    if request.method == "POST":
        access.need(request.user, "moderation.add_review")
        if form.is_valid():
            try:
                decisions.decide(clip=clip, moderator=request.user, **form.cleaned_data)
            except decisions.DecisionRefused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"{clip}: {clip.get_state_display()}")
                return redirect("moderation:next")
    return render(
        request, "moderation/review.html", _page(request, clip, form), status=400 if form.errors else 200
    )


def _page(request: HttpRequest, clip: Clip, form: VerdictForm) -> dict[str, Any]:
    user = request.user
    footage = clip.footage
    changing = jobs.live(footage)
    reviews = user.has_perm("moderation.add_review")
    may_decide = reviews and clip.state == ClipState.IN_MODERATION and changing is None
    with_desk = reviews and footage.state == FootageState.IN_MODERATION and footage.owner_id != user.pk
    waiting = access.queue(user) if user.has_perm("moderation.add_review") else None
    return {
        **admin.site.each_context(request),
        "title": str(clip),
        "clip": clip,
        "footage": footage,
        "changing": progress.of(footage) if changing else None,
        "may_stop": with_desk,
        "may_cover": with_desk and changing is None and bool(footage.original_key),
        "cover_trouble": covering.last_trouble(footage),
        "boxes": review_words.shown_boxes(footage, reader=user, desk=True),
        "option_words": review_words.option_words(footage),
        "certificate": certificate.of(footage),
        "tags": clip.tags.all(),
        "form": form,
        "reasons": Reason.choices,
        "verdicts": Verdict,
        "may_decide": may_decide,
        "may_reopen": user.has_perm("moderation.add_review")
        and clip.state in (ClipState.APPROVED, ClipState.REJECTED),
        "may_see_original": user.has_perm("moderation.see_originals") and clip.state != ClipState.WITHDRAWN,
        "reviews": clip.reviews.select_related("moderator"),
        "siblings": clip.footage.clips.order_by("position"),
        "waiting": waiting.count() if waiting is not None else None,
        "start_s": clip.start_ms / 1000,
        "end_s": clip.end_ms / 1000,
    }


@staff_member_required
@require_POST
def reopen(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a verdict back."""
    access.need(request.user, "moderation.add_review")
    clip = access.desk_clip(request.user, pk)
    try:
        decisions.reopen(clip=clip, moderator=request.user, why=request.POST.get("why", ""))
        messages.success(request, "The verdict is taken back: the clip waits again.")
    except decisions.DecisionRefused as refused:
        messages.error(request, str(refused))
    return redirect("moderation:review", pk=clip.pk)


@staff_member_required
@require_POST
def cover(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Have the clip's footage covered again with the boxes that a moderator drew or took away."""
    access.need(request.user, "moderation.add_review")
    clip = access.desk_clip(request.user, pk)
    try:
        job = decisions.cover(
            footage=clip.footage,
            moderator=request.user,
            boxes=request.POST.getlist("box"),
            remove=request.POST.getlist("remove"),
        )
    except decisions.DecisionRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            "The footage is being covered again; its clips come back to the queue when that is done."
            if job
            else "The box is taken away; it had not been covered yet.",
        )
    return redirect("moderation:review", pk=clip.pk)


@staff_member_required
@require_POST
def stop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop covering the clip's footage again."""
    access.need(request.user, "moderation.add_review")
    clip = access.desk_clip(request.user, pk)
    if clip.footage.state != FootageState.IN_MODERATION:
        messages.error(request, "This footage is not with the moderators. Nothing was changed.")
        return redirect("moderation:review", pk=clip.pk)
    try:
        messages.success(request, running.stop(footage=clip.footage, person=request.user, desk=True))
    except MoveRefused as refused:
        messages.error(request, str(refused))
    return redirect("moderation:review", pk=clip.pk)


@staff_member_required
@require_safe
def media(request: HttpRequest, pk: uuid.UUID, kind: str) -> HttpResponse:
    """Send the browser to a redacted file of the clip by a short link."""
    clip = access.desk_clip(request.user, pk)
    keys = {"clip": clip.media_key, "preview": clip.preview_key, "poster": clip.poster_key}
    if kind not in keys:
        raise Http404("A clip has no such file.")
    return redirect(storage.sign_get(bucket=settings.S3_BUCKET_DERIVED, key=keys[kind]))


@staff_member_required
@require_safe
def original(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send the browser to the original by a short link; the look is logged."""
    clip = access.desk_clip(request.user, pk)
    key = access.original_of(request.user, clip)
    return redirect(storage.sign_get(bucket=settings.S3_BUCKET_ORIGINALS, key=key))
