"""Peers that cannot be used are skipped with a line that says why."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(quick=True, work=tmp_path, cache=tmp_path)


def test_a_peer_that_needs_another_python_is_skipped_with_a_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    future = replace(peers.PEERS[0], python=(3, 99))
    monkeypatch.setattr(peers, "PEERS", (future,))
    installed, lines = peers.available(bench)
    assert installed == []
    assert lines == ["deface is skipped: it needs Python 3.99, which is not on this machine."]


def test_a_peer_that_does_not_install_is_skipped_with_the_last_line_of_pip(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = replace(peers.PEERS[0], package=f"{tmp_path}/no-such.whl", python=sys.version_info[:2])
    monkeypatch.setattr(peers, "PEERS", (here,))
    installed, (line,) = peers.available(bench)
    assert installed == []
    assert line.startswith("deface is skipped: it could not be installed (")
    assert "no-such.whl" in line
