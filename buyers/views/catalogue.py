"""The catalogue: public, its whole state in the address."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from buyers import catalogue, facets
from buyers.asked import SORTS, chips, read


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the packages that fit the address; to htmx, only the parts that change."""
    asked = read(request.GET)
    rows = catalogue.said(asked)
    page, counted = catalogue.page(rows, asked), facets.of(rows, asked)
    address = reverse("buyers:catalogue")
    context: dict[str, Any] = {
        "asked": asked,
        "page": page,
        "total": counted.total,
        "facets": counted.facets,
        "chips": chips(asked),
        "sorts": [(value, title, value == asked.sort) for value, (title, _) in SORTS.items()],
        "older": f"?{asked.query(after=page.after)}" if page.after else "",
        "newest": f"?{query}" if asked.after and (query := asked.query()) else address if asked.after else "",
    }
    htmx = request.htmx  # type: ignore[attr-defined]
    part = htmx and not htmx.boosted and not htmx.history_restore_request
    response = render(request, "buyers/_found.html" if part else "buyers/catalogue.html", context)
    if part:
        # The tidy address: a form would put every empty field into it.
        response["HX-Push-Url"] = f"{address}?{query}" if (query := asked.query()) else address
    response["Vary"] = "HX-Request, HX-Boosted, HX-History-Restore-Request"
    return response
