"""A person marks what was missed: it is followed and covered, and the run before is not done again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.video import look
from pipeline.video.errors import BadInput
from pipeline.video.process import process
from tests.engine.conftest import Done
from tests.engine.test_covered import likeness, share_covered
from tests.media import frames_of, make_video

KEPT = ("poses", "tags", "clips")


@pytest.fixture(scope="module")
def marked(alices_ride: Done, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Alice's ride again: Mo marked the car's right lamp from second 1 to 3; no detector may run."""
    out = tmp_path_factory.mktemp("again") / "out"
    x, y, w, h = alices_ride.truth.boxes["plate"][25]
    lamp = [x + 2 * w - w // 3 - 6, y - h - 2, w // 3 + 4, h + 4]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(look.Eyes, "__init__", lambda *_a, **_k: pytest.fail("a detector looked again"))
        report = process(
            alices_ride.source, out, vertical="driving", reuse=alices_ride.out / "detections.npz",
            manual=[{"box": lamp, "start_s": 1.0, "end_s": 3.0}],
        )  # fmt: skip
    return Done(source=alices_ride.source, out=out, truth=alices_ride.truth, report=report)


def test_the_marked_region_is_followed_and_covered(marked: Done) -> None:
    (track,) = [t for t in marked.report["tracks"] if t["kind"] == "manual"]
    assert [box[0] for box in track["boxes"]] == list(range(25, 75))
    before, after = frames_of(marked.source), frames_of(marked.out / "redacted.mp4")
    for frame in range(25, 75):
        x, y, w, h = marked.truth.boxes["plate"][frame]
        lamp = (x + 2 * w - w // 3 - 4, y - h, w // 3, h)
        assert share_covered(lamp, marked.report, frame) > 0.9, f"frame {frame}"
        assert likeness(before[frame], after[frame], lamp) < 0.35, f"frame {frame}"
    x, y, w, h = marked.truth.boxes["plate"][90]
    assert after[90][y - h + 2 : y - 2, x + 2 * w - w // 3 : x + 2 * w - 8, 2].mean() > 120  # red again


def test_what_was_found_before_is_covered_again(marked: Done, alices_ride: Done) -> None:
    found = [t for t in marked.report["tracks"] if t["kind"] != "manual"]
    assert found == list(alices_ride.report["tracks"])
    assert [c["start_frame"] for c in marked.report["clips"]] == [
        c["start_frame"] for c in alices_ride.report["clips"]
    ]
    assert marked.report["tags"] == alices_ride.report["tags"]
    assert marked.report["certificate"]["reused_detections"] is True
    assert marked.report["certificate"]["tracks"]["manual"]["found"] == 1


def test_a_run_without_marks_gives_the_same_pictures_again(alices_ride: Done, tmp_path: Path) -> None:
    detections = alices_ride.out / "detections.npz"
    process(alices_ride.source, tmp_path / "out", vertical="driving", reuse=detections)
    for name in ("redacted.mp4", "preview.mp4", "detections.npz"):
        assert (tmp_path / "out" / name).read_bytes() == (alices_ride.out / name).read_bytes(), name


def test_marks_on_a_first_run_are_covered_too(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    make_video(source, 1, (320, 180), 25, still=True)
    report = process(
        source, tmp_path / "out", vertical="driving", only_redact=True,
        manual=[{"box": [100, 60, 40, 40], "start_s": 0.2, "end_s": 9}],
    )  # fmt: skip
    (track,) = [t for t in report["tracks"] if t["kind"] == "manual"]
    assert [box[0] for box in track["boxes"]] == list(range(5, 25))
    assert all(np.abs(np.subtract(box[1:], [100, 60, 40, 40])).max() <= 8 for box in track["boxes"])


def test_detections_of_another_recording_are_refused(alices_ride: Done, tmp_path: Path) -> None:
    source = tmp_path / "b.mp4"
    make_video(source, 1, (320, 180), 25)
    with pytest.raises(BadInput, match="another recording"):
        process(source, tmp_path / "out", vertical="driving", reuse=alices_ride.out / "detections.npz")
    (tmp_path / "not.npz").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="not a file of this engine"):
        process(source, tmp_path / "out", vertical="driving", reuse=tmp_path / "not.npz")
    assert {path.name for path in tmp_path.iterdir()} == {"b.mp4", "not.npz"}


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ({"box": [1, 2, 3], "start_s": 0, "end_s": 1}, "four numbers"),
        ({"box": [1, 2, 0, 4], "start_s": 0, "end_s": 1}, "a width"),
        ({"box": [1, 2, 3, 4], "start_s": 2, "end_s": 1}, "end after its start"),
        ({"box": [1, 2, 3, float("nan")], "start_s": 0, "end_s": 1}, "not finite"),
        ({"start_s": 0, "end_s": 1}, "four numbers"),
    ],
)
def test_a_malformed_mark_is_named(alices_ride: Done, tmp_path: Path, region: dict, said: str) -> None:
    with pytest.raises(ValueError, match=f"Region 1 .*{said}"):
        process(alices_ride.source, tmp_path / "out", vertical="driving", manual=[region])
