"""A withdrawn clip leaves every package: a new version without it, a tombstone, its bytes deleted, buyers told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from buyers import delivery
from buyers.models import Entitlement
from buyers.withdrawals import tell_due
from marketplace import storage
from marketplace.models import Clip, Package, PackageVersion, Tombstone
from marketplace.states import ClipState, OrderState, VersionState, advance
from pipeline import packages, tasks, withdrawals
from pipeline.models import Job
from tests import people
from tests.pipeline.test_publishing import body, clips, draft, publish

__all__ = ["clips"]
pytestmark = pytest.mark.django_db


def published(clips: list[Clip]) -> Package:
    package = draft(clips)
    assert publish(package).state == VersionState.PUBLISHED
    return package


def follow() -> None:
    """Do what beat and a worker do."""
    withdrawals.follow()
    for job in Job.objects.filter(state="queued", kind="publish"):
        tasks.publish_version(str(job.pk))
    withdrawals.follow()


def there(key: str) -> bool:
    return storage.head(bucket=settings.S3_BUCKET_PACKAGES, key=key) is not None


def test_a_version_without_the_clip_stands_in_and_the_old_one_is_not_rewritten(clips: list[Clip]) -> None:
    package = published(clips)
    first = package.versions.get()
    manifest = body(first, "manifest.jsonl")
    gone = first.objects_in.get(path="media/clip_000001.mp4")
    advance(clips[1], ClipState.WITHDRAWN)
    follow()
    package.refresh_from_db()
    second = package.current
    assert second is not None
    assert (second.number, second.replaces, second.state) == (2, first, VersionState.PUBLISHED)
    assert package.clip_count == 2
    paths = set(second.objects_in.values_list("path", flat=True))
    assert {"media/clip_000000.mp4", "media/clip_000002.mp4"} <= paths, "the others keep their names"
    assert "media/clip_000001.mp4" not in paths
    (stone,) = [json.loads(line) for line in body(second, "tombstones.jsonl").splitlines()]
    assert (stone["clip_id"], stone["name"], stone["replaces"]) == (str(clips[1].pk), "clip_000001", "v1")
    assert stone["reason_class"] == "consent_withdrawn"
    assert body(first, "manifest.jsonl") == manifest
    first.refresh_from_db()
    assert not there(gone.key), "the withdrawn video is deleted"
    shared = first.objects_in.get(path="media/clip_000000.mp4").key
    assert there(shared)
    assert second.objects_in.get(path="media/clip_000000.mp4").key == shared
    same = {row.path: row.key for row in first.objects_in.filter(clip=clips[0]) if "sample" not in row.path}
    assert {row.path: row.key for row in second.objects_in.filter(path__in=same)} == same


def test_shards_annotations_and_tables_that_show_the_clip_are_deleted_too(clips: list[Clip]) -> None:
    first = published(clips).versions.get()
    showing = list(first.objects_in.filter(path__in=[
        "shards/000000.tar", "annotations/coco_keypoints.json", "clips.parquet", "annotations/cvat/clip_000001.xml",
    ]))  # fmt: skip
    assert len(showing) == 4
    advance(clips[1], ClipState.WITHDRAWN)
    follow()
    assert not [row.path for row in showing if there(row.key)]
    assert there(first.objects_in.get(path="LICENSE.txt").key)
    assert withdrawals.follow() == {"versions": 0, "refreshed": 0, "deleted": 0}, "a second look does nothing"


def test_equal_bytes_of_another_clip_stay(clips: list[Clip]) -> None:
    # A draft of equal bytes is refused; packages from before that are not.
    package, twin = draft(clips), clips[0]
    Clip.objects.filter(pk=clips[1].pk).update(
        media_sha256=twin.media_sha256, media_bytes=twin.media_bytes, media_key=twin.media_key
    )
    assert publish(package).state == VersionState.PUBLISHED
    first = package.versions.get()
    advance(Clip.objects.get(pk=clips[1].pk), ClipState.WITHDRAWN)
    follow()
    assert there(first.objects_in.get(path="media/clip_000000.mp4").key)


def test_the_last_clip_leaves_a_tombstone_and_no_version(clips: list[Clip]) -> None:
    package = published(clips[:1])
    advance(clips[0], ClipState.WITHDRAWN)
    follow()
    package.refresh_from_db()
    assert PackageVersion.objects.count() == 1
    assert Tombstone.objects.get().clip == clips[0]
    assert package.clip_count == 0
    assert not Package.objects.listed().exists()


def test_facets_follow_a_clip_that_is_held_and_comes_back(clips: list[Clip]) -> None:
    Clip.objects.filter(pk=clips[2].pk).update(tag_ids=["odd.weather.rain"])
    package = published(list(Clip.objects.select_related("footage").order_by("position")))
    assert "odd.weather.rain" in package.tag_ids
    clip = Clip.objects.get(pk=clips[2].pk)
    advance(clip, ClipState.IN_MODERATION)
    withdrawals.follow()
    package.refresh_from_db()
    assert "odd.weather.rain" not in package.tag_ids
    assert package.clip_count == 2
    assert not Tombstone.objects.exists()
    advance(clip, ClipState.APPROVED)
    withdrawals.follow()
    package.refresh_from_db()
    assert package.clip_count == 3


@pytest.fixture
def held(clips: list[Clip]) -> Entitlement:
    """Bob's right to version 1."""
    people.make_order(people.bob(), published(clips), state=OrderState.PAID)
    return Entitlement.objects.get()


