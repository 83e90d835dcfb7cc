"""The page of API keys, and the documentation of the API."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from buyers import api_keys
from buyers.access import members_only, membership, owner_of
from buyers.api.described import CODES, ENDPOINTS, openapi
from buyers.forms import ApiKeyForm
from buyers.models import ApiKey, Role


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def keys(request: HttpRequest) -> HttpResponse:
    """Show the organisation's keys; owners make them, and see each once."""
    member = membership(request.user)
    form = ApiKeyForm(request.POST or None, organisation=member.organisation)
    made = None
    if request.method == "POST":
        owner = owner_of(request.user)
        if form.is_valid():
            try:
                made = api_keys.make(
                    owner=owner,
                    name=form.cleaned_data["name"],
                    scopes=form.cleaned_data["scopes"],
                    days=int(form.cleaned_data["days"]),
                )
                form = ApiKeyForm(organisation=member.organisation)
            except api_keys.KeyRefused as why:
                form.add_error(None, str(why))
    rows = ApiKey.objects.filter(organisation=member.organisation, revoked_at=None)
    context = {
        "member": member,
        "is_owner": member.role == Role.OWNER,
        "keys": rows.select_related("made_by"),
        "form": form,
        "made": made,
        "site": settings.SITE_URL,
    }
    return render(request, "buyers/api_keys.html", context, status=400 if form.errors else 200)


@members_only
@require_POST
def revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close a key."""
    if api_keys.revoke(owner=owner_of(request.user), pk=pk):
        messages.success(request, "Revoked: the key no longer works.")
    else:
        messages.info(request, "This key was revoked already.")
    return redirect("buyers:api_keys")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Document the API, for anybody."""
    context = {
        "endpoints": ENDPOINTS,
        "codes": CODES,
        "site": settings.SITE_URL,
        "calls": settings.API_CALLS_PER_MINUTE,
        "files": settings.API_FILES_PER_MINUTE,
        "minutes": settings.S3_LINK_SECONDS // 60,
    }
    return render(request, "buyers/api_docs.html", context)


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Give the same as OpenAPI 3.1, for programs."""
    return JsonResponse(openapi(), json_dumps_params={"indent": 1})
