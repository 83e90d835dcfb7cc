"""Every attempt has a folder of its own; those of killed attempts go, those of living ones stay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline import scratch

HOLD = """
import django, time
django.setup()
from pipeline import scratch
with scratch.folder("job") as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


def test_an_attempt_that_lost_its_lease_does_not_take_the_next_ones_folder(
    settings: Any, tmp_path: Path
) -> None:
    settings.FAIRFRAME_WORK = tmp_path
    with scratch.folder("job") as late:
        first = scratch.folder("job")
        current = first.__enter__()
        (current / "redacted.mp4").touch()
        assert late.exists(), "it is at work still"
    assert list(current.iterdir()) == [current / "redacted.mp4"]
    first.__exit__(None, None, None)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_worker_is_removed_by_the_next_attempt(
    settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    settings.FAIRFRAME_WORK = tmp_path
    monkeypatch.setenv("FAIRFRAME_WORK", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        with scratch.folder("job"):
            assert left.parent == tmp_path
            assert left.exists()
        other.kill()
    with scratch.folder("job") as mine:
        assert list(tmp_path.iterdir()) == [mine]
