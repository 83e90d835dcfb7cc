"""The same footage gives the same bytes, however many threads work on it and however often it is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.video.process import process
from tests.media import make_video

WORDS_OF_THE_DAY = ("timing",)


def outcome(source: Path, out: Path, *, workers: int) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Process and return (bytes of every file but the report, the report without its times)."""
    process(source, out, vertical="driving", workers=workers)
    files = {
        str(p.relative_to(out)): p.read_bytes()
        for p in out.rglob("*")
        if p.is_file() and p.name != "report.json"
    }
    report = json.loads((out / "report.json").read_text())
    return files, {key: value for key, value in report.items() if key not in WORDS_OF_THE_DAY}


def test_one_thread_and_two_and_again(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    make_video(source, 2, (480, 270), 25, plate="A12345")
    first = outcome(source, tmp_path / "one", workers=2)
    assert outcome(source, tmp_path / "two", workers=1) == first
    assert outcome(source, tmp_path / "one", workers=2) == first  # into the same folder: replaced, not mixed
