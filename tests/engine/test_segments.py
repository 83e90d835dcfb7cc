"""Long footage in segments: the same frames, the same tracks, also when another process or another day does a part."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.video import segments
from pipeline.video.errors import Cancelled
from pipeline.video.options import Options
from pipeline.video.process import process
from pipeline.video.segments import Plan, SeamMismatch
from pipeline.video.side_by_side import process_all
from tests.engine.test_outputs import stream_facts
from tests.media import Truth, frames_of, make_video

OPTIONS = Options.of(vertical="driving", only_redact=True)


@pytest.fixture(scope="module")
def ride(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    source = tmp_path_factory.mktemp("long") / "ride.mp4"
    codec = (
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        "18",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "37",
        "-bf",
        "2",
    )
    return source, make_video(source, 8, (480, 270), 25, plate="A12345", codec=codec)


@pytest.fixture(scope="module")
def parts(ride: tuple[Path, Truth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ride's two segments, done by two processes."""
    folder = tmp_path_factory.mktemp("parts")
    plan = Plan.from_json(segments.plan(ride[0], OPTIONS, length_s=4).to_json())
    process_all(ride[0], folder, plan, workers=4, tell=lambda *_: None, stop=lambda: False)
    return folder


def with_first(parts: Path, folder: Path) -> Path:
    """Lay the first segment alone into a folder, as a run that was killed after it leaves it."""
    return Path(shutil.copytree(segments.folder_of(parts, 0), segments.folder_of(folder, 0)))


@pytest.fixture(scope="module")
def both_ways(
    ride: tuple[Path, Truth], parts: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], Path, dict[str, Any]]:
    """The ride in one piece, and in two segments that were joined."""
    source, _ = ride
    folder = tmp_path_factory.mktemp("ways")
    whole = process(source, folder / "whole", vertical="driving", only_redact=True, workers=2)
    plan = segments.plan(source, OPTIONS, length_s=4)
    assert [(s.start, s.end) for s in plan.segments] == [(0, 100), (100, None)]
    joined = segments.join(source, parts, folder / "joined", plan)
    return folder / "whole", whole, folder / "joined", joined


def test_the_frames_are_the_same(both_ways: tuple[Path, dict[str, Any], Path, dict[str, Any]], ride) -> None:
    whole, one, joined, two = both_ways
    assert one["output"]["frames"] == two["output"]["frames"] == ride[1].frames
    a, b = stream_facts(whole / "redacted.mp4"), stream_facts(joined / "redacted.mp4")
    assert a == b
    for left, right in zip(
        frames_of(whole / "redacted.mp4"), frames_of(joined / "redacted.mp4"), strict=True
    ):
        # The encoder spends its bits a little differently after the seam; the pictures are the same.
        assert np.abs(left.astype(int) - right.astype(int)).mean() < 3


def test_the_tracks_go_on_across_the_seam(
    both_ways: tuple[Path, dict[str, Any], Path, dict[str, Any]],
) -> None:
    _, one, _, two = both_ways
    assert len(one["tracks"]) == len(two["tracks"])
    for a, b in zip(one["tracks"], two["tracks"], strict=True):
        assert a["kind"] == b["kind"]
        boxes = {box[0]: box[1:] for box in b["boxes"]}
        assert set(boxes) == {box[0] for box in a["boxes"]}
        for frame, *box in a["boxes"]:
            assert np.abs(np.subtract(box, boxes[frame])).max() <= 8, f"frame {frame}"
    assert any(t["boxes"][0][0] < 100 < t["boxes"][-1][0] for t in two["tracks"]), "no track crosses the seam"


def test_finished_segments_are_not_done_again(ride: tuple[Path, Truth], parts: Path, tmp_path: Path) -> None:
    source, _ = ride
    plan = segments.plan(source, OPTIONS, length_s=4)
    first = with_first(parts, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in first.iterdir()}
    told: list[tuple[str, float, float | None]] = []
    assert segments.process_segment(source, tmp_path, plan, 0, on_progress=lambda *t: told.append(t)) == first
    assert {path.name: path.stat().st_mtime_ns for path in first.iterdir()} == before
    assert [fraction for _, fraction, _ in told] == [1.0]
    other = segments.plan(
        source, Options.of(vertical="driving", only_redact=True, fill="quantised"), length_s=4
    )
    assert not segments.finished(tmp_path, other, 0)
    (first / segments.LOG).write_bytes((first / segments.LOG).read_bytes()[:-9])
    assert not segments.finished(tmp_path, plan, 0)


def test_a_killed_run_goes_on_where_it_was(
    ride: tuple[Path, Truth], parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(segments.plan.__kwdefaults__, "length_s", 4)  # type: ignore[arg-type]
    source, truth = ride
    plan = segments.plan(source, OPTIONS)
    with_first(parts, tmp_path / f".out.{plan.digest()[:16]}.segments")
    told: list[float] = []
    made = process(
        source, tmp_path / "out", vertical="driving", only_redact=True, workers=1,
        on_progress=lambda step, fraction, _: told.append(fraction) if step == "redact" else None,
    )  # fmt: skip
    assert told[0] == pytest.approx(0.5)
    assert made["output"]["frames"] == truth.frames
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_segments_that_do_not_meet_are_noticed(ride: tuple[Path, Truth], parts: Path, tmp_path: Path) -> None:
    source, _ = ride
    plan = segments.plan(source, OPTIONS, length_s=4)
    with_first(parts, tmp_path / "parts")
    other = tmp_path / "other.mp4"
    make_video(other, 8, (480, 270), 25, seed=5)
    segments.process_segment(other, tmp_path / "parts", plan, 1)
    with pytest.raises(SeamMismatch):
        segments.join(source, tmp_path / "parts", tmp_path / "out", plan)


def test_several_processes_are_cancelled_within_seconds(ride: tuple[Path, Truth], tmp_path: Path) -> None:
    source, _ = ride
    plan = segments.plan(source, OPTIONS, length_s=4)
    told: list[float] = []
    with pytest.raises(Cancelled):
        process_all(
            source, tmp_path / "parts", plan, workers=4, tell=lambda _s, fraction, _l: told.append(fraction),
            stop=lambda: bool(told and told[-1] > 0.1),
        )  # fmt: skip
    began = time.monotonic()
    assert [path for path in (tmp_path / "parts").rglob("*") if path.is_file()] == []
    assert time.monotonic() - began < 5


def test_a_plan_survives_the_way_to_another_machine(ride: tuple[Path, Truth]) -> None:
    marked = Options.of(
        vertical="sports", discipline="Beach volleyball", audio="mute-speech",
        manual=[{"box": [1, 2, 3, 4], "start_s": 0, "end_s": 2.5}],
    )  # fmt: skip
    plan = segments.plan(ride[0], marked, max_duration_s=60)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert Plan.from_json(plan.to_json()).digest() == plan.digest()
    assert plan.options.jersey
    assert plan.options.discipline == "beach_volleyball"