def test_a_buyer_is_told_once_and_gets_the_new_version_for_nothing(
    clips: list[Clip], held: Entitlement, client: Any
) -> None:
    advance(clips[1], ClipState.WITHDRAWN)
    follow()
    assert (tell_due(), tell_due()) == (1, 0)
    (letter,) = mail.outbox
    assert letter.to == ["bob@example.org"]
    assert str(clips[1].pk) in letter.body
    assert "within 30 days" in letter.body
    assert delivery.delivered(held).number == 2
    assert "media/clip_000001.mp4" not in set(delivery.deliverable(held).values_list("path", flat=True))
    assert delivery.deliverable(held).filter(path="clips.parquet").exists(), "it is whole again"
    advance(clips[0], ClipState.WITHDRAWN)
    follow()
    assert tell_due() == 1
    assert str(clips[0].pk) in mail.outbox[1].body
    assert delivery.delivered(held).number == 3
    feed = client.get("/packages/berlin-evenings/tombstones.jsonl").content.decode()
    assert {json.loads(line)["clip_id"] for line in feed.splitlines()} == {str(c.pk) for c in clips[:2]}


def test_until_the_new_version_is_there_nothing_that_shows_the_clip_is_delivered(
    clips: list[Clip], held: Entitlement
) -> None:
    advance(clips[1], ClipState.WITHDRAWN)
    paths = set(delivery.deliverable(held).values_list("path", flat=True))
    assert {"media/clip_000000.mp4", "LICENSE.txt", "README.md"} <= paths
    assert not paths & {"shards/000000.tar", "clips.parquet", "manifest.jsonl", "media/clip_000001.mp4"}


def test_what_stands_in_for_an_old_version_does_not_push_a_newer_one_off_sale(clips: list[Clip]) -> None:
    package = published(clips)
    second = packages.next_version(package=package, clips=[clips[2]], curator=package.curator)
    from pipeline import jobs

    tasks.publish_version(str(jobs.enqueue_publish(version=second).pk))
    advance(clips[0], ClipState.WITHDRAWN)
    follow()
    package.refresh_from_db()
    assert package.current == second
    assert second.objects_in.filter(path="media/clip_000002.mp4").exists(), "a clip keeps its name"
    assert package.versions.get(number=3).state == VersionState.PUBLISHED
