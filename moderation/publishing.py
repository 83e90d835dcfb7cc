"""How far a publication is, as a line that renews itself while it goes on."""

from __future__ import annotations

import uuid

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from marketplace.models import PackageVersion
from marketplace.states import JobState
from moderation import access

STEPS = {"clips": "clips", "sample": "free sample", "index": "tables and lists"}


def progress(version: PackageVersion) -> str:
    """Write the state of a version's publication; one that goes on asks for itself every two seconds."""
    job = version.jobs.order_by("-created_at").first()
    if job is None:
        return "Not started."
    if job.state not in (JobState.QUEUED, JobState.RUNNING):
        return str(job.get_state_display())
    step = STEPS.get(job.step, "")
    words = f"Storing {step}: {job.progress:.0%}" if step else str(job.get_state_display())
    return format_html(
        '<span role="status" hx-get="{}" hx-trigger="every 2s" hx-swap="outerHTML">{}</span>',
        reverse("moderation:publishing", args=[version.pk]),
        words,
    )


@staff_member_required
@require_safe
def line(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer with that line alone."""
    access.need(request.user, "marketplace.view_package")
    return HttpResponse(progress(get_object_or_404(PackageVersion, pk=pk)))
