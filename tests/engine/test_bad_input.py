"""A file that is no good gets one sentence and leaves nothing: no traceback, no half output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.video import limits
from pipeline.video.errors import BadInput
from pipeline.video.process import process
from tests.media import ffmpeg, make_video


def refused(source: Path, folder: Path, **options: float) -> str:
    """Process a file that must be refused; return the sentence."""
    out = folder / "out"
    with pytest.raises(BadInput) as caught:
        process(source, out, vertical="driving", workers=1, **options)  # type: ignore[arg-type]
    assert not out.exists() or not list(out.iterdir())
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Nothing was kept." in sentence or "Choose the video" in sentence
    return sentence


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert "empty (0 bytes)" in refused(tmp_path / "a.mp4", tmp_path)


def test_missing_file(tmp_path: Path) -> None:
    assert "no file to read" in refused(tmp_path / "none.mp4", tmp_path)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"\xff\xd8\xff\xe0" + b"\0" * 400, "JPEG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 400, "not a video"),
        (b"GIF89a" + b"\0" * 400, "not a video"),
        (b"%PDF-1.7" + b"\0" * 400, "not a video"),
        (b"MZ" + b"\0" * 400, "not a video"),
        (b"just some words about a trip", "not a video"),
    ],
)
def test_not_a_video(tmp_path: Path, head: bytes, word: str) -> None:
    (tmp_path / "a.mp4").write_bytes(head)
    assert word in refused(tmp_path / "a.mp4", tmp_path)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.mp4"
    make_video(path, 2, (320, 180), 25)
    return path


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.97])
def test_cut_off_without_its_index(tmp_path: Path, good: Path, share: float) -> None:
    data = good.read_bytes()
    (tmp_path / "a.mp4").write_bytes(data[: int(len(data) * share)])
    assert "damaged" in refused(tmp_path / "a.mp4", tmp_path)


def test_index_there_but_no_picture(tmp_path: Path, good: Path) -> None:
    data = bytearray(good.read_bytes())
    at = data.index(b"mdat") + 4
    end = data.index(b"moov", at) - 4
    data[at:end] = bytes(end - at)
    (tmp_path / "a.mp4").write_bytes(data)
    assert "not one picture" in refused(tmp_path / "a.mp4", tmp_path)


def test_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    command = [
        ffmpeg(),
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=1",
        "-c:a",
        "aac",
        str(path),
    ]
    subprocess.run(command, check=True)
    assert "only sound" in refused(path, tmp_path)


def test_too_long(tmp_path: Path, good: Path) -> None:
    assert "minutes long" in refused(good, tmp_path, max_duration_s=1.0)


def test_longer_than_its_header_says(tmp_path: Path, good: Path) -> None:
    data = bytearray(good.read_bytes())
    for box, offset in (
        (b"mvhd", 16),
        (b"mdhd", 16),
        (b"tkhd", 20),
    ):  # duration, version 0 (ISO/IEC 14496-12)
        at = data.index(box) + 4 + offset
        data[at : at + 4] = (1000).to_bytes(4, "big") if box != b"mdhd" else (12800).to_bytes(4, "big")
    (tmp_path / "a.mp4").write_bytes(data)
    sentence = refused(tmp_path / "a.mp4", tmp_path, max_duration_s=1.5)
    assert "longer than it says" in sentence or "minutes long" in sentence


def test_too_short(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", 0.2, (320, 180), 25)
    assert "seconds long" in refused(tmp_path / "a.mp4", tmp_path)


def test_too_small(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", 1, (48, 48), 25)
    assert "48 × 48" in refused(tmp_path / "a.mp4", tmp_path)


def test_too_large_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    command = [
        ffmpeg(),
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        "color=s=4096x4096:r=5:d=1",
        "-preset",
        "ultrafast",
    ]
    subprocess.run([*command, str(path)], check=True)
    assert "megapixels" in refused(path, tmp_path)


def test_too_large_a_file(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", 1000)
    assert "GiB" in refused(good, tmp_path)


def test_what_was_in_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(BadInput):
        process(tmp_path / "a.mp4", tmp_path / "out", vertical="driving")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_command_line_says_it_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing of value")
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "process",
        str(tmp_path / "a.mp4"),
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("This file is not a video")
    assert not (tmp_path / "out").exists()
