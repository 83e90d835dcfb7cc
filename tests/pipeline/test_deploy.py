"""A worker is told to end in the middle of a footage, as in a deployment: the work goes on elsewhere at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as fixed
from django.db import connection

from embedded import postgres
from marketplace.celery import app
from marketplace.models import Event
from marketplace.states import FootageState, JobState
from tests.media import make_video
from tests.pipeline.stage import scratch_left, uploaded, work
from tests.private import Run

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 120.0
QUEUE = "of-the-worker-that-ends"


def test_a_deployment_costs_no_attempt(services: Run, s3: Any, tmp_path: Path) -> None:
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=6, size=(640, 360))
    address = postgres.address(
        port=services.services.ports.postgres,
        password=services.services.secrets.postgres,
        database=str(connection.settings_dict["NAME"]),
    )
    command = [sys.executable, "-m", "celery", "-A", "marketplace", "worker", "-Q", QUEUE, "-c", "1"]
    worker = subprocess.Popen(
        [*command, "-n", "ends@%h", "--without-gossip", "--without-mingle"],
        env={**os.environ, "DATABASE_URL": address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        job = uploaded(path)
        app.send_task("pipeline.tasks.process_footage", args=[str(job.pk)], queue=QUEUE)
        until = time.monotonic() + PATIENCE_S
        while not list(fixed.FAIRFRAME_WORK.glob(f"{job.pk}.*/.out.*.part/**/redacted.mp4")):
            assert time.monotonic() < until, "the worker never came to the middle of the footage"
            assert worker.poll() is None
            time.sleep(0.05)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=PATIENCE_S) == 0
    finally:
        worker.kill()
        worker.wait()
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert scratch_left() == []
    footage = work(job)
    assert (footage.state, job.attempts) == (FootageState.REVIEW, 1)
    assert Event.objects.filter(verb="job.handed_back").count() == 1
