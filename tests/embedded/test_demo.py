"""`make demo`: it starts, keeps its data from run to run, stops whole, and never half."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import requests

from embedded import ports, postgres, seaweed, secrets

READY = "Ctrl-C stops everything"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory of its own."""
    return tmp_path / "data"


@contextmanager
def demo(data: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the demo as a person does in a shell, and end it if the test did not."""
    # The tests' own settings must not reach it.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "FAIRFRAME_WEIGHTS") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "embedded.demo", *arguments],
        env={**kept, "FAIRFRAME_DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def read_until_ready(process: subprocess.Popen[str]) -> str:
    """Give what it prints until it says that it is ready."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if READY in line:
            return said
    pytest.fail(f"The demo ended before it was ready:\n{said}")


def its_ports(data: Path) -> ports.Ports:
    """Give the ports that a data directory remembers."""
    return ports.block(json.loads((data / "ports.json").read_text())["first"])


def processes(data: Path) -> dict[int, str]:
    """Find every process that was started with this data directory in its environment."""
    mark = f"FAIRFRAME_DATA={data}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


def nothing_is_left(data: Path) -> bool:
    """Wait a moment for the last ones to go."""
    until = time.monotonic() + 5
    while processes(data) and time.monotonic() < until:
        time.sleep(0.05)
    return not processes(data)


def test_it_keeps_its_data_and_stops_whole(data: Path) -> None:
    with demo(data) as first:
        said = read_until_ready(first)
        found, keys = its_ports(data), secrets.load(data)
        site = f"http://{ports.HOST}:{found.web}"
        assert site in said
        assert keys.people in said
        assert requests.get(f"{site}/healthz", timeout=10).json()["ok"] is True
        address = postgres.address(port=found.postgres, password=keys.postgres)
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT count(*) FROM marketplace_user").fetchone() == (7,)
            connection.execute("UPDATE marketplace_user SET last_name = 'Kept' WHERE email LIKE 'driver@%'")
        store = seaweed.client(endpoint=seaweed.address(found), key_id=keys.s3_id, key=keys.s3_key)
        store.put_object(Bucket="fairframe-originals", Key="kept", Body=b"kept")

        with demo(data) as second:
            output, _ = second.communicate(timeout=30)
            assert second.returncode == 1
            assert "A demo already runs" in output

        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        assert first.returncode == 0
        assert nothing_is_left(data)

    (data / "ports.json").unlink()  # what the sentence about a taken port tells people to do
    with demo(data) as again:
        read_until_ready(again)
        found = its_ports(data)
        with psycopg.connect(postgres.address(port=found.postgres, password=keys.postgres)) as connection:
            row = connection.execute(
                "SELECT last_name FROM marketplace_user WHERE email LIKE 'driver@%'"
            ).fetchone()
            assert row == ("Kept",)
        store = seaweed.client(endpoint=seaweed.address(found), key_id=keys.s3_id, key=keys.s3_key)
        assert store.get_object(Bucket="fairframe-originals", Key="kept")["Body"].read() == b"kept"

        victim = next(pid for pid, command in processes(data).items() if "-Q media" in command)
        os.kill(victim, signal.SIGKILL)
        output, _ = again.communicate(timeout=60)
        assert again.returncode == 1
        assert "worker-media has ended (signal SIGKILL)" in output
        assert str(data / "logs" / "worker-media.log") in output
        assert nothing_is_left(data)


def test_a_killed_demo_leaves_nothing_running(data: Path) -> None:
    with demo(data) as first:
        until = time.monotonic() + 60
        while len([command for command in processes(data).values() if "postgres" in command]) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        first.kill()
        first.communicate(timeout=60)
    until = time.monotonic() + 30
    while processes(data) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes(data) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "80"], "--port must be between 1024 and 65535"),
        (["--smoke", "--footage", "nowhere.mp4"], "there is no file nowhere.mp4"),
    ],
)
def test_a_wrong_argument_is_told_before_anything_starts(
    data: Path, arguments: list[str], sentence: str
) -> None:
    with demo(data, *arguments) as refused:
        output, _ = refused.communicate(timeout=30)
    assert refused.returncode == 2
    assert sentence in output
    assert not data.exists()
