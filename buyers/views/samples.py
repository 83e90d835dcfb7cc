"""The free sample of a package, and the list of what was withdrawn from it."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from buyers import delivery, samples
from buyers.access import members_only
from buyers.delivery import NotDeliverable
from marketplace.access import listed_package, seen_package
from marketplace.models import Tombstone


@members_only
@require_safe
@never_cache
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the files of the free sample."""
    package = listed_package(slug)
    groups = samples.groups(package)
    context = {"package": package, "groups": groups, "bytes": samples.size(package)}
    return render(request, "buyers/sample.html", context)


@members_only
@require_safe
@never_cache
def file(request: HttpRequest, slug: str, file: str) -> HttpResponse:
    """Send the browser to one file of the sample by a short link."""
    try:
        return redirect(delivery.sample_link(package=listed_package(slug), path=file))
    except NotDeliverable as why:
        raise Http404(str(why)) from why


@members_only
@require_safe
@never_cache
def curl_config(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the list of files as curl reads it."""
    return _text(samples.curl_config(listed_package(slug)), "curl.txt")


@members_only
@require_safe
@never_cache
def checksums(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the checksums of the sample's files."""
    return _text(samples.checksums(listed_package(slug)), delivery.CHECKSUMS)


@require_safe
@never_cache
def tombstones(request: HttpRequest, slug: str) -> HttpResponse:
    """List every clip that was withdrawn from any version of a package, one JSON object a line; for anybody."""
    rows = Tombstone.objects.filter(version__package=seen_package(slug)).select_related("version")
    lines = [
        json.dumps(
            {
                "clip_id": str(row.clip_id),
                "name": f"clip_{row.position:06d}",
                "removed_at": row.removed_at.isoformat(),
                "reason_class": row.reason_class,
                "version": row.version.number,
            }
        )
        for row in rows
    ]
    return HttpResponse("".join(line + "\n" for line in lines), content_type="application/jsonl")


def _text(body: str, file_name: str) -> HttpResponse:
    response = HttpResponse(body, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response
