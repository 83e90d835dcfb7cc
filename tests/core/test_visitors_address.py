"""Behind our own proxy the visitor's address is known; nobody can write themselves another one."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from marketplace.people import address_prefix
from marketplace.proxies import VisitorAddress


def prefix(settings: Any, trusted: list[str], told: str | None) -> str:
    """Say what a view behind the middleware takes for the visitor's network."""
    settings.TRUSTED_PROXIES = trusted
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(address_prefix(request))
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.5")
    if told is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = told
    VisitorAddress(view)(request)
    return seen[0]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("1.2.3.4, 203.0.113.9", "203.0.113.0/24"),  # the left one is what Mallory wrote
        ("203.0.113.9, 10.0.0.7", "203.0.113.0/24"),  # two proxies of ours
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("nonsense", "10.0.0.0/24"),
        ("", "10.0.0.0/24"),
        (None, "10.0.0.0/24"),
    ],
)
def test_the_first_address_that_is_not_ours_counts(settings: Any, told: str | None, expected: str) -> None:
    assert prefix(settings, ["10.0.0.0/8"], told) == expected


def test_without_a_trusted_proxy_nobody_is_believed(settings: Any) -> None:
    assert prefix(settings, [], "203.0.113.9") == "10.0.0.0/24"
    assert prefix(settings, ["192.168.0.0/16"], "203.0.113.9") == "10.0.0.0/24"


@pytest.mark.django_db
def test_the_lock_out_tells_visitors_behind_the_proxy_apart(settings: Any) -> None:
    from axes.models import AccessAttempt
    from django.test import Client

    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    settings.AXES_ENABLED = True
    Client().post(
        "/accounts/login/",
        {"login": "alice@example.org", "password": "wrong"},
        HTTP_X_FORWARDED_FOR="203.0.113.9",
    )
    assert list(AccessAttempt.objects.values_list("ip_address", flat=True)) == ["203.0.113.9"]
