"""Bob downloads what he bought, while he may, and never what was withdrawn."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import requests
from django.test import Client
from django.utils import timezone

from buyers.models import Download, Entitlement, Order
from marketplace.states import ClipState, OrderState, advance
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(s3: object) -> Order:
    footage = people.make_footage(people.alice())
    clips = [people.make_clip(footage, position=n) for n in range(2)]
    return people.make_order(people.bob(), people.make_package(clips, objects=True), state=OrderState.PAID)


@pytest.fixture
def bob(client: Client, order: Order) -> Client:
    client.force_login(order.placed_by)
    return client


def at(order: Order, rest: str = "") -> str:
    return f"/orders/{order.pk}/berlin-evenings/{rest}"


def test_every_file_of_the_manifest_has_the_promised_bytes(bob: Client, order: Order) -> None:
    manifest = bob.get(at(order, "manifest.json")).json()
    assert {item["path"] for item in manifest["objects"]} == {
        "LICENSE.txt",
        "media/clip_000000.mp4",
        "media/clip_000001.mp4",
    }
    for item in manifest["objects"]:
        body = requests.get(item["url"], timeout=10).content
        assert (len(body), hashlib.sha256(body).hexdigest()) == (item["bytes"], item["sha256"])
    sums = bob.get(at(order, "SHA256SUMS")).content.decode()
    assert sums.count("\n") == 3
    assert Download.objects.count() == 3


def test_a_single_file_is_saved_under_its_name_by_a_short_link(bob: Client, order: Order) -> None:
    answer = bob.get(at(order, "files/media/clip_000000.mp4"))
    assert answer.status_code == 302
    saved = requests.get(answer["Location"], timeout=10)
    assert saved.headers["Content-Disposition"] == 'attachment; filename="clip_000000.mp4"'
    assert "X-Amz-Expires=900" in answer["Location"]
    assert Download.objects.get().path == "media/clip_000000.mp4"


def test_the_order_page_shows_files_checksums_licence_and_until_when(bob: Client, order: Order) -> None:
    page = bob.get(f"/orders/{order.pk}/").content.decode()
    entitlement = Entitlement.objects.get()
    for words in (
        "media/clip_000001.mp4",
        "sha256sum -c SHA256SUMS",
        f"{entitlement.until:%Y}",
        "Manifest with links",
    ):
        assert words in page


def test_a_withdrawn_clip_is_in_no_list_and_behind_no_link(bob: Client, order: Order) -> None:
    clip = Entitlement.objects.get().version.clips.order_by("position").first()
    assert clip is not None
    advance(clip, ClipState.WITHDRAWN)
    manifest = bob.get(at(order, "manifest.json")).json()
    assert [item["path"] for item in manifest["objects"]] == ["LICENSE.txt", "media/clip_000001.mp4"]
    assert manifest["withdrawn_clips"] == 1
    closed = bob.get(at(order, "files/media/clip_000000.mp4"))
    assert closed.status_code == 410
    assert "withdrew" in closed.content.decode()
    assert "clip_000000" not in bob.get(at(order, "SHA256SUMS")).content.decode()
    assert "Consent was withdrawn" in bob.get(f"/orders/{order.pk}/").content.decode()


@pytest.mark.parametrize("end", ["until", "revoked_at"])
def test_after_the_end_there_are_no_links(bob: Client, order: Order, end: str) -> None:
    Entitlement.objects.update(**{end: timezone.now() - timedelta(seconds=1)})
    assert bob.get(at(order, "manifest.json")).status_code == 410
    closed = bob.get(at(order, "files/LICENSE.txt"))
    assert closed.status_code == 410
    assert "Back to the order" in closed.content.decode()
    assert "Download<span" not in bob.get(f"/orders/{order.pk}/").content.decode()
    assert not Download.objects.exists()


@pytest.mark.parametrize("path", ["../../etc/passwd", "media/none.mp4", "pkg/berlin-evenings/v1/LICENSE.txt"])
def test_a_path_that_is_not_in_the_package_gives_nothing(bob: Client, order: Order, path: str) -> None:
    assert bob.get(at(order, f"files/{path}")).status_code in (404, 410)


def test_another_organisation_gets_404(order: Order) -> None:
    eve = Client()
    eve.force_login(people.bob("eve@example.org", "Eve Cars"))
    for rest in ("manifest.json", "SHA256SUMS", "files/LICENSE.txt"):
        assert eve.get(at(order, rest)).status_code == 404
    assert Client().get(at(order, "manifest.json")).status_code == 302


def test_an_order_that_is_not_paid_delivers_nothing(s3: object) -> None:
    clip = people.make_clip(people.make_footage(people.alice()))
    order = people.make_order(people.bob(), people.make_package([clip]))
    bob = Client()
    bob.force_login(order.placed_by)
    assert bob.get(at(order, "manifest.json")).status_code == 404
