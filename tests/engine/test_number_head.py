"""Numbers on clothes: what the number head was taught with, and what it finds that is no line of text."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from pipeline.training import number_scenes
from pipeline.training.number_scenes import People, sample
from pipeline.training.plate_scenes import STRIDE
from pipeline.training.render_numbers import SIDE, cloth, folds, ink
from pipeline.video.boxes import Box, covered
from pipeline.video.jerseys import STILL, Jerseys
from pipeline.video.text import Text


def test_ink_is_unlike_the_cloth_it_is_printed_on() -> None:
    for seed in range(30):
        on = random.Random(seed).uniform(0, 255)
        printed = ink(random.Random(seed), on=on)
        luma = (printed.colour[printed.share > 0.9] * (0.114, 0.587, 0.299)).sum(axis=1)
        assert printed.digits.any()
        assert np.abs(luma - on).max() >= 90
        assert printed.share[printed.digits].min() > 0.3


def test_cloth_and_light_differ_from_one_to_the_next() -> None:
    assert len({cloth(random.Random(seed)).tobytes() for seed in range(10)}) == 10
    light = folds(random.Random(1))
    assert light.shape == (SIDE, SIDE)
    assert 0.3 <= light.min() < light.max() <= 1.5


@pytest.mark.parametrize("people", [[], [(60.0, 10.0, 120.0, 280.0)]])
def test_a_training_picture_shows_the_number_where_the_target_says(
    monkeypatch: pytest.MonkeyPatch, people: list[tuple[float, float, float, float]]
) -> None:
    monkeypatch.setattr(number_scenes, "weathered", lambda crop, _: crop)
    scene = People(np.full((300, 400, 3), 60, np.uint8), people, [])
    shown = taught = 0
    for seed in range(30):
        picture, target = sample(scene, 160, random.Random(seed))
        again, _ = sample(scene, 160, random.Random(seed))
        np.testing.assert_array_equal(picture, again)
        assert target.shape == (6, 40, 40)
        for row, column in zip(*np.nonzero(target[0] == 1), strict=True):
            w, h = (STRIDE * np.exp(target[part, row, column]) for part in (1, 2))
            x, y = (
                STRIDE * (column + 0.5 + target[3, row, column]),
                STRIDE * (row + 0.5 + target[4, row, column]),
            )
            inside = picture[
                max(0, round(y - h / 2)) : round(y + h / 2), max(0, round(x - w / 2)) : round(x + w / 2)
            ]
            taught += 1
            shown += int(inside.max()) - int(inside.min()) > 40
    assert taught >= 12
    assert shown >= 0.9 * taught


def test_nothing_is_printed_over_words_that_nobody_labelled() -> None:
    grey = np.full((300, 400, 3), 60, np.uint8)
    scene = People(grey, [(60.0, 10.0, 120.0, 280.0)], [(0.0, 0.0, 400.0, 300.0)])
    for seed in range(6):
        picture, target = sample(scene, 160, random.Random(seed))
        assert target[0].max() == 0
        assert picture.shape == (160, 160, 3)


def test_large_digits_on_a_shirt_are_found_whole() -> None:
    """No real athlete is in the repository: drawn ones, one digit or two, which are no line of text; most are found."""
    hits = 0
    numbers = ("7", "50", "26", "72", "4", "75")
    for number in numbers:
        picture, label, person = athlete(number)
        found = Jerseys(Text(threads=1), STILL).find(picture, [person])
        hits += any(box.kind == "jersey" and covered(label, box) >= 0.9 for box in found)
    assert hits >= len(numbers) - 1


def test_a_number_below_the_trunk_is_found_too() -> None:
    """Who leans, crouches or lies has the number anywhere in the box."""
    picture, label, person = athlete("26", row=380)
    found = Jerseys(Text(threads=1), STILL).find(picture, [person])
    assert any(covered(label, box) >= 0.9 for box in found)


def test_a_shirt_without_a_number_stays_as_it_is() -> None:
    picture, _, person = athlete("")
    assert Jerseys(Text(threads=1), STILL).find(picture, [person]) == []


def athlete(number: str, row: int = 200) -> tuple[np.ndarray, Box, Box]:
    """Draw somebody from behind with a slanted number on the shirt."""
    picture = np.full((480, 360, 3), (90, 120, 100), np.uint8)
    cv2.ellipse(picture, (180, 50), (20, 27), 0, 0, 360, (60, 90, 140), -1)
    cv2.fillConvexPoly(picture, np.array([[110, 125], [250, 125], [235, 290], [125, 290]]), (70, 30, 25))
    cv2.rectangle(picture, (125, 290), (235, 460), (40, 40, 40), -1)
    ink = np.zeros(picture.shape[:2], np.uint8)
    (w, h), _ = cv2.getTextSize(number, cv2.FONT_HERSHEY_DUPLEX, 2.0, 7)
    cv2.putText(ink, number, (180 - w // 2, row + h // 2), cv2.FONT_HERSHEY_DUPLEX, 2.0, 255, 7)
    turned = cv2.getRotationMatrix2D((180, row), 12, 1)
    ink = cv2.warpAffine(ink, turned, ink.shape[::-1])
    picture[ink > 127] = (225, 230, 230)
    x, y, wide, high = cv2.boundingRect((ink > 127).astype(np.uint8))
    return (
        cv2.GaussianBlur(picture, (0, 0), 1.2),
        Box("jersey", x, y, wide, high),
        Box("person", 95, 20, 170, 450, 0.9),
    )
