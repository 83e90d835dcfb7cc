"""Everything we hold about the person who looks."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contributors import export as exporting
from contributors.access import contributors_only, profile_of
from contributors.models import Consent
from marketplace import countries
from marketplace.models import Clip, Footage


@contributors_only
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the profile, what is stored, and every consent with its words."""
    user = request.user
    given = Consent.objects.select_related("text").order_by("text_id", "-at")
    about = (
        Footage.objects.filter(owner_id=user.pk, consents__isnull=False)
        .distinct()
        .order_by("-created_at")
        .prefetch_related(Prefetch("consents", given))
    )
    profile = profile_of(user)
    return render(
        request,
        "contributors/data.html",
        {
            "profile": profile,
            "country": countries.name(profile.country) if profile else "",
            "footage_count": Footage.objects.filter(owner_id=user.pk).count(),
            "clip_count": Clip.objects.filter(footage__owner_id=user.pk).count(),
            "about": Paginator(about, 20).get_page(request.GET.get("page")),
        },
    )


@contributors_only
@require_safe
@never_cache
def export(request: HttpRequest) -> HttpResponse:
    """Hand everything over as one JSON file."""
    answer = JsonResponse(exporting.of(request.user), json_dumps_params={"indent": 1, "ensure_ascii": False})
    name = f"fairframe-my-data-{timezone.now():%Y-%m-%d}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
