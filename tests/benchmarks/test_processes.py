"""Measured commands: the whole tree counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks import processes

BUSY = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass"


def test_cpu_of_grandchildren_is_counted_and_sleep_is_not(tmp_path: Path) -> None:
    inner = BUSY.format(seconds=0.4)
    outer = (
        f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {inner!r}]); time.sleep(0.3)"
    )
    used = processes.run([sys.executable, "-c", outer], scratch=tmp_path)
    assert 0.4 <= used.cpu_s < 1.0
    assert used.wall_s >= 0.7
    assert list(tmp_path.iterdir()) == []


def test_cpu_of_a_process_that_nobody_waited_for_is_counted(tmp_path: Path) -> None:
    inner = BUSY.format(seconds=0.4)
    # As bubblewrap does it: the one in the middle is told of the end by other means, and never waits.
    middle = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {inner!r}])"
    outer = (
        f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {middle!r}]); time.sleep(0.7)"
    )
    used = processes.run([sys.executable, "-c", outer], scratch=tmp_path)
    assert 0.4 <= used.cpu_s < 1.0


def test_the_peak_holds_memory_of_parent_and_child_together(tmp_path: Path) -> None:
    inner = "import time; held = b'1' * (60 << 20); time.sleep(1)"
    outer = (
        f"import subprocess, sys; held = b'1' * (60 << 20); subprocess.run([sys.executable, '-c', {inner!r}])"
    )
    used = processes.run([sys.executable, "-c", outer], scratch=tmp_path)
    assert 120 < used.peak_mib < 250


def test_a_failing_command_says_its_last_line(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import sys; print('no such road', file=sys.stderr); sys.exit(3)"]
    with pytest.raises(processes.Failed, match="status 3: no such road"):
        processes.run(argv, scratch=tmp_path)
    assert processes.run(argv, scratch=tmp_path, check=False).status == 3


def test_a_command_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    outer = (
        "import pathlib, subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"pathlib.Path({str(told)!r}).write_text(str(child.pid)); child.wait()"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run([sys.executable, "-c", outer], scratch=tmp_path, timeout_s=2)
    pid = int(told.read_text())
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert pid != os.getpid()
