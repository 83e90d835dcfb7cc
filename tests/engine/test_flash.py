"""A flash is no change of scene: who was seen before it is covered in it and after it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.video import weights
from pipeline.video.motion import FLASH, Motion, Step
from pipeline.video.options import Manual
from pipeline.video.process import process
from pipeline.video.read import Frames
from tests.engine.test_covered import FACE_IN_PORTRAIT, share_covered
from tests.engine.test_still_camera import lossless
from tests.media import Picture, texture

PAN = 4  # small pixels a frame


def wall(seed: int) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 255, (180, 900), np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 30, 200, cv2.NORM_MINMAX)


def panned(frames: int, seed: int = 1) -> list[Picture]:
    """A camera that pans along a wall, at the width at which motion is told."""
    long = wall(seed)
    return [np.ascontiguousarray(long[:, PAN * f : PAN * f + 320]) for f in range(frames)]


def bright(picture: Picture) -> Picture:
    return cv2.convertScaleAbs(picture, alpha=3.5, beta=60)


def steps(pictures: list[Picture]) -> list[Step]:
    motion = Motion(320, 180)
    return [
        motion.step(picture, same=False, later=pictures[place + 1 : place + 1 + FLASH])
        for place, picture in enumerate(pictures)
    ]


@pytest.mark.parametrize("length", [1, 2, FLASH])
def test_the_motion_goes_on_through_a_flash(length: int) -> None:
    pictures = panned(20)
    lit = range(8, 8 + length)
    told = steps([bright(p) if f in lit else p for f, p in enumerate(pictures)])
    assert [f for f, step in enumerate(told) if step.cut] == [0]
    assert [f for f, step in enumerate(told) if step.relit] == [*lit]
    for f in range(6, 16):
        flow = told[f].flow
        assert flow is not None
        assert float(np.median(flow[40:140, 60:260, 0])) == pytest.approx(-PAN, abs=0.5), f"into frame {f}"


def test_half_a_picture_in_the_flash_and_then_the_other_half_is_one_flash() -> None:
    """Sensors that are read row by row divide a flash between two pictures."""
    pictures = panned(20)
    pictures[8][90:] = bright(pictures[8])[90:]
    pictures[9][:90] = bright(pictures[9])[:90]
    told = steps(pictures)
    assert [f for f, step in enumerate(told) if step.cut] == [0]
    assert [f for f, step in enumerate(told) if step.relit] == [8, 9]


def test_a_picture_that_did_not_arrive_is_no_cut() -> None:
    pictures = panned(20)
    pictures[8] = np.full_like(pictures[8], 16)
    assert [f for f, step in enumerate(steps(pictures)) if step.cut] == [0]


@pytest.mark.parametrize(("gain", "offset"), [(0.2, 0), (0.4, 10), (2.0, 0), (1.0, 50)])
def test_lamps_that_are_switched_are_no_cut(gain: float, offset: float) -> None:
    pictures = panned(30)
    lit = [
        cv2.convertScaleAbs(p, alpha=gain, beta=offset) if 8 <= f < 20 else p for f, p in enumerate(pictures)
    ]
    told = steps(lit)
    assert [f for f, step in enumerate(told) if step.cut] == [0]
    assert [f for f, step in enumerate(told) if step.relit] == [8, 20], "what comes to light is looked for"
    for f in range(6, 24):
        flow = told[f].flow
        assert flow is not None
        assert float(np.median(flow[40:140, 60:260, 0])) == pytest.approx(-PAN, abs=0.5), f"into frame {f}"


def test_black_between_two_scenes_is_a_cut() -> None:
    pictures = panned(10) + [np.full((180, 320), 16, np.uint8)] * 10 + panned(10, seed=2)
    assert [f for f, step in enumerate(steps(pictures)) if step.cut] == [0, 10, 20]


def test_another_scene_is_a_cut_also_where_it_begins_with_a_flash() -> None:
    pictures = panned(10) + panned(10, seed=2)
    assert [f for f, step in enumerate(steps(pictures)) if step.cut] == [0, 10]
    pictures[10] = bright(pictures[10])
    told = steps(pictures)
    assert told[10].cut or told[11].cut
    assert not any(step.relit for step in told[:10])
    assert [f for f, step in enumerate(steps(panned(10) + panned(1, seed=2))) if step.cut] == [0, 10]


def test_what_follows_is_seen_early_and_taken_once() -> None:
    def numbered() -> Iterator[Picture]:
        yield from (np.full(1, f, np.uint8) for f in range(6))

    def numbers(frames: Iterator[Picture]) -> list[int]:
        return [int(frame[0]) for frame in frames]

    frames = Frames(numbered())  # type: ignore[arg-type]
    assert numbers(islice(frames, 2)) == [0, 1]
    assert numbers(frames.later(2)) == [2, 3]
    assert numbers(frames.later(3)) == [2, 3, 4]
    assert numbers(islice(frames, 2)) == [2, 3]
    assert numbers(frames.later(9)) == [4, 5]
    assert numbers(frames) == [4, 5]


FLASHES = (20, 29, 30, 41, 52, 53, 54, 64)


def portrait(frames: int) -> tuple[list[Picture], list[tuple[float, float, float, float]]]:
    """A face before a wall, filmed by a camera that pans; and where it is."""
    picture = cv2.resize(cv2.imread(str(weights.path("astronaut"))), (220, 220))
    long = texture((1400, 360), seed=3)
    long[70:290, 500:720] = picture
    left, top, width, height = FACE_IN_PORTRAIT
    pictures = [long[:, 4 * f : 4 * f + 640].copy() for f in range(frames)]
    face = (500 + 220 * left, 70 + 220 * top, 220 * width, 220 * height)
    return pictures, [(face[0] - 4 * f, *face[1:]) for f in range(frames)]


def test_who_is_photographed_is_covered_in_the_flashes_and_between_them(tmp_path: Path) -> None:
    pictures, faces = portrait(80)
    lit = [cv2.convertScaleAbs(p, alpha=4, beta=70) if f in FLASHES else p for f, p in enumerate(pictures)]
    lossless(tmp_path / "photographed.mp4", lit)
    report = process(tmp_path / "photographed.mp4", tmp_path / "out", vertical="sports", workers=2)
    bare = [f for f, face in enumerate(faces) if share_covered(face, report, f) < 0.9]
    assert not bare, f"the face shows in frames {bare}"
    followed = [t for t in report["tracks"] if t["kind"] == "face" and len(t["detected"]) > 1]
    assert len(followed) == 1, "one person, through all flashes"


@pytest.mark.parametrize("shows", [40, 41])
def test_whom_only_a_flash_lights_is_covered_in_it(tmp_path: Path, shows: int) -> None:
    pictures, faces = portrait(80)
    dark = [p if f == shows else cv2.convertScaleAbs(p, alpha=0.02, beta=12) for f, p in enumerate(pictures)]
    lossless(tmp_path / "night.mp4", dark)
    report = process(tmp_path / "night.mp4", tmp_path / "out", vertical="driving", workers=2)
    assert share_covered(faces[shows], report, shows) >= 0.9


def test_what_a_person_marked_is_followed_through_a_flash(tmp_path: Path) -> None:
    pictures, faces = portrait(60)
    lit = [cv2.convertScaleAbs(p, alpha=4, beta=70) if f in FLASHES else p for f, p in enumerate(pictures)]
    lossless(tmp_path / "marked.mp4", lit)
    marked = Manual(start_s=0.0, end_s=60 / 25, box=faces[0])
    report = process(
        tmp_path / "marked.mp4", tmp_path / "out", vertical="sports", manual=(marked,), workers=1
    )
    (track,) = [t for t in report["tracks"] if t["kind"] == "manual"]
    assert "the scene changes inside the marked time" not in track["review"]
