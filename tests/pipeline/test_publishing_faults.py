"""Publishing meets a store that fails, a killed worker and two curators at once: nothing is half-published."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as fixed
from django.db import connection
from django.test import Client
from django.utils import timezone

from embedded import postgres
from marketplace import storage
from marketplace.models import Clip, Package, PackageObject, PackageVersion
from marketplace.states import JobState, MoveRefused, PackageState, VersionState
from pipeline import accuracy, batches, contents, helpers, jobs, pieces, tasks
from pipeline.models import Job
from tests import people
from tests.pipeline.stage import scratch_left
from tests.pipeline.test_publishing import body, clips, draft, publish
from tests.private import Run

__all__ = ["clips"]
PAGE = "/packages/berlin-evenings/"
# Another process that takes the job, does one clip after the other, and is killed when it would write the third down.
KILLED = """
import django, os, signal, sys
django.setup()
from pipeline import batches, tasks
batches.SIZE, ended, real = 1, [], batches.end
def end(*args):
    if len(ended) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    ended.append(args)
    return real(*args)
batches.end = end
tasks.publish_version(sys.argv[1])
"""


@pytest.fixture
def broken_store(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A store that takes as many more files as the list says, and then none."""
    left = [0]
    real = storage.put_bytes

    def put(**wanted: Any) -> storage.Stored:
        if wanted["bucket"] == fixed.S3_BUCKET_PACKAGES:
            left[0] -= 1
            if left[0] < 0:
                raise storage.StorageError("Object storage did not answer.")
        return real(**wanted)

    monkeypatch.setattr(storage, "put_bytes", put)
    return left


