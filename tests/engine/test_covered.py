"""A face and a plate are covered in every frame of the master and on posters, by the real detectors."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.video import weights
from pipeline.video.process import process
from tests.engine.conftest import Done
from tests.media import Picture, ffmpeg, frames_of, make_video, shared

Rect = tuple[float, float, float, float]
# The face inside the public-domain portrait, as shares of its side: left, top, width, height (brow to chin).
FACE_IN_PORTRAIT = (0.355, 0.145, 0.165, 0.2)


def share_covered(truth: Rect, report: dict[str, Any], frame: int) -> float:
    """Return the share of a truth box that lies in the filled boxes of this frame."""
    x, y, w, h = truth
    mask = np.zeros((max(1, round(h)), max(1, round(w))), bool)
    for track in report["tracks"]:
        for number, bx, by, bw, bh in track["boxes"]:
            if number == frame:
                top, left = round(by - y), round(bx - x)
                mask[max(0, top) : max(0, top + bh), max(0, left) : max(0, left + bw)] = True
    return float(mask.mean())


def likeness(before: Picture, after: Picture, box: Rect) -> float:
    """Return the correlation of the luma inside a box, before and after: 1 is the same, 0 is nothing left."""
    x, y, w, h = (round(v) for v in box)
    a, b = (cv2.cvtColor(p[y : y + h, x : x + w], cv2.COLOR_BGR2GRAY).astype(float) for p in (before, after))
    a, b = a - a.mean(), b - b.mean()
    if b.std() < 3:  # flat but for compression noise
        return 0.0
    return float((a * b).mean() / (a.std() * b.std() + 1e-9))


def test_the_plate_is_covered_in_every_frame(alices_ride: Done) -> None:
    before, after = frames_of(alices_ride.source), frames_of(alices_ride.out / "redacted.mp4")
    plates = alices_ride.truth.boxes["plate"]
    for frame, box in enumerate(plates):
        assert share_covered(box, alices_ride.report, frame) > 0.9, f"frame {frame}"
        assert likeness(before[frame], after[frame], box) < 0.35, f"frame {frame}"


def test_the_rest_of_the_picture_stays(alices_ride: Done) -> None:
    before, after = frames_of(alices_ride.source)[30], frames_of(alices_ride.out / "redacted.mp4")[30]
    assert likeness(before, after, (0, 0, 640, 100)) > 0.9
    _, _, w, h = alices_ride.truth.boxes["plate"][30]
    assert alices_ride.report["certificate"]["masked_share"] < 2 * w * h / (before.shape[0] * before.shape[1])


def test_the_fill_is_flat_in_the_encoded_picture(alices_ride: Done) -> None:
    frames = frames_of(alices_ride.out / "redacted.mp4")
    for track in alices_ride.report["tracks"]:
        for number, x, y, w, h in track["boxes"][:: max(1, len(track["boxes"]) // 10)]:
            if w >= 16 and h >= 12:
                inside = frames[number][y + 4 : y + h - 4, x + 4 : x + w - 4]
                assert inside.std(axis=(0, 1)).max() < 6


@pytest.fixture(scope="module")
def portrait() -> Picture:
    return cv2.imread(str(weights.path("astronaut")))


def test_a_face_that_moves_is_covered_in_every_frame(tmp_path: Path, portrait: Picture) -> None:
    source = tmp_path / "a.mp4"
    truth = make_video(source, 3, (960, 540), 25, face=portrait)
    process(source, tmp_path / "out", vertical="sports", workers=2)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    before, after = frames_of(source), frames_of(tmp_path / "out" / "redacted.mp4")
    left, top, width, height = FACE_IN_PORTRAIT
    for frame, (x, y, side, _) in enumerate(truth.boxes["portrait"]):
        face = (x + left * side, y + top * side, width * side, height * side)
        assert share_covered(face, report, frame) > 0.9, f"frame {frame}"
        assert likeness(before[frame], after[frame], face) < 0.35, f"frame {frame}"
    for clip in report["clips"]:
        poster = cv2.imread(str(tmp_path / "out" / clip["poster"]))
        middle = (clip["start_frame"] + clip["end_frame"]) // 2 // 25 * 25
        x, y, side, _ = truth.boxes["portrait"][middle]
        face = (x + left * side, y + top * side, width * side, height * side)
        assert likeness(before[middle], poster, face) < 0.35


@pytest.mark.media
def test_the_plate_of_a_real_ride_is_covered_in_every_frame(tmp_path: Path) -> None:
    source = tmp_path / "ride.mp4"
    part = ["-t", "1.2", "-c", "copy", str(source)]
    ride = shared("video/drive/aiguys_uk_plate.mp4")
    subprocess.run([ffmpeg(), "-loglevel", "error", "-i", str(ride), *part], check=True)
    report = process(source, tmp_path / "out", vertical="driving", workers=2)
    # The number of the car in front (LS15 …) is about 60 pixels wide and readable in every frame.
    large = [
        box for track in report["tracks"] if track["kind"] == "plate" for box in track["boxes"] if box[3] > 60
    ]
    assert {box[0] for box in large} == set(range(report["output"]["frames"]))
