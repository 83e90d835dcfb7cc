"""Bob downloads what he bought, while he may, and never what was withdrawn."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.test import Client
from django.utils import timezone

from buyers import groups
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
        f"downloads open until {entitlement.until:%-d %B %Y}",
        "manifest with links",
        *entitlement.version.objects_in.values_list("sha256", flat=True),
    ):
        assert words in page


def test_curl_alone_fetches_everything_and_sha256sum_agrees(
    bob: Client, order: Order, tmp_path: Path
) -> None:
    if not (shutil.which("curl") and shutil.which("sha256sum")):
        pytest.skip("curl and sha256sum are not on this machine")
    (tmp_path / "curl.txt").write_bytes(bob.get(at(order, "curl.txt")).content)
    (tmp_path / "SHA256SUMS").write_bytes(bob.get(at(order, "SHA256SUMS")).content)
    fetched = run(["curl", "--silent", "--show-error", "--config", "curl.txt"], tmp_path)
    assert fetched.returncode == 0, fetched.stderr
    assert run(["sha256sum", "-c", "SHA256SUMS"], tmp_path).stdout.count(": OK") == 3
    broken = tmp_path / "media" / "clip_000001.mp4"
    broken.write_bytes(broken.read_bytes()[:7])
    run(["curl", "--silent", "--config", "curl.txt"], tmp_path)
    checked = run(["sha256sum", "-c", "SHA256SUMS"], tmp_path)
    assert checked.returncode == 0, "a broken file goes on where it stopped, whole ones stay"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


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
    assert "clip_000000" not in bob.get(at(order, "curl.txt")).content.decode()
    assert "Consent was withdrawn" in bob.get(f"/orders/{order.pk}/").content.decode()


def test_files_that_speak_of_every_clip_stay_behind_with_a_withdrawn_one(bob: Client, order: Order) -> None:
    version = Entitlement.objects.get().version
    for path in ("annotations/coco_keypoints.json", "manifest.jsonl", "SHA256SUMS", "README.md"):
        people.add_object(version, path, b"of all clips", "application/json")
    assert len(bob.get(at(order, "manifest.json")).json()["objects"]) == 7
    clip = version.clips.order_by("position").first()
    assert clip is not None
    advance(clip, ClipState.WITHDRAWN)
    manifest = bob.get(at(order, "manifest.json")).json()
    left = ["LICENSE.txt", "README.md", "media/clip_000001.mp4"]
    assert [item["path"] for item in manifest["objects"]] == left
    keypoints = bob.get(at(order, "files/annotations/coco_keypoints.json"))
    assert keypoints.status_code == 410
    assert "no longer delivered" in keypoints.content.decode()


def test_a_clip_that_is_looked_at_again_is_held_back_and_comes_back(bob: Client, order: Order) -> None:
    clip = Entitlement.objects.get().version.clips.order_by("position").first()
    assert clip is not None
    advance(clip, ClipState.IN_MODERATION)
    held = bob.get(at(order, "files/media/clip_000000.mp4"))
    assert "until they have decided" in held.content.decode()
    assert "held back" in bob.get(f"/orders/{order.pk}/").content.decode()
    advance(clip, ClipState.APPROVED)
    assert bob.get(at(order, "files/media/clip_000000.mp4")).status_code == 302


def test_a_long_list_is_cut_on_the_page_and_whole_in_the_manifest(
    bob: Client, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "FIRST", 1)
    assert (
        "1 more file: the manifest and curl.txt have all of them"
        in bob.get(f"/orders/{order.pk}/").content.decode()
    )
    assert len(bob.get(at(order, "manifest.json")).json()["objects"]) == 3


def test_a_refunded_order_delivers_nothing(bob: Client, order: Order) -> None:
    advance(order, OrderState.REFUNDED)
    assert bob.get(at(order, "manifest.json")).status_code == 410
    assert "was closed" in bob.get(at(order, "files/LICENSE.txt")).content.decode()
    assert "berlin-evenings/manifest.json" not in bob.get(f"/orders/{order.pk}/").content.decode()


@pytest.mark.parametrize("end", ["until", "revoked_at"])
def test_after_the_end_there_are_no_links(bob: Client, order: Order, end: str) -> None:
    Entitlement.objects.update(**{end: timezone.now() - timedelta(seconds=1)})
    for rest in ("manifest.json", "SHA256SUMS", "curl.txt"):
        assert bob.get(at(order, rest)).status_code == 410
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
    for rest in ("manifest.json", "SHA256SUMS", "curl.txt", "files/LICENSE.txt"):
        assert eve.get(at(order, rest)).status_code == 404
    assert Client().get(at(order, "manifest.json")).status_code == 302


def test_an_order_that_is_not_paid_delivers_nothing(s3: object) -> None:
    clip = people.make_clip(people.make_footage(people.alice()))
    order = people.make_order(people.bob(), people.make_package([clip]))
    bob = Client()
    bob.force_login(order.placed_by)
    assert bob.get(at(order, "manifest.json")).status_code == 404
