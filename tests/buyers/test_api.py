"""The API: keys that are shown once, packages, access, files that go on where they broke off, and clear errors."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.request
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from buyers import api_keys
from buyers.api.described import CODES, ENDPOINTS
from buyers.models import ApiKey, Download, Entitlement, Membership, Organisation, Role
from marketplace.models import Clip, User
from marketplace.states import ClipState
from tests import people
from tests.buyers import checkout as given

pytestmark = pytest.mark.django_db
ALL = ["read", "download", "take"]


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    """Start every test with nothing counted."""
    cache.clear()


@pytest.fixture
def bob() -> User:
    return people.bob()


def key_of(user: User, *scopes: str, days: int = 90, name: str = "trainer") -> str:
    return api_keys.make(owner=user.membership, name=name, scopes=list(scopes or ALL), days=days)[1]


def call(key: str, path: str = "", **more: Any) -> Any:
    method = more.pop("method", "get")
    return getattr(Client(), method)(f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"}, **more)


def error(response: Any, status: int) -> str:
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    found = response.json()["error"]
    assert found["message"]
    return str(found["code"])


def test_a_key_is_shown_once_and_stored_as_its_checksum(bob: User) -> None:
    browser = given.signed_in(bob)
    page = browser.post("/buy/api/", {"name": "trainer", "scopes": ["read"], "days": "90"})
    [key] = set(re.findall(r"ff_[\w-]{43}", page.content.decode()))
    row = ApiKey.objects.get()
    assert row.sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert key not in json.dumps({name: str(value) for name, value in vars(row).items()})
    assert key not in browser.get("/buy/api/").content.decode()
    assert page["Cache-Control"].find("no-store") >= 0
    assert call(key).json()["organisation"] == "Bob Robotics"
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert row.last_used_from == "127.0.0.0/24"
    again = browser.post("/buy/api/", {"name": "trainer", "scopes": ["read"], "days": "90"})
    assert again.status_code == 400
    assert "has a key with this name" in again.content.decode()


def test_what_is_not_a_good_key_is_refused(bob: User) -> None:
    key = key_of(bob)
    assert error(Client().get("/api/v1"), 401) == "no_key"
    assert Client().get("/api/v1")["WWW-Authenticate"].startswith("Bearer")
    assert error(call(key[:-1] + ("A" if key[-1] != "A" else "B")), 401) == "no_key"
    assert error(call("x\x00"), 401) == "no_key"
    browser = given.signed_in(bob)  # a session is no key
    assert error(browser.get("/api/v1"), 401) == "no_key"
    old = key_of(bob, name="old")
    ApiKey.objects.filter(name="old").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert error(call(old), 401) == "no_key"
    browser.post(reverse("buyers:api_key_revoke", args=[ApiKey.objects.get(name="trainer").pk]))
    assert error(call(key), 401) == "no_key"


def test_who_leaves_takes_their_keys_along_and_only_owners_make_them(bob: User) -> None:
    bea = people.make_user("bea@example.org", first_door="buy")
    member = Membership.objects.create(user=bea, organisation=bob.membership.organisation, role=Role.OWNER)
    key = key_of(bea)
    assert call(key).status_code == 200
    Membership.objects.filter(pk=member.pk).update(role=Role.MEMBER)
    assert (
        given.signed_in(bea).post("/buy/api/", {"name": "x", "scopes": ["read"], "days": "30"}).status_code
        == 403
    )
    member.delete()
    assert error(call(key), 401) == "no_key"


def test_a_scope_that_is_missing_is_named(bob: User) -> None:
    key = key_of(bob, "read")
    assert error(call(key, "/access/1/manifest"), 403) == "scope_missing"
    assert error(call(key, "/packages/rides/take", method="post"), 403) == "scope_missing"
    wrong = call(key, "/packages", method="post")
    assert error(wrong, 405) == "wrong_method"
    assert wrong["Allow"] == "GET, HEAD"


def test_too_many_calls_are_told_when_to_go_on(bob: User, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    key, other = key_of(bob), key_of(bob, name="other")
    answers = [call(key) for _ in range(5)]
    codes = [one.status_code for one in answers]
    assert codes in ([200, 200, 200, 429, 429], [200] * 5)  # a minute may have ended in between
    if 429 in codes:
        assert error(answers[-1], 429) == "too_many_calls"
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert answers[0]["X-RateLimit-Remaining"] == "2"
    assert call(other).status_code == 200


def test_guessing_keys_is_slowed_down() -> None:
    codes = [Client().get("/api/v1").status_code for _ in range(125)]
    assert codes[0] == 401
    assert 429 in codes


def test_packages_are_found_a_page_at_a_time_with_the_catalogues_filters(bob: User) -> None:
    footage = people.make_footage(people.alice())
    for number in range(26):
        tags = ("odd.illumination.day",) if number else ("odd.weather.fog",)
        clip = people.make_clip(footage, position=number, tags=tags)
        people.make_package([clip], slug=f"p{number}", title=f"Package {number}")
    key = key_of(bob, "read")
    first = call(key, "/packages").json()
    assert len(first["data"]) == 24
    second = call(key, "/packages?" + first["next"].partition("?")[2]).json()
    slugs = [one["slug"] for one in first["data"] + second["data"]]
    assert (len(set(slugs)), second["next"]) == (26, None)
    assert [one["slug"] for one in call(key, "/packages?odd.weather=fog").json()["data"]] == ["p0"]
    one = call(key, "/packages/p0").json()
    assert hashlib.sha256(one["licence"]["text"].encode()).hexdigest() == one["licence"]["sha256"]
    assert (one["plan_hours"], one["access"]) == (0.0167, [])
    assert error(call(key, "/packages/none"), 404) == "not_found"


def test_a_file_goes_on_where_it_broke_off(bob: User, s3: Any) -> None:
    data = bytes(range(256)) * 400
    clip = people.make_clip(people.make_footage(people.alice()))
    package = people.make_package([clip], objects=True)
    assert package.current is not None
    people.add_object(package.current, "media/long.mp4", data, "video/mp4", clip=clip, real=True)
    people.make_order(bob, package, state="paid")
    key = key_of(bob)
    [access] = call(key, "/access").json()["data"]
    manifest = call(key, f"/access/{access['id']}/manifest").json()
    [file] = [one for one in manifest["objects"] if one["path"] == "media/long.mp4"]
    assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert not Download.objects.exists()  # a list is no download
    got = b""
    for first, last in ((0, 60_000), (60_001, len(data))):
        link = call(key, file["url"].partition("/api/v1")[2])
        assert link.status_code == 302
        request = urllib.request.Request(link["Location"], headers={"Range": f"bytes={first}-{last}"})  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own S3
            assert answer.status == 206
            got += answer.read()
    assert hashlib.sha256(got).hexdigest() == file["sha256"]
    assert Download.objects.filter(user=bob, path="media/long.mp4").count() == 2


def test_what_may_not_be_had_is_not_had(bob: User) -> None:
    clip = people.make_clip(people.make_footage(people.alice()))
    order = people.make_order(bob, people.make_package([clip]), state="paid")
    entitlement = Entitlement.objects.get(line__order=order)
    key, path = key_of(bob), f"/access/{entitlement.pk}"
    other = people.make_user("eve@example.org", first_door="buy")
    company = Organisation.objects.create(name="Eve Inc", country="US")
    Membership.objects.create(user=other, organisation=company, role=Role.OWNER)
    stranger = key_of(other)
    assert error(call(stranger, f"{path}/manifest"), 404) == "not_found"
    assert error(call(stranger, f"{path}/files/LICENSE.txt"), 404) == "not_found"
    assert call(stranger, "/access").json()["data"] == []
    Clip.objects.update(state=ClipState.WITHDRAWN)
    assert error(call(key, f"{path}/files/media/clip_000000.mp4"), 410) == "not_delivered"
    assert "media/clip_000000.mp4" not in json.dumps(call(key, f"{path}/manifest").json())
    Entitlement.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert error(call(key, f"{path}/manifest"), 410) == "not_delivered"


def test_every_address_is_documented_and_every_documented_one_is_there(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    schema = client.get("/api/v1/openapi.json").json()
    for one in ENDPOINTS:
        parts = {"slug": "rides", "id": "7", "path": "media/a.mp4"}
        address = f"/api/v1{one.path}".format(**parts)
        found = resolve(address)
        assert f"{found.namespace}:{found.url_name}" == one.name
        view: Any = found.func
        assert (view.scope, view.method) == (one.scope, one.method)
        assert f"{one.method} /api/v1{one.path}" in page
        assert one.method.lower() in schema["paths"][one.path or "/"]
    for code, status, _ in CODES:
        assert f"<code>{code}</code>" in page
        assert 400 <= status < 500
    assert error(client.get("/api/v1/nowhere"), 404) == "not_found"
    assert error(client.get("/api/v2"), 404) == "not_found"


def test_the_answers_hold_what_the_documentation_says(bob: User) -> None:
    clip = people.make_clip(people.make_footage(people.alice()))
    order = people.make_order(bob, people.make_package([clip], slug="rides"), state="paid")
    key, pk = key_of(bob), Entitlement.objects.get(line__order=order).pk
    for one in ENDPOINTS:
        if one.method == "GET" and one.answers:
            body = call(key, one.path.format(slug="rides", id=pk)).json()
            assert set(one.answers) <= set(body), one.path
