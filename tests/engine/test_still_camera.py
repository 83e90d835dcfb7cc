"""A camera that stands still needs fewer looks for faces: who comes walks in or turns around in its picture."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.video import weights
from pipeline.video.motion import Motion
from pipeline.video.options import Options
from pipeline.video.process import process
from pipeline.video.schedule import COARSE, TURNS, Schedule
from tests.engine.test_covered import FACE_IN_PORTRAIT, share_covered
from tests.media import Picture, texture


def test_a_camera_that_stands_still_is_looked_at_for_faces_less_often_and_within_the_hold() -> None:
    """Only faces: who comes then walks in or turns around, and is followed back through the frames that are held."""
    schedule = Schedule(options=Options.of(vertical="sports"), fps=25)
    keys = [index for index in range(0, 1000, 3) if schedule.is_key(index)]
    moving = [schedule.looks(index, fresh=False) for index in keys]
    still = [schedule.looks(index, fresh=False, still=True) for index in keys]
    faces = {"faces", COARSE, *TURNS}
    assert [looks - faces for looks in still] == [looks - faces for looks in moving]
    seen = [index for index, looks in zip(keys, still, strict=True) if "faces" in looks]
    assert len(seen) < sum("faces" in looks for looks in moving)
    assert max(np.diff(seen)) / 25 < 0.4
    assert "faces" in schedule.looks(keys[1], fresh=True, still=True)


def test_every_second_look_for_faces_is_a_coarser_one_and_never_the_first_of_a_scene() -> None:
    schedule = Schedule(options=Options.of(vertical="driving"), fps=30)
    looks = [schedule.looks(index, fresh=False) for index in range(0, 600, 3)]
    assert [COARSE in look for look in looks if "faces" in look][:6] in ([False, True] * 3, [True, False] * 3)
    assert not any(COARSE in look and "faces" not in look for look in looks)
    assert not any(COARSE in schedule.looks(index, fresh=True) for index in range(0, 600, 3))


def test_it_takes_a_while_to_know_that_a_camera_stands_still_and_no_time_to_know_that_it_moves() -> None:
    dice = np.random.default_rng(1)
    wall = cv2.GaussianBlur(dice.integers(0, 255, (360, 900), np.uint8), (0, 0), 3)
    motion = Motion(640, 360, fps=25)

    def seen(left: int, same: bool) -> bool:
        motion.step(motion.shrink(np.ascontiguousarray(wall[:, left : left + 640])), same=same)
        return motion.still

    standing = [seen(0, same=index > 0) for index in range(40)]
    assert not any(standing[:10]), "a scene that begins is looked at as often as any"
    assert all(standing[30:])
    assert not all(seen(8 * index, same=False) for index in range(1, 13))
    assert not motion.still


@pytest.mark.parametrize("comes", [40, 46])
def test_who_appears_in_a_picture_that_then_stands_still_is_covered(tmp_path: Path, comes: int) -> None:
    """A recording that lags or is frozen shows one picture many times: not all was looked for when it came."""
    wall = texture((640, 360), seed=3)
    portrait = cv2.resize(cv2.imread(str(weights.path("astronaut"))), (220, 220))
    with_her = wall.copy()
    with_her[100:320, 300:520] = portrait
    # Before she comes the picture flickers a little, so that nothing is known of it.
    pictures = [wall + np.uint8(f % 2) if f < comes else with_her for f in range(100)]
    source = tmp_path / "lag.mp4"
    lossless(source, pictures)
    report = process(source, tmp_path / "out", vertical="driving", workers=2)
    left, top, width, height = FACE_IN_PORTRAIT
    face = (300 + 220 * left, 100 + 220 * top, 220 * width, 220 * height)
    bare = [f for f in range(comes, 100) if share_covered(face, report, f) < 0.9]
    assert not bare, f"her face shows in frames {bare}"


def lossless(path: Path, pictures: list[Picture]) -> None:
    """Write pictures so that equal ones stay equal."""
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"qp": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        file.mux(stream.encode(None))
