"""A worker is killed with signal 9 in the middle of a segment: another one goes on from what was finished."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as fixed
from django.db import connection
from django.utils import timezone

from embedded import postgres
from marketplace.models import Event
from marketplace.states import FootageState, JobState
from pipeline import jobs, tasks
from pipeline.models import Segment
from tests.media import make_video
from tests.pipeline.stage import scratch_left, stored, uploaded, work
from tests.private import Run

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 90.0
TAKE = "import django, sys; django.setup(); from pipeline import tasks; tasks.process_segment(sys.argv[1])"


@contextmanager
def another_worker(services: Run, segment: Segment) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that works on one segment, on the test's database."""
    address = postgres.address(
        port=services.services.ports.postgres,
        password=services.services.secrets.postgres,
        database=str(connection.settings_dict["NAME"]),
    )
    child = subprocess.Popen(
        [sys.executable, "-c", TAKE, str(segment.pk)],
        env={**os.environ, "DATABASE_URL": address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_until_at_work(segment: Segment, child: subprocess.Popen[bytes]) -> None:
    """Wait until the segment's frames are being written."""
    name = f"{segment.job_id}-{segment.position}.*"
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and child.poll() is None:
        if list(fixed.FAIRFRAME_WORK.glob(f"{name}/segment_*/redacted.mp4")):
            segment.refresh_from_db()
            assert segment.state == JobState.RUNNING
            return
        time.sleep(0.05)
    pytest.fail("the other worker never came to the middle of the segment")


def test_nothing_is_lost_but_the_segment_it_had_in_hand(
    services: Run, s3: Any, tmp_path: Path, settings: Any
) -> None:
    settings.SEGMENT_SECONDS = 2.0
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=4, size=(480, 270), extra=["-g", "25"])
    job = uploaded(path)
    footage = work(job)
    first, second = job.segments.order_by("position")
    tasks.process_segment(str(first.pk))
    with another_worker(services, second) as child:
        wait_until_at_work(second, child)
        child.kill()
        child.wait()
    job.refresh_from_db()
    assert (job.state, footage.clips.count()) == (JobState.RUNNING, 0)
    later = timezone.now() + jobs.LEASE + timedelta(seconds=1)
    tasks.segments.sweep(now=later, give_up=lambda _: None)
    Segment.objects.filter(state=JobState.QUEUED).update(not_before=timezone.now())
    first.refresh_from_db()
    assert (first.state, first.attempts) == (JobState.DONE, 1), "what was finished is kept"
    tasks.process_segment(str(second.pk))
    footage.refresh_from_db()
    assert footage.state == FootageState.REVIEW
    assert footage.certificate["segments"] == 2
    assert sum(clip.frames for clip in footage.clips.all()) <= 100
    assert Event.objects.filter(verb="job.segment_failed").count() == 1
    assert Event.objects.filter(verb="job.running").count() == 1
    assert not [key for key in stored(fixed.S3_BUCKET_DERIVED, s3, footage) if "/segments/" in key]
    assert scratch_left() == [], "the killed worker's folder was removed"
