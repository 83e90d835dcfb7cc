"""The upload page and what its script asks for."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from contributors import files, sidecars, uploads
from contributors.access import answers_json, contributors_only, profile_of, refusal
from contributors.forms import UploadForm
from contributors.models import Kind
from marketplace.access import own_footage
from marketplace.models import Footage, Sound, Vertical
from marketplace.people import address_prefix, agent
from marketplace.states import FootageState
from pipeline.telemetry import sidecar
from pipeline.video import limits


@contributors_only
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show the drop zone, what is asked about the footage, the consents, and unfinished uploads."""
    profile = profile_of(request.user)
    begins = {
        "vertical": Vertical.SPORTS if profile and profile.kind == Kind.ATHLETE else Vertical.DRIVING,
        "country": profile.country if profile else "",
        "cover_jerseys": True,
        "cover_screens": True,
        "sound": Sound.DROP,
    }
    form = UploadForm(initial=begins)
    return render(
        request,
        "contributors/upload.html",
        {
            "form": form,
            "texts": form.texts,
            "unfinished": Footage.objects.filter(owner_id=request.user.pk, state=FootageState.UPLOADING),
            "most_bytes": files.most_bytes(),
            "most_minutes": round(limits.MAX_DURATION_S / 60),
            "shown_types": files.SHOWN_TYPES,
            "telemetry_ends": ",".join(f".{end}" for end in sidecar.ENDS),
            "ends": ",".join(f".{end}" for end in files.TYPES),
        },
    )


def _told(footage: Footage, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Say what a script needs to go on with an upload."""
    names = ("status", "parts", "complete", "abort")
    return {
        "id": str(footage.pk),
        "state": footage.state,
        "title": footage.title,
        "file_name": footage.file_name,
        "size_bytes": footage.size_bytes,
        "part_bytes": footage.part_bytes,
        "part_count": uploads.count(footage),
        "parts": [{name: part[name] for name in ("number", "bytes", "sha256")} for part in parts],
        **{f"{name}_url": reverse(f"contributors:upload_{name}", args=[footage.pk]) for name in names},
        "footage_url": reverse("contributors:footage", args=[footage.pk]),
    }


@answers_json
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Take the form of one file and open its upload."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        sentences = form.sentences()
        first = next(iter(sentences.values()), None) or "; ".join(
            str(error) for error in form.non_field_errors()
        )
        return refusal(first, status=400, fields=sentences)
    data = form.cleaned_data
    footage, new = uploads.start(
        user=request.user,
        upload_token=data["upload_token"],
        file_name=data["file_name"],
        size_bytes=data["size_bytes"],
        content_type=files.media_type(data["file_name"]),
        details=form.details(),
        texts=data["texts"],
        address_prefix=address_prefix(request),
        agent=agent(request),
    )
    if data["telemetry"] is not None and footage.state == FootageState.UPLOADING:
        sidecars.keep(
            footage=footage, sidecar=data["telemetry"], clock_offset_s=data["clock_offset_s"] or 0.0
        )
    going_on = not new and footage.state == FootageState.UPLOADING
    parts = uploads.arrived(footage) if going_on else []
    return JsonResponse(_told(footage, parts), status=201 if new else 200)


@answers_json
@require_safe
@never_cache
def status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say which parts have arrived; with ``sha256`` also whether these bytes are here already."""
    footage = own_footage(request.user, pk)
    parts = uploads.arrived(footage) if footage.state == FootageState.UPLOADING else []
    told = _told(footage, parts)
    sha256 = request.GET.get("sha256", "")
    if sha256 and (earlier := uploads.live_twin(footage=footage, sha256=sha256)):
        told["duplicate"] = {
            "title": earlier.title,
            "url": reverse("contributors:footage", args=[earlier.pk]),
        }
    return JsonResponse(told)


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError, RequestDataTooBig):
        body = None
    if not isinstance(body, dict):
        raise uploads.UploadRefused("This request is not the JSON that the upload page sends.", status=400)
    return body


@answers_json
@require_POST
def parts(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Sign the addresses of a batch of parts."""
    footage = own_footage(request.user, pk)
    wanted = {}
    listed = _body(request).get("parts")
    for part in listed if isinstance(listed, list) else []:
        number = part.get("number") if isinstance(part, dict) else None
        if type(number) is not int or number in wanted:
            raise uploads.UploadRefused("Each part needs a number of its own.", status=400, field="number")
        wanted[number] = str(part.get("sha256", ""))
    urls = uploads.part_urls(footage=footage, wanted=wanted)
    return JsonResponse({"urls": {str(number): url for number, url in urls.items()}, "seconds": 3600})


@answers_json
@require_POST
def complete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Join the parts and queue the work."""
    footage = own_footage(request.user, pk)
    sha256 = str(_body(request).get("sha256", "")).lower()
    try:
        warning = uploads.complete(footage=footage, sha256=sha256)
    except uploads.UploadRefused as refused:
        if earlier := refused.more.get("duplicate"):
            refused.more["duplicate_url"] = reverse("contributors:footage", args=[earlier])
        raise
    return JsonResponse({**_told(footage, []), "warning": warning})


@answers_json
@require_POST
def abort(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop an upload and throw away what has arrived."""
    footage = own_footage(request.user, pk)
    uploads.abort(footage=footage, actor=request.user)
    return JsonResponse({"id": str(footage.pk), "state": footage.state})
