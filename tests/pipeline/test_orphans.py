"""What no version has does not stay in the buckets; what a version has does."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from marketplace import storage
from marketplace.models import Clip, PackageObject
from marketplace.states import ClipState, VersionState, advance
from pipeline import bucket_lock, jobs, orphans, tasks, withdrawals
from pipeline.formats import tree
from pipeline.models import Job
from tests.pipeline.test_publishing import body, clips, draft, publish

__all__ = ["clips"]
pytestmark = pytest.mark.django_db


def in_packages() -> set[str]:
    pages = storage.listed(bucket=settings.S3_BUCKET_PACKAGES, prefix="objects/")
    return {key for page in pages for key, _ in page}


def test_objects_of_a_refused_publication_go_after_a_day_and_those_of_a_version_stay(
    clips: list[Clip],
) -> None:
    kept = publish(draft(clips[:1]))
    before = in_packages()
    package = draft(clips, title="Refused", curator=kept.package.curator)
    job = jobs.enqueue_publish(version=package.versions.get())
    advance(clips[1], ClipState.WITHDRAWN)
    storage.put_bytes(
        bucket=settings.S3_BUCKET_PACKAGES,
        key=f"objects/{clips[1].media_sha256}.mp4",
        data=b"as a killed run left it",
        media_type="video/mp4",
    )
    tasks.publish_version(str(job.pk))
    assert package.versions.get().state == VersionState.FAILED
    assert in_packages() > before
    now = timezone.now()
    assert orphans.sweep(now=now) == {"objects": 0, "indexes": 0}, "somebody may go on with them"
    assert orphans.sweep(now=now + timedelta(days=2))["objects"] == 1
    assert in_packages() == before
    for row in kept.objects_in.all():
        assert len(body(kept, row.path)) == row.bytes


def test_what_was_deleted_in_between_is_put_again_by_the_same_worker(clips: list[Clip]) -> None:
    first = publish(draft(clips[:1]))
    first.objects_in.all().delete()
    assert orphans.sweep(now=timezone.now() + timedelta(days=2))["objects"] > 10
    version = publish(draft(clips[1:], title="Next", curator=first.package.curator))
    for row in version.objects_in.all():
        assert len(body(version, row.path)) == row.bytes


def test_a_version_that_failed_and_lost_a_clip_gives_its_objects_up(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    version = draft(clips).versions.get()
    job = jobs.enqueue_publish(version=version)

    def broken(self: tree.Wholes) -> list[tree.Whole]:
        raise storage.StorageError("Object storage did not answer.")

    monkeypatch.setattr(tree.Wholes, "close", broken)
    for _ in range(job.max_attempts):
        Job.objects.update(not_before=timezone.now())
        tasks.publish_version(str(job.pk))
    version.refresh_from_db()
    assert version.state == VersionState.FAILED
    assert version.objects_in.filter(clip=clips[0]).exists()
    later = timezone.now() + timedelta(days=2)
    orphans.sweep(now=later)
    assert in_packages(), "it can be published again"
    advance(clips[0], ClipState.WITHDRAWN)
    orphans.sweep(now=later)
    assert not PackageObject.objects.exists()
    assert in_packages() == set()


def test_shares_of_an_index_go_when_their_version_is_published_or_gone(clips: list[Clip]) -> None:
    version = draft(clips).versions.get()
    for pk in (version.pk, uuid.uuid4()):
        storage.put_bytes(
            bucket=settings.S3_BUCKET_DERIVED,
            key=f"publishing/{pk}/000000",
            data=b"x",
            media_type="application/octet-stream",
        )
    later = timezone.now() + timedelta(days=2)
    assert orphans.sweep(now=later)["indexes"] == 1
    assert storage.head(bucket=settings.S3_BUCKET_DERIVED, key=f"publishing/{version.pk}/000000")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_deleted_while_a_version_is_being_written(clips: list[Clip]) -> None:
    version = publish(draft(clips))
    gone = version.objects_in.get(path="media/clip_000001.mp4")
    advance(clips[1], ClipState.WITHDRAWN)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock_shared(%s)", [bucket_lock.LOCK])
        assert withdrawals.follow()["deleted"] == 0
        assert storage.head(bucket=settings.S3_BUCKET_PACKAGES, key=gone.key)
        with other.cursor() as cursor:  # closing alone frees it a little later
            cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [bucket_lock.LOCK])
    finally:
        other.close()
    assert withdrawals.follow()["deleted"] > 0
    assert storage.head(bucket=settings.S3_BUCKET_PACKAGES, key=gone.key) is None
    with connection.cursor() as cursor:
        # Of this database: the tests beside this one hold locks of theirs.
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database found ON found.oid = database "
            "WHERE locktype = 'advisory' AND datname = current_database()"
        )
        assert cursor.fetchone() == (0,), "no lock is left"
