"""A person can watch the work and stop it; what is stopped leaves nothing, not even a child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.video.errors import Cancelled
from pipeline.video.process import process
from pipeline.video.steps import KEYS
from tests.media import make_video


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("watch") / "a.mp4"
    make_video(path, 3, (480, 270), 25)
    return path


def test_progress_goes_through_every_step_and_only_forward(source: Path, tmp_path: Path) -> None:
    told: list[tuple[str, float, float | None]] = []
    process(
        source, tmp_path / "out", vertical="driving", workers=1, on_progress=lambda *step: told.append(step)
    )
    assert list(dict.fromkeys(step for step, *_ in told)) == KEYS
    for key in KEYS:
        fractions = [fraction for step, fraction, _ in told if step == key]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0
    assert len([step for step, *_ in told if step == "redact"]) > 10


def test_cancelled_in_the_middle_leaves_nothing(source: Path, tmp_path: Path) -> None:
    seen: list[float] = []

    def enough() -> bool:
        return bool(seen and seen[-1] > 0.3)

    def note(step: str, fraction: float, _left: float | None) -> None:
        if step == "redact":
            seen.append(fraction)

    with pytest.raises(Cancelled):
        process(source, tmp_path / "out", vertical="driving", on_progress=note, cancelled=enough)
    assert list(tmp_path.iterdir()) == []
    assert children() == []


def test_terminated_from_outside_leaves_nothing(source: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "process",
        str(source),
        "--out",
        str(tmp_path / "out"),
        "--progress",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr
        for line in child.stderr:
            if "covering" in line and "0%" not in line:
                break
        child.send_signal(signal.SIGTERM)
        child.stderr.read()
        assert child.wait(timeout=20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def children() -> list[str]:
    """Return the media children of this process that still run."""
    time.sleep(0.2)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                words = (entry / "cmdline").read_bytes()
            except (OSError, IndexError):
                continue
            if parent == str(os.getpid()) and b"ffmpeg" in words:
                found.append(words.decode(errors="replace"))
    return found
