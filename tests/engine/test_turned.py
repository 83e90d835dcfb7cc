"""Recordings that were filmed upside down or on their side: what they show is covered as in others."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.video import weights
from pipeline.video.boxes import Box
from pipeline.video.process import process
from pipeline.video.segments import TURNED
from pipeline.video.turned import Turn
from tests.engine.test_covered import FACE_IN_PORTRAIT, share_covered
from tests.media import Picture, frames_of, make_video

WIDTH, HEIGHT = 960, 540
NOSE = 0


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", ["face", "plate"])
def test_a_box_of_the_upright_picture_lies_where_it_shows_and_comes_back_as_it_was(
    quarters: int, kind: str
) -> None:
    turn = Turn(quarters, WIDTH, HEIGHT)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    upright = turn.picture(picture)
    upright = np.ascontiguousarray(upright)
    found = Box(kind, 100, 40, 60, 80, 0.9)
    upright[40:120, 100:160] = 255
    there = turn.back(found)
    shown = np.rot90(upright, quarters)[..., 0]
    rows, columns = np.nonzero(shown)
    assert shown.shape == (HEIGHT, WIDTH)
    grown = 0.08 if quarters and kind == "face" else 0.0  # of the side that lies along each axis
    across, down = there.w * grown / (1 + 2 * grown), there.h * grown / (1 + 2 * grown)
    assert (there.x, there.y) == pytest.approx((columns.min() - across, rows.min() - down))
    assert (there.x2, there.y2) == pytest.approx((columns.max() + 1 + across, rows.max() + 1 + down))
    assert turn.into(there).xywh() == pytest.approx(found.xywh())


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Picture], list[Box]]:
    """She moves across the picture: frames, and where her face is in them."""
    path = tmp_path_factory.mktemp("walk") / "a.mp4"
    portrait = cv2.imread(str(weights.path("astronaut")))
    truth = make_video(path, 3, (WIDTH, HEIGHT), 25, face=portrait)
    left, top, width, height = FACE_IN_PORTRAIT
    places = [(x + left * side, y + top * side, side) for x, y, side, _ in truth.boxes["portrait"]]
    return frames_of(path), [Box("plate", x, y, width * s, height * s) for x, y, s in places]


def write(path: Path, pictures: list[Picture]) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"crf": "16", "preset": "ultrafast"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "bgr24")))
        file.mux(stream.encode(None))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_face_is_covered_in_every_frame_whichever_way_the_camera_hung(
    tmp_path: Path, walk: tuple[list[Picture], list[Box]], quarters: int
) -> None:
    frames, faces = walk
    source = tmp_path / "turned.mp4"
    write(
        source, [np.rot90(frame, quarters) for frame in frames]
    )  # so many quarter turns clockwise bring it back
    size = (HEIGHT, WIDTH) if quarters % 2 else (WIDTH, HEIGHT)
    report = process(source, tmp_path / "out", vertical="sports", workers=2)
    warnings = report["certificate"]["warnings"]
    if quarters in (0, 2):  # lying on one side she is seen as she is in half of the frames
        assert warnings == ([TURNED[quarters]] if quarters else [])
    turn = Turn(quarters, *size)
    for number, face in enumerate(faces):
        there = turn.back(face)
        assert share_covered((there.x, there.y, there.w, there.h), report, number) > 0.9, f"frame {number}"
    poses = list(report["poses"])
    assert len(poses) >= 10
    for pose in poses if warnings or not quarters else []:
        face = turn.back(faces[pose["frame"]])
        x, y, seen = pose["keypoints17"][NOSE]
        assert seen
        assert face.x - 0.3 * face.w < x < face.x2 + 0.3 * face.w
        assert face.y - 0.3 * face.h < y < face.y2 + 0.3 * face.h
