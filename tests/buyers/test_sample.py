"""The free sample: files in the form of the package, for a logged-in buyer, without a purchase."""

from __future__ import annotations

import pytest
import requests
from django.test import Client

from marketplace.models import Clip, Package
from marketplace.states import ClipState, advance
from tests import people
from tests.pipeline.test_publishing import clips, draft, publish

__all__ = ["clips"]
pytestmark = pytest.mark.django_db
PAGE = "/packages/berlin-evenings/sample/"


@pytest.fixture
def package(clips: list[Clip]) -> Package:
    package = draft(clips)
    publish(package)
    return package


@pytest.fixture
def bob(client: Client, package: Package) -> Client:
    client.force_login(people.bob())
    return client


def test_bob_gets_every_file_of_the_sample_and_no_other(bob: Client) -> None:
    assert "Free sample: 1 clip" in bob.get("/packages/berlin-evenings/").content.decode()
    page = bob.get(PAGE).content.decode()
    assert "media/clip_000000.mp4" in page
    assert "clip_000001" not in page
    listed = [line.split('"')[1] for line in bob.get(PAGE + "curl.txt").content.decode().splitlines()[4:]]
    links, names = listed[0::2], listed[1::2]
    assert {"README.md", "croissant.json", "clips.parquet", "shards/000000.tar", "SHA256SUMS"} <= set(names)
    assert not [name for name in names if name.startswith("sample/")]
    card = requests.get(links[names.index("README.md")], timeout=10).text
    assert "free sample of a package of 3 clips" in card
    sums = bob.get(PAGE + "SHA256SUMS").content.decode()
    assert {line.partition("  ")[2] for line in sums.splitlines()} == set(names) - {"SHA256SUMS"}
    assert bob.get(PAGE + "files/media/clip_000000.mp4").status_code == 302
    assert bob.get(PAGE + "files/media/clip_000001.mp4").status_code == 404
    assert bob.get(PAGE + "files/../media/clip_000001.mp4").status_code == 404


def test_strangers_log_in_first(client: Client, package: Package) -> None:
    for rest in ("", "curl.txt", "SHA256SUMS", "files/README.md"):
        assert client.get(PAGE + rest).status_code == 302
    assert client.get("/packages/berlin-evenings/").status_code == 200


def test_a_withdrawn_clip_leaves_the_sample_at_once(bob: Client, clips: list[Clip]) -> None:
    advance(clips[0], ClipState.WITHDRAWN)
    assert bob.get(PAGE + "files/media/clip_000000.mp4").status_code == 404
    assert "Free sample" not in bob.get("/packages/berlin-evenings/").content.decode()


def test_a_package_says_that_its_accuracy_was_not_measured_or_shows_the_figures(
    bob: Client, package: Package
) -> None:
    version = package.versions.get()
    version.accuracy = {}
    version.save()
    assert "had not been measured" in bob.get("/packages/berlin-evenings/").content.decode()
    figure = {
        "section": "Recall",
        "name": "faces",
        "value": 0.971,
        "unit": "",
        "target": "≥ 0.995",
        "held": False,
    }
    version.accuracy = {"date": "2026-11-20", "commit": "abc", "figures": [figure]}
    version.save()
    page = bob.get("/packages/berlin-evenings/").content.decode()
    assert "0.971" in page
    assert "(missed)" in page


def test_a_sample_that_bears_no_mark_is_not_given_away(bob: Client, package: Package) -> None:
    assert package.current is not None
    video = package.current.objects_in.filter(path__startswith="sample/media/", media_type="video/mp4").get()
    assert video.clip is not None
    assert bob.get(f"/packages/{package.slug}/sample/SHA256SUMS").content
    package.current.objects_in.filter(pk=video.pk).update(sha256=video.clip.media_sha256)
    assert bob.get(f"/packages/{package.slug}/sample/SHA256SUMS").content == b""
    assert bob.get(f"/packages/{package.slug}/sample/files/media/clip_000000.mp4").status_code == 404
    assert b"There is no sample now" in bob.get(f"/packages/{package.slug}/sample/").content
    assert b"Free sample:" not in bob.get(f"/packages/{package.slug}/").content
