"""The curator's pages: choose clips by what they show, then draft a package of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from marketplace import countries, coverage
from marketplace.models import Clip, Vertical
from moderation import access, curating
from moderation.forms import DraftForm
from pipeline import duplicates, packages

PAGE = 48
SHOWN = 96  # clips with a picture on the page of a draft


@staff_member_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show approved clips by condition, what they cover, and whose they are."""
    access.need(request.user, "marketplace.add_package")
    asked = curating.read(request.GET)
    chosen = curating.chosen(asked)
    length = coverage.duration(chosen.order_by())
    pages = Paginator(chosen, PAGE)
    shown = pages.get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": "Choose clips for a package",
        "asked": asked,
        "verticals": Vertical.choices,
        "boxes": curating.boxes(asked),
        "countries": [(code, countries.name(code)) for code in curating.countries(asked)],
        "total": pages.count,
        "shown": shown,
        "address": asked.address(),
        **_figures(chosen, asked.vertical, length),
    }
    return render(request, "moderation/curate.html", context)


def _figures(clips: QuerySet[Clip], vertical: str, length: int) -> dict[str, Any]:
    return {
        "length": length,
        "axes": coverage.by_axis(clips.order_by(), whole=length),
        "crossed": coverage.crossed(clips.order_by().aggregate(**coverage.pairs(vertical)), vertical),
        "shares": curating.shares(clips),
    }


@staff_member_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Take all clips of the choice to the draft."""
    access.need(request.user, "marketplace.add_package")
    asked = curating.read(request.POST)
    request.session["package_clips"] = [str(pk) for pk in curating.chosen(asked).values_list("pk", flat=True)]
    return redirect("moderation:draft")


@staff_member_required
def draft(request: HttpRequest) -> HttpResponse:
    """Ask for title, summary, licence and price of the chosen clips, and make the draft."""
    access.need(request.user, "marketplace.add_package")
    ids = request.session.get("package_clips", [])
    rows = Clip.objects.filter(pk__in=ids).select_related("footage").order_by("footage", "position")
    clips = list(rows)
    if not clips:
        messages.error(request, "Choose some approved clips first: a package needs at least one.")
        return redirect("moderation:curate")
    twins = duplicates.within(clips)
    if request.method == "POST" and "leave_copies" in request.POST:
        copies = {str(pair.clip.pk) for pair in twins}
        request.session["package_clips"] = [str(clip.pk) for clip in clips if str(clip.pk) not in copies]
        messages.success(request, f"{len(copies)} of the clips showed the same as others and were left out.")
        return redirect("moderation:draft")
    low, high, guide = packages.price_guide(clips)
    form = DraftForm(request.POST or None, initial={"price": f"{(low.minor + high.minor) / 200:.2f}"})
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ("title", "summary", "licence")}
        try:
            package = packages.draft(
                clips=clips, price_minor=form.price_minor(), curator=request.user, **fields
            )
        except packages.PackageError as error:
            form.add_error(None, str(error))
        else:
            del request.session["package_clips"]
            messages.success(request, "The draft is there: look at it, then publish.")
            return redirect("admin:marketplace_package_change", package.pk)
    length = sum(clip.duration_ms for clip in clips)
    context = {
        **admin.site.each_context(request),
        "title": "A new package",
        "form": form,
        "count": len(clips),
        "clips": clips[:SHOWN],
        "more": max(0, len(clips) - SHOWN),
        "guide": guide,
        "twins": twins[:SHOWN],
        "copies": len({pair.clip.pk for pair in twins}),
        "other_clips": reverse("moderation:curate") + f"?vertical={clips[0].footage.vertical}",
        **_figures(rows.order_by(), clips[0].footage.vertical, length),
    }
    return render(request, "moderation/draft.html", context, status=400 if form.errors else 200)
