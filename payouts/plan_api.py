"""Taking a package with hours of the plan, by API."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse

from buyers import api_keys
from buyers.api.answers import ApiError, answer
from buyers.api.gate import api
from buyers.api.views import described
from buyers.models import ApiKey, Scope
from marketplace.access import listed_package
from marketplace.people import address_prefix, agent
from payouts import plan_use

# Stripe and most APIs say 402 for “pay first”; what is wrong with the call itself is 422.
STATUS = {"licence_not_accepted": 422, "other_currency": 422, "not_for_sale": 404}


@api(Scope.TAKE, method="POST")
def take(request: HttpRequest, key: ApiKey, slug: str) -> HttpResponse:
    """Take a package: ``{"accept_licence": sha256 of its text}``. The same call again uses nothing."""
    member = api_keys.member_of(key)
    if member is None:
        raise ApiError(401, "no_key", "Whoever made this key has left your organisation.")
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiError(
            400, "not_json", "Send a JSON object, with the SHA-256 of the licence as “accept_licence”."
        )
    try:
        found = plan_use.take(
            member=member,
            package=listed_package(slug),
            accepted_sha256=str(body.get("accept_licence", "")),
            address_prefix=address_prefix(request),
            agent=agent(request),
        )
    except plan_use.PlanRefused as why:
        raise ApiError(STATUS.get(why.code, 402), why.code, str(why)) from why
    return answer(described(found))
