"""The one door of the API: method, key, limit, scope; every error comes out as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from buyers import api_keys
from buyers.api.answers import ApiError, problem
from buyers.api.limits import count
from buyers.delivery import NotDeliverable
from buyers.models import ApiKey, Scope
from marketplace.people import address_prefix

View = Callable[..., HttpResponse]
STRANGERS_PER_MINUTE = 60  # calls without a good key from one network


def api(scope: Scope, *, method: str = "GET", many: bool = False) -> Callable[[View], View]:
    """Let a key with ``scope`` in; the view gets it after the request. ``many``: files have a wider limit."""

    def decorate(view: View) -> View:
        @csrf_exempt  # no cookie is looked at: only the key in the header counts
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            headers: dict[str, str] = {}
            try:
                key = _key(request)
                counted = count(
                    f"{key.pk}:{'files' if many else 'calls'}",
                    limit=settings.API_FILES_PER_MINUTE if many else settings.API_CALLS_PER_MINUTE,
                )
                headers = counted.headers
                if counted.over:
                    raise ApiError(
                        429, "too_many_calls",
                        f"More than {counted.limit} calls in a minute. Go on in {counted.resets_in} seconds.",
                    )  # fmt: skip
                _check(request, key, scope, method)
                api_keys.seen(key, address_prefix(request))
                response = view(request, key, *args, **kwargs)
            except ApiError as error:
                response = problem(error)
            except NotDeliverable as why:
                response = problem(ApiError(410, "not_delivered", str(why)))
            except Http404 as why:
                response = problem(ApiError(404, "not_found", str(why) or "There is no such thing."))
            for name, value in headers.items():
                response[name] = value
            response["X-Fairframe-Api"] = "1"
            return response

        checked.scope, checked.method = scope, method  # type: ignore[attr-defined]
        return checked

    return decorate


def _key(request: HttpRequest) -> ApiKey:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    key = api_keys.find(given.strip()) if scheme.lower() == "bearer" else None
    if key is not None:
        return key
    counted = count(f"stranger:{address_prefix(request)}", limit=STRANGERS_PER_MINUTE)
    if counted.over:
        raise ApiError(
            429, "too_many_calls", "Too many calls without a good key from your network.", headers=counted.headers
        )  # fmt: skip
    said = (
        "This key is not known, was revoked, has run out, or whoever made it has left."
        if given
        else "Send your key: “Authorization: Bearer ff_…”."
    )
    raise ApiError(
        401, "no_key", f"{said} Keys are made on the page “API keys” of your organisation.",
        headers={"WWW-Authenticate": 'Bearer realm="Fairframe"'},
    )  # fmt: skip


def _check(request: HttpRequest, key: ApiKey, scope: Scope, method: str) -> None:
    allowed = ("GET", "HEAD") if method == "GET" else (method,)
    if request.method not in allowed:
        raise ApiError(
            405, "wrong_method", f"This address takes {method}, not {request.method}.",
            headers={"Allow": ", ".join(allowed)},
        )  # fmt: skip
    if scope not in key.scopes:
        raise ApiError(
            403, "scope_missing", f"This key may not “{scope}”. Make one with that scope, or ask an owner."
        )  # fmt: skip
