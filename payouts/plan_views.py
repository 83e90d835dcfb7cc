"""Taking a package with the hours of a plan, from its page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from buyers.access import members_only, membership
from marketplace.access import listed_package
from marketplace.people import address_prefix, agent
from payouts import plan_use


@members_only
@require_POST
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a package with hours of the plan; the ticked box bears the checksum of the licence beside it."""
    package = listed_package(slug)
    try:
        found = plan_use.take(
            member=membership(request.user),
            package=package,
            accepted_sha256=request.POST.get("licence", ""),
            address_prefix=address_prefix(request),
            agent=agent(request),
        )
    except plan_use.PlanRefused as why:
        if why.code == "licence_not_accepted":
            messages.error(
                request, f"Tick that your organisation accepts “{package.licence}”. Nothing was used."
            )
        else:
            messages.error(request, str(why))
        return redirect("buyers:package", slug=slug)
    messages.success(request, f"“{package}” is yours to download.")
    return redirect("buyers:order", pk=found.line.order_id)
