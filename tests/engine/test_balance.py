"""A camera that tints its pictures shows the same faces and plates as one that does not."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.video import detect_cli, weights
from pipeline.video.balance import balanced
from pipeline.video.look import Eyes
from pipeline.video.options import Options
from tests.media import Picture, texture

# What is left of blue, green and red behind blue glass, a green windscreen and in green light.
LIGHTS = [(1.0, 0.3, 0.15), (0.55, 1.0, 0.6), (0.4, 1.0, 0.4)]
# In white light the detector is this sure of the face below, in these three 0.53 to 0.59.
SURE = 0.63


def tinted(picture: Picture, light: tuple[float, float, float]) -> Picture:
    return (picture * np.array(light)).astype(np.uint8)


def small_portrait() -> Picture:
    """Return a face of 11 px, which a detector is less sure of the further its colour is off."""
    frame = np.full((360, 640, 3), 90, np.uint8)
    portrait = cv2.imread(str(weights.path("astronaut")))
    frame[148:196, 60:108] = cv2.resize(portrait, (48, 48), interpolation=cv2.INTER_AREA)
    return frame


def spread(picture: Picture) -> float:
    means = picture.reshape(-1, 3).mean(axis=0)
    return float(means.max() / means.min())


@pytest.mark.parametrize("light", LIGHTS)
def test_tinted_light_becomes_white(light: tuple[float, float, float]) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(texture((640, 360), seed=4), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert spread(tinted(grey, light)) > 1.6
    assert spread(balanced(tinted(grey, light))) < 1.1


def test_what_is_not_tinted_is_left_as_it_is() -> None:
    lawn = np.full((360, 640, 3), (40, 150, 60), np.uint8)
    lawn[100:200, 200:400] = 235  # a white car on it tells the light
    for picture in (lawn, small_portrait(), np.zeros((360, 640, 3), np.uint8)):
        assert balanced(picture) is picture


def test_a_tinted_picture_is_not_changed_for_its_owner() -> None:
    picture = tinted(small_portrait(), LIGHTS[0])
    before = picture.copy()
    assert balanced(picture) is not picture
    assert (picture == before).all()


def test_detect_is_sure_of_a_face_in_tinted_light(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), tinted(small_portrait(), LIGHTS[0]))
    assert detect_cli.main([tmp_path], vertical="driving") == 0
    boxes = json.loads(capsys.readouterr().out)["boxes"]
    assert max(box["score"] for box in boxes if box["kind"] == "face") > SURE


@pytest.mark.parametrize("light", LIGHTS)
def test_a_video_is_looked_at_in_white_light(light: tuple[float, float, float]) -> None:
    eyes = Eyes(options=Options.of(vertical="driving"), workers=1, width=640, height=360, fps=25)
    try:
        frame = cv2.cvtColor(tinted(small_portrait(), light), cv2.COLOR_BGR2YUV_I420)
        seen = eyes.look(0, frame, frozenset({"objects", "faces"}), {}).result()
    finally:
        eyes.close()
    assert max(box.score for box in seen.private if box.kind == "face") > SURE
