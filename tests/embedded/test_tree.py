"""The tree works on any machine: no addresses in the lock files, no paths of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SET_UP = ["requirements.lock", "requirements-dev.lock", "pyproject.toml", "Makefile", "Dockerfile", ".ci/run"]
REGISTRIES = [f"{name}.{'org'}" for name in ("pypi", "pythonhosted", "npmjs", "debian")]
MACHINE = re.compile(r"(?:^|[^\w.])/(?:work|root|farm|home/\w+)/")


def texts() -> Iterator[tuple[str, str]]:
    """Read every file of the project that is text: what git would commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("This is not a git checkout, so there is no list of the project's files.")
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file():
            try:
                yield name, path.read_text()
            except UnicodeDecodeError:
                continue


@pytest.mark.parametrize("name", SET_UP)
def test_set_up_files_hold_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"index-url|find-links|trusted-host", text.replace("--no-emit-index-url", ""))
    assert not [host for host in REGISTRIES if host in text]
    # A container asking itself, or a sentence about the demo, is no place where packages come from.
    assert not re.search(r"https?://(?!127\.0\.0\.1|localhost)", text)


def test_every_package_of_the_locks_is_pinned_and_hashed() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        packages = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        assert len(packages) > 50
        for package in packages:
            assert re.match(r"[\w.-]+(?:\[[\w,-]+\])?==\S+", package), package
            assert "--hash=sha256:" in package, package


def test_what_runs_in_production_is_what_is_tested() -> None:
    pins = {
        name: set(re.findall(r"^([\w.-]+==\S+)", (ROOT / name).read_text(), re.M))
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    assert pins["requirements.lock"] <= pins["requirements-dev.lock"]


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    found = [
        f"{name}:{number}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert found == []


def test_no_file_names_a_registry() -> None:
    assert [name for name, text in texts() if any(host in text for host in REGISTRIES)] == []
