"""Weights come by package name, are used only when their checksum is right, and say what to do when they are not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.video import weights
from pipeline.video.packages_index import FetchFailed

ROOT = Path(__file__).resolve().parents[2]
FETCH = "python -m pipeline models --fetch"


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all weights that a test may damage."""
    source = weights.folder()
    shutil.copytree(source, tmp_path / "weights")
    monkeypatch.setenv("FAIRFRAME_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def models(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FAIRFRAME_WEIGHTS": str(folder)}
    command = [sys.executable, "-m", "pipeline", "models", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)


def test_every_weight_is_there_and_is_what_was_checked() -> None:
    for weight in weights.listed().values():
        assert weights.digest(weights.path(weight.name).read_bytes()) == weight.sha256
        assert weight.licence


def test_a_missing_weight_says_how_to_fetch_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRFRAME_WEIGHTS", str(tmp_path))
    with pytest.raises(weights.WeightMissing, match=r"yunet.*faces.*is missing") as caught:
        weights.path("yunet")
    assert FETCH in str(caught.value)


def test_a_changed_byte_is_refused(copies: Path) -> None:
    target = copies / "yunet.onnx"
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(data)
    with pytest.raises(weights.WeightMissing, match="not the file that was checked"):
        weights.path("yunet")


def test_a_weight_changed_after_its_first_use_is_refused_too(copies: Path) -> None:
    assert weights.path("yunet").is_file()
    target = copies / "yunet.onnx"
    target.write_bytes(target.read_bytes() + b"\0")
    with pytest.raises(weights.WeightMissing):
        weights.path("yunet")


def test_fetching_again_changes_nothing(copies: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in copies.iterdir()}
    assert weights.fetch() == []
    assert {path.name: path.stat().st_mtime_ns for path in copies.iterdir()} == before


def test_fetching_replaces_a_damaged_weight_only(copies: Path) -> None:
    (copies / "yunet.onnx").write_bytes(b"not a network")
    try:
        assert weights.fetch() == ["yunet"]
    except FetchFailed as error:
        pytest.skip(f"no package index can be reached: {error}")
    assert weights.digest(weights.path("yunet").read_bytes()) == weights.listed()["yunet"].sha256
    assert not list(copies.glob("*.part"))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = models("--fetch", folder=tmp_path / "file" / "weights")
    assert done.returncode == 1
    assert "could not be kept" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_names_package_licence_and_checksum() -> None:
    done = models("--verify", folder=weights.folder())
    assert done.returncode == 0
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {line[0] for line in lines} == set(weights.listed())
    for name, role, package, licence, sha256, path, state in lines:
        weight = weights.listed()[name]
        assert (role, licence, sha256, state) == (weight.role, weight.licence, weight.sha256, "ok")
        assert package == f"{weight.registry}:{weight.package}=={weight.version}"
        assert Path(path).is_file()


def test_verifying_an_empty_folder_fails_and_says_what_to_do(tmp_path: Path) -> None:
    done = models("--verify", folder=tmp_path)
    assert done.returncode == 1
    assert FETCH in done.stderr
    assert done.stdout.count("missing") == len(weights.listed())


def test_packages_are_named_without_an_address() -> None:
    text = weights.LIST.read_text(encoding="utf-8") + Path(weights.__file__).read_text(encoding="utf-8")
    text += Path(weights.__file__).with_name("packages_index.py").read_text(encoding="utf-8")
    assert "http" not in text
