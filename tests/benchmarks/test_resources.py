"""Start-up is what passes before the engine can work, and not the work."""

from __future__ import annotations

from pathlib import Path

from benchmarks import resources
from benchmarks.bench import Bench
from tests.media import make_video


def test_a_start_is_told_apart_from_the_work(tmp_path: Path) -> None:
    make_video(tmp_path / "ride.mp4", 1, (320, 240))
    start = resources.one_start(Bench(quick=True, work=tmp_path, cache=tmp_path), tmp_path / "ride.mp4")
    assert start.imports_s > 0.05  # Python and OpenCV take that on any machine
    assert start.check_s > 0
    assert start.load_s > 0
    assert start.ready_s < start.all_s
