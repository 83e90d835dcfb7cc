"""Every checkout has ports of its own, keeps them, and says so in a sentence when it cannot have them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import ports
from embedded.failure import Failed

ANOTHER = (
    "import sys; from pathlib import Path; from embedded import ports\n"
    "print(ports.claim_for(Path(sys.argv[1])).web, flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold blocks for one test only."""
    monkeypatch.setattr(ports, "_held", [])


def another_run(data: Path) -> subprocess.Popen[str]:
    """Have another process use a data directory."""
    return subprocess.Popen(
        [sys.executable, "-c", ANOTHER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_two_data_directories_never_share_a_port(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    a, b = ports.claim_for(tmp_path / "a"), ports.claim_for(tmp_path / "b")
    assert not set(a.all()) & set(b.all())
    assert all(map(ports.is_free, [*a.all(), *b.all()]))


def test_the_next_run_has_the_same_ports(tmp_path: Path) -> None:
    with another_run(tmp_path) as first:
        assert first.stdout is not None
        chosen = int(first.stdout.readline())
        first.communicate()
    assert ports.claim_for(tmp_path).web == chosen


def test_ports_of_a_run_that_lives_are_not_taken_from_it(tmp_path: Path) -> None:
    with another_run(tmp_path) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with pytest.raises(Failed, match=r"held by another Fairframe .* delete .*ports\.json"):
            ports.claim_for(tmp_path)
        first.communicate()


def test_a_port_that_somebody_else_took_is_named_with_what_to_do(tmp_path: Path) -> None:
    free = ports.claim_free(str(tmp_path))
    ports._held.pop().close()
    (tmp_path / "ports.json").write_text(json.dumps({"first": free.web}))
    with socket.create_server((ports.HOST, free.valkey)), pytest.raises(Failed) as failure:
        ports.claim_for(tmp_path)
    assert f"Port {free.valkey}, which this data directory uses for Valkey, is taken" in str(failure.value)
    assert "stop that program, or delete" in str(failure.value)


def test_an_own_choice_for_the_site_is_for_this_run_only(tmp_path: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(Failed, match=f"Port {taken}, which you chose .* --port"):
            ports.claim_for(tmp_path, web=taken)
    ports._held.pop().close()
    assert ports.claim_for(tmp_path, web=taken).web == taken
    ports._held.pop().close()
    assert ports.claim_for(tmp_path).web != taken


def test_the_site_cannot_have_the_databases_port(tmp_path: Path) -> None:
    postgres = ports.claim_for(tmp_path).postgres
    ports._held.pop().close()
    with pytest.raises(Failed, match=f"Port {postgres} is the one of PostgreSQL"):
        ports.claim_for(tmp_path, web=postgres)