@pytest.mark.django_db
def test_a_store_that_fails_half_way_publishes_nothing_and_the_next_run_does(
    client: Client, clips: list[Clip], broken_store: list[int]
) -> None:
    package = draft(clips)
    version = package.versions.get()
    broken_store[0] = 7
    job = jobs.enqueue_publish(version=version)
    tasks.publish_version(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert (
        job.reason == "Object storage did not take the files. Nothing is visible; publish again in a while."
    )
    assert client.get(PAGE).status_code == 404
    assert scratch_left() == []
    broken_store[0] = 1_000_000
    Job.objects.update(not_before=timezone.now())
    tasks.publish_version(str(job.pk))
    version.refresh_from_db()
    assert version.state == VersionState.PUBLISHED
    assert client.get(PAGE).status_code == 200


@pytest.mark.django_db
def test_a_store_that_stays_broken_ends_in_a_sentence_and_publishing_can_be_asked_for_again(
    clips: list[Clip], broken_store: list[int]
) -> None:
    package = draft(clips)
    version = package.versions.get()
    job = jobs.enqueue_publish(version=version)
    for _ in range(job.max_attempts):
        Job.objects.update(not_before=timezone.now())
        tasks.publish_version(str(job.pk))
    version.refresh_from_db()
    package.refresh_from_db()
    assert (version.state, package.state) == (VersionState.FAILED, PackageState.DRAFT)
    assert "Nothing is visible" in version.reason
    broken_store[0] = 1_000_000
    assert publish(package).state == VersionState.PUBLISHED


@pytest.mark.django_db(transaction=True)
def test_a_killed_publication_goes_on_where_it_stopped(
    services: Run, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = draft(clips)
    job = jobs.enqueue_publish(version=package.versions.get())
    address = postgres.address(
        port=services.services.ports.postgres,
        password=services.services.secrets.postgres,
        database=str(connection.settings_dict["NAME"]),
    )
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(job.pk)],
        env={**os.environ, "DATABASE_URL": address},
        check=False,
        timeout=120,
    )
    assert child.returncode == -signal.SIGKILL
    version = package.versions.get()
    stored = set(version.objects_in.values_list("path", flat=True))
    assert "media/clip_000001.mp4" in stored
    assert "media/clip_000002.mp4" not in stored
    assert (version.state, Package.objects.get().state) == (VersionState.PUBLISHING, PackageState.DRAFT)
    tasks.jobs.sweep(now=timezone.now() + jobs.LEASE + timedelta(seconds=1), give_up=lambda _: None)
    Job.objects.update(not_before=timezone.now())
    monkeypatch.setattr(batches, "SIZE", 1)
    again: list[str] = []
    real = pieces.make

    def noted(plan: pieces.Plan) -> pieces.Made:
        again.append(str(plan.clip.pk))
        return real(plan)

    monkeypatch.setattr(pieces, "make", noted)
    tasks.publish_version(str(job.pk))
    version.refresh_from_db()
    assert version.state == VersionState.PUBLISHED
    assert again == [str(clips[2].pk)], "a stored clip is not done again"
    coco = json.loads(body(version, "annotations/coco_keypoints.json"))
    assert [video["id"] for video in coco["videos"]] == [0, 1, 2]
    assert len(body(version, "media/metadata.jsonl").splitlines()) == 3
    with tarfile.open(fileobj=io.BytesIO(body(version, "shards/000000.tar"))) as tar:
        assert len(tar.getnames()) == 6
    kept = storage.listed(bucket=fixed.S3_BUCKET_DERIVED, prefix="publishing/")
    assert [key for page in kept for key, _ in page] == []
    for line in body(version, "SHA256SUMS").decode().splitlines():
        digest, _, path = line.partition("  ")
        assert hashlib.sha256(body(version, path)).hexdigest() == digest
    assert scratch_left() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_curators_who_publish_at_once_one_does(clips: list[Clip]) -> None:
    version = draft(clips).versions.get()
    ready, said = threading.Barrier(2), []

    def press() -> None:
        mine = PackageVersion.objects.get(pk=version.pk)
        ready.wait()
        try:
            jobs.enqueue_publish(version=mine)
        except MoveRefused as refused:
            said.append(str(refused))
        finally:
            connection.close()

    both = [threading.Thread(target=press) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert Job.objects.count() == 1
    assert len(said) == 1, "the other one is told"
    tasks.publish_version(str(Job.objects.get().pk))
    assert PackageVersion.objects.get().state == VersionState.PUBLISHED


@pytest.mark.django_db
def test_the_second_curator_reads_that_it_is_being_published(client: Client, clips: list[Clip]) -> None:
    package = draft(clips)
    jobs.enqueue_publish(version=package.versions.get())
    client.force_login(people.staff("carl@example.org", "Curators"))
    answer = client.post(f"/desk/marketplace/package/{package.pk}/publish/", follow=True)
    assert "Version 1 is being published already" in answer.content.decode()
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_a_version_whose_clips_are_all_gone_is_refused(clips: list[Clip]) -> None:
    version = draft(clips).versions.get()
    version.members.all().delete()
    job = jobs.enqueue_publish(version=version)
    tasks.publish_version(str(job.pk))
    version.refresh_from_db()
    assert (version.state, version.reason) == (VersionState.FAILED, "A version needs at least one clip.")
    assert not PackageObject.objects.exists()


@pytest.mark.django_db
def test_what_was_measured_stands_in_the_card_even_when_it_is_low(
    clips: list[Clip], tmp_path: Path, settings: Any
) -> None:
    settings.BASE_DIR = tmp_path
    unmeasured = publish(draft(clips, title="Before"))
    assert accuracy.UNKNOWN in body(unmeasured, "README.md").decode()
    figure = {
        "name": "precision of odd.weather.fog, held out",
        "value": 0.31,
        "unit": "",
        "target": None,
        "held": None,
    }
    ap = {"name": "keypoint OKS-AP", "value": 0.2204, "unit": "", "target": None, "held": None}
    sections = {
        "tags": {"title": "Scenario tags", "figures": [figure]},
        "pose": {"title": "Pose", "figures": [ap]},
        "cost": {"title": "Cost", "figures": [{"name": "x", "value": 9, "unit": "", "target": None}]},
    }
    (tmp_path / "benchmarks").mkdir()
    written = json.dumps({"date": "2026-11-20", "commit": "abc", "sections": sections})
    (tmp_path / "benchmarks" / "results.json").write_text(written)
    package = draft(clips, title="After", curator=people.make_user("carl@example.org", is_staff=True))
    version = publish(package)
    card = body(version, "README.md").decode()
    assert "| Scenario tags: precision of odd.weather.fog, held out | 0.31 |" in card
    assert "keypoint OKS-AP | 0.2204 |" in card
    assert "Cost" not in card
    page = Client().get("/packages/after/").content.decode()
    assert "precision of odd.weather.fog, held out" in page
    assert "0.2204" in page


@pytest.fixture
def two_helpers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Share every publication out over two processes, as large ones are."""
    settings.PUBLISH_PROCESSES = 2
    monkeypatch.setattr(contents, "LARGE", 1)
    monkeypatch.setattr(batches, "GROUP", 2)


@pytest.mark.django_db
def test_helpers_write_the_same_package(clips: list[Clip], two_helpers: None) -> None:
    version = publish(draft(clips))
    assert version.state == VersionState.PUBLISHED
    for line in body(version, "SHA256SUMS").decode().splitlines():
        digest, _, path = line.partition("  ")
        assert hashlib.sha256(body(version, path)).hexdigest() == digest
    assert len(body(version, "sample/media/metadata.jsonl").splitlines()) == 1


@pytest.mark.django_db
def test_a_helper_that_is_killed_costs_an_attempt_and_what_it_cannot_do_is_said(
    clips: list[Clip], two_helpers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = draft(clips).versions.get()
    job = jobs.enqueue_publish(version=version)
    real = helpers.Helpers.run

    def killed(self: helpers.Helpers, asked: Any) -> Any:
        self.kill()
        return real(self, asked)

    with monkeypatch.context() as patched:
        patched.setattr(helpers.Helpers, "run", killed)
        tasks.publish_version(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert job.reason.startswith("A process that wrote the files ended too early.")
    media, derived = Clip.objects.get(pk=clips[1].pk).media_key, fixed.S3_BUCKET_DERIVED
    data = storage.get_bytes(bucket=derived, key=media)
    storage.put_bytes(bucket=derived, key=media, data=b"tampered", media_type="video/mp4")
    with pytest.raises(storage.ChecksumMismatch):
        contents.write(version=version, scratch=tmp_path, told=lambda step, done: None)
    storage.put_bytes(bucket=derived, key=media, data=data, media_type="video/mp4")
    Job.objects.update(not_before=timezone.now())
    tasks.publish_version(str(job.pk))
    assert PackageVersion.objects.get().state == VersionState.PUBLISHED
    assert scratch_left() == []
