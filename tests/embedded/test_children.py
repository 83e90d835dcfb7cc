"""Children of a run never outlive it, and one that ends by itself is told about in a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from embedded.children import Child, Family
from embedded.failure import Failed

RUN_THEN_DIE = """
import os, signal, sys
from pathlib import Path
from embedded.children import Family
with Family(Path(sys.argv[1]), orphans_grace=0.5) as family:
    # The first ignores every polite signal, the second has a child of its own.
    stubborn = family.start("stubborn", ["sh", "-c", "trap '' TERM INT; while :; do sleep 0.1; done"], env=os.environ)
    parent = family.start("parent", ["sh", "-c", "sleep 600 & wait"], env=os.environ)
    family.remove_after(Path(sys.argv[1]) / "left")
    print(stubborn.process.pid, parent.process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def says_up(child: Child) -> bool:
    return "up" in child.log.read_text()


def test_a_killed_run_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "left" / "over").mkdir(parents=True)
    died = subprocess.run(
        [sys.executable, "-c", RUN_THEN_DIE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert died.returncode == -signal.SIGKILL
    groups = [int(pid) for pid in died.stdout.split()]
    assert len(groups) == 2
    until = time.monotonic() + 20
    while time.monotonic() < until and not (
        all(map(group_is_gone, groups)) and not (tmp_path / "left").exists()
    ):
        time.sleep(0.05)
    assert all(map(group_is_gone, groups))
    assert not (tmp_path / "left").exists()


def test_the_last_started_stops_first_and_the_stubborn_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "order"
    with Family(tmp_path / "logs") as family:
        for name, layer in (("database", 0), ("site", 1)):
            script = f"trap 'echo {name} >> {note}; exit' TERM; echo up; while :; do sleep 0.05; done"
            child = family.start(name, ["sh", "-c", script], env=os.environ, layer=layer)
            family.wait_until(child, partial(says_up, child))
        script = "trap '' TERM; echo up; while :; do sleep 0.05; done"
        stubborn = family.start("stubborn", ["sh", "-c", script], env=os.environ, layer=1, grace=0.3)
        family.wait_until(stubborn, partial(says_up, stubborn))
    assert note.read_text().split() == ["site", "database"]
    assert stubborn.process.returncode == -signal.SIGKILL


def test_a_child_that_ends_is_named_with_its_last_words_and_its_log(tmp_path: Path) -> None:
    with Family(tmp_path) as family:
        child = family.start("valkey", ["sh", "-c", "echo no memory left; exit 3"], env=os.environ)
        child.process.wait()
        with pytest.raises(Failed) as failure:
            family.wait_until(child, lambda: False)
    assert "valkey has ended (exit status 3)" in str(failure.value)
    assert str(tmp_path / "valkey.log") in str(failure.value)
    assert "no memory left" in str(failure.value)


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    with Family(tmp_path) as family, pytest.raises(Failed, match=r"weed could not be started.*No such file"):
        family.start("weed", [str(tmp_path / "weed")], env=os.environ)


def test_a_step_that_fails_or_hangs_stops_with_a_sentence(tmp_path: Path) -> None:
    with Family(tmp_path) as family:
        done = family.start("people", ["true"], env=os.environ, ends=True)
        family.finish(done, seconds=5)
        assert family.children == []
        slow = family.start("weights", ["sleep", "60"], env=os.environ, ends=True)
        with pytest.raises(Failed, match=r"weights did not end within 0 seconds"):
            family.finish(slow, seconds=0.2)
        broken = family.start("prepare", ["false"], env=os.environ, ends=True)
        with pytest.raises(Failed, match=r"prepare has ended \(exit status 1\)"):
            family.finish(broken, seconds=5)
