"""Footage, clips and the audit log, and the way into the review screen."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from marketplace.models import Clip, Event, Footage
from marketplace.states import ClipState, FootageState, MoveRefused, advance
from moderation.admin.base import Desk
from moderation.models import OriginalView, Review
from pipeline import jobs
from pipeline.models import Job

CLIP_COLOURS = {
    ClipState.REVIEW: "info",
    ClipState.IN_MODERATION: "warning",
    ClipState.APPROVED: "success",
    ClipState.REJECTED: "danger",
    ClipState.WITHDRAWN: "danger",
}


class TagFilter(admin.SimpleListFilter):
    """Clips that carry one scenario tag."""

    title = "scenario tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        from django.db.models import Func

        tags = (
            Clip.objects.annotate(tag=Func("tag_ids", function="unnest"))
            .values_list("tag", flat=True)
            .distinct()
        )
        return [(tag, tag) for tag in sorted(tags)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Clip]) -> QuerySet[Clip]:
        return queryset.filter(tag_ids__contains=[self.value()]) if self.value() else queryset


@admin.register(Clip)
class ClipAdmin(Desk):
    list_display = ["picture", "name", "shown_state", "seconds", "quality", "tags", "waiting_since", "look"]
    list_filter = ["state", "footage__vertical", TagFilter, ("state_changed_at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_fields = ["footage__title", "footage__place"]
    list_select_related = ["footage"]
    ordering = ["state_changed_at"]
    actions = ["make_package"]

    @admin.display(description="")
    def picture(self, row: Clip) -> str:
        source = reverse("moderation:media", args=[row.pk, "poster"])
        return format_html('<img src="{}" alt="" width="96" height="54" loading="lazy">', source)

    @admin.display(description="Clip")
    def name(self, row: Clip) -> str:
        return str(row)

    @display(description="State", label=CLIP_COLOURS, ordering="state")
    def shown_state(self, row: Clip) -> tuple[str, str]:
        return row.state, row.state.replace("_", " ")

    @admin.display(description="Seconds")
    def seconds(self, row: Clip) -> str:
        return f"{row.duration_ms / 1000:.1f}"

    @admin.display(description="Tags")
    def tags(self, row: Clip) -> str:
        return ", ".join(row.tag_ids)

    @admin.display(description="In this state since", ordering="state_changed_at")
    def waiting_since(self, row: Clip) -> Any:
        return row.state_changed_at

    @admin.display(description="")
    def look(self, row: Clip) -> str:
        return format_html('<a href="{}">Look</a>', reverse("moderation:review", args=[row.pk]))

    @action(description="Make a package of these clips", permissions=["curate"])
    def make_package(self, request: HttpRequest, queryset: QuerySet[Clip]) -> HttpResponse | None:
        ids = [str(pk) for pk in queryset.filter(state=ClipState.APPROVED).values_list("pk", flat=True)]
        if len(ids) < queryset.count():
            messages.error(request, "Only approved clips can be sold. Choose again: the state filter helps.")
            return None
        request.session["package_clips"] = ids
        return redirect("moderation:draft")

    def has_curate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("marketplace.add_package")


@admin.register(Footage)
class FootageAdmin(Desk):
    list_display = ["title", "owner", "vertical", "state", "state_changed_at", "reason"]
    list_filter = ["state", "vertical", "country"]
    actions = ["process_again"]
    search_fields = ["title", "owner__email", "sha256"]
    list_select_related = ["owner"]
    fields = [
        "title", "owner", "vertical", "discipline", "country", "place", "recorded_on", "state",
        "state_changed_at", "reason", "file_name", "size_bytes", "sha256", "duration_ms", "facts", "certificate",
    ]  # fmt: skip

    @action(description="Process again (what failed)", permissions=["review"])
    def process_again(self, request: HttpRequest, queryset: QuerySet[Footage]) -> None:
        count = 0
        for footage in queryset.filter(state=FootageState.FAILED):
            try:
                with transaction.atomic():
                    advance(footage, FootageState.QUEUED, actor=request.user, reason="")
                    jobs.enqueue_process(footage=footage)
                count += 1
            except MoveRefused as refused:
                messages.error(request, str(refused))
        messages.success(request, f"{count} of {queryset.count()} wait for a worker again.")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("moderation.add_review")


@admin.register(Review)
class ReviewAdmin(Desk):
    list_display = ["at", "clip", "moderator", "verdict", "reason", "note"]
    list_filter = ["verdict", "reason"]
    list_select_related = ["clip__footage", "moderator"]


@admin.register(OriginalView)
class OriginalViewAdmin(Desk):
    list_display = ["at", "viewer", "clip"]
    list_select_related = ["clip__footage", "viewer"]


@admin.register(Job)
class JobAdmin(Desk):
    list_display = ["kind", "footage", "version", "state", "step", "progress", "attempts", "worker", "reason"]
    list_filter = ["state", "kind"]
    list_select_related = ["footage", "version__package"]


@admin.register(Event)
class EventAdmin(Desk):
    list_display = ["at", "actor", "verb", "subject_type", "subject_id", "data"]
    list_filter = ["verb"]
    search_fields = ["subject_id", "verb", "actor__email"]
    list_select_related = ["actor"]
    ordering = ["-pk"]
