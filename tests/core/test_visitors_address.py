"""Behind our own proxy the visitor's address is known; nobody can write themselves another one."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from marketplace.people import address_prefix
from marketplace.proxies import VisitorAddress


def prefix(settings: object, trusted: list[str], told: str | None, *, via: str = "10.0.0.5") -> str:
    settings.TRUSTED_PROXIES = trusted  # type: ignore[attr-defined]
    seen = []
    headers = {} if told is None else {"HTTP_X_FORWARDED_FOR": told}
    request = RequestFactory().get("/", REMOTE_ADDR=via, **headers)
    VisitorAddress(lambda request: seen.append(address_prefix(request)) or HttpResponse())(request)
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
def test_the_first_address_that_is_not_ours_counts(settings: object, told: str | None, expected: str) -> None:
    assert prefix(settings, ["10.0.0.0/8"], told) == expected


def test_without_a_trusted_proxy_nobody_is_believed(settings: object) -> None:
    assert prefix(settings, [], "203.0.113.9") == "10.0.0.0/24"
    assert prefix(settings, ["192.168.0.0/16"], "203.0.113.9") == "10.0.0.0/24"


@pytest.mark.django_db
def test_the_lock_out_tells_visitors_behind_the_proxy_apart(settings: object) -> None:
    from axes.models import AccessAttempt
    from django.test import Client

    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]  # type: ignore[attr-defined]
    settings.AXES_ENABLED = True  # type: ignore[attr-defined]
    Client().post(
        "/accounts/login/",
        {"login": "alice@example.org", "password": "wrong"},
        HTTP_X_FORWARDED_FOR="203.0.113.9",
    )
    assert list(AccessAttempt.objects.values_list("ip_address", flat=True)) == ["203.0.113.9"]
