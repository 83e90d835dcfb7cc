"""A camera that stands still needs fewer looks for faces: who comes walks in or turns around in its picture."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.video.motion import Motion
from pipeline.video.options import Options
from pipeline.video.schedule import COARSE, Schedule


def test_a_camera_that_stands_still_is_looked_at_for_faces_less_often_and_within_the_hold() -> None:
    """Only faces: who comes then walks in or turns around, and is followed back through the frames that are held."""
    schedule = Schedule(options=Options.of(vertical="sports"), fps=25)
    keys = [index for index in range(0, 1000, 3) if schedule.is_key(index)]
    moving = [schedule.looks(index, fresh=False) for index in keys]
    still = [schedule.looks(index, fresh=False, still=True) for index in keys]
    faces = {"faces", COARSE}
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
