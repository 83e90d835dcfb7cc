"""Heads on the text detector: what their numbers mean, and the plate head: what it was taught with, what it finds."""

from __future__ import annotations

import random
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.training import plate_scenes
from pipeline.training.plate_scenes import STRIDE, Scene, cleaned, sample, targets
from pipeline.training.render_plates import HEIGHT, drawn
from pipeline.video import text_head
from pipeline.video.boxes import Box, covered, iou
from pipeline.video.plate_search import FRAME, STILL, Effort, PlateSearch, _likely
from pipeline.video.text import Text
from pipeline.video.text_head import TextHead


class Answer:
    """A network that answers what it is told."""

    def __init__(self, plates: np.ndarray) -> None:
        self.plates = plates

    def run(self, _: None, __: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [self.plates[None, :5]]


def decoded(monkeypatch: pytest.MonkeyPatch, plates: np.ndarray) -> list[Box]:
    monkeypatch.setattr(text_head, "session", lambda name, threads: Answer(plates))
    empty = np.zeros((1, 1, 1, 1), np.float32)
    return TextHead("plate_head", "plate", threads=1).find(empty, empty, empty)


def test_what_is_taught_is_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = [(30.0, 40.0, 60.0, 20.0), (120.5, 100.25, 33.0, 30.0)]
    found = decoded(monkeypatch, targets(areas, [], 192))
    sure = [box for box in found if box.score >= 0.99]
    assert len(sure) == 2
    for area in areas:
        assert max(iou(box, Box("plate", *area)) for box in sure) > 0.99


def test_a_cold_map_shows_no_plate(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoded(monkeypatch, np.zeros((5, 20, 30), np.float32)) == []


def test_tiny_plates_and_unsure_places_count_neither_way() -> None:
    target = targets([(50.0, 50.0, 6.0, 3.0)], [(100.0, 100.0, 40.0, 20.0)], 192)
    assert target[0].max() == 0
    assert target[5, 51 // STRIDE, 53 // STRIDE] == 0
    assert target[5, 110 // STRIDE, 120 // STRIDE] == 0
    assert target[5, 10, 40] == 1


def test_plates_are_drawn_in_many_shapes() -> None:
    shapes = {
        round(plate.shape[1] / plate.shape[0], 1) for plate in (drawn(random.Random(n)) for n in range(40))
    }
    assert all(drawn(random.Random(n)).shape[0] == HEIGHT for n in range(3))
    assert min(shapes) < 1.6
    assert max(shapes) > 4.3


def test_a_plate_that_a_drawn_one_replaces_is_painted_over() -> None:
    picture = np.full((120, 200, 3), 90, np.uint8)
    cv2.putText(picture, "AB 123", (60, 80), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    clean, lights = cleaned(picture, [(55.0, 55.0, 100.0, 32.0)])
    assert np.abs(clean.astype(int) - 90).max() < 12
    assert lights[0][1].min() > 20


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_training_picture_shows_the_plate_where_the_target_says(
    monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """Real plates stay where they are, drawn ones take their places; both stand out from the grey around them."""
    monkeypatch.setattr(plate_scenes, "REAL", share)
    monkeypatch.setattr(plate_scenes, "weathered", lambda crop, _: crop)
    grey = np.full((200, 300, 3), 60, np.uint8)
    real = grey.copy()
    real[120:136, 130:180] = 220
    light = (np.full(3, 200, np.float32), np.full(3, 10, np.float32))
    scene = Scene(real, grey, [(130.0, 120.0, 50.0, 16.0)], [light], [], [])
    shown = 0
    for seed in range(12):
        picture, target = sample(scene, 160, random.Random(seed))
        assert picture.shape == (160, 160, 3)
        assert target.shape == (6, 40, 40)
        again, _ = sample(scene, 160, random.Random(seed))
        np.testing.assert_array_equal(picture, again)
        if target[0].max() == 1:
            row, column = np.unravel_index(target[0].argmax(), target[0].shape)
            top, left = STRIDE * (max(row, 1) - 1), STRIDE * (max(column, 1) - 1)
            part = picture[top : top + 3 * STRIDE, left : left + 3 * STRIDE]
            shown += np.abs(part.astype(int) - 60).max() > 30
    assert shown >= 7


def test_a_blank_plate_on_a_car_is_found_although_it_has_no_letters() -> None:
    """No real car is in the repository: a drawn rear with lamps, in several sizes; most of them must be found."""
    hits = 0
    for number, size in enumerate((300, 360, 420, 480)):
        picture, plate = rear(size, random.Random(number))
        found = Text(threads=1).lines_and_plates(picture, Box("a", 0, 0, size, size), zoom=1.0, longest=512)[
            1
        ]
        hits += any(iou(box, plate) > 0.4 for box in found)
    assert hits >= 2


def rear(size: int, dice: random.Random) -> tuple[np.ndarray, Box]:
    """Draw the rear of a car with a plate."""
    picture = np.full((size, size, 3), 110, np.uint8)
    cv2.rectangle(picture, (size // 8, size // 4), (7 * size // 8, 7 * size // 8), (70, 40, 30), -1)
    cv2.rectangle(picture, (size // 5, size // 4), (4 * size // 5, size // 2), (30, 30, 30), -1)
    for x in (size // 8, 6 * size // 8):
        cv2.rectangle(picture, (x, size // 2), (x + size // 8, 5 * size // 8), (30, 30, 190), -1)
    width = size // 4
    flat = cv2.resize(drawn(dice), (width, width // 3), interpolation=cv2.INTER_AREA)[..., ::-1]
    x, y = (size - width) // 2, 5 * size // 8
    picture[y : y + width // 3, x : x + width] = flat
    return cv2.GaussianBlur(picture, (0, 0), 1.0), Box("plate", x, y, width, width // 3)


class Asked(Text):
    """Remembers which parts of a frame it was asked to read, and at what size."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.parts: list[tuple[list[float], int]] = []

    def lines_and_plates(
        self, bgr: np.ndarray, area: Box, *, zoom: float, longest: int
    ) -> tuple[list[Box], list[Box]]:
        self.parts.append((area.xywh(), longest))
        return super().lines_and_plates(bgr, area, zoom=zoom, longest=longest)


def test_a_frame_without_a_vehicle_is_read_whole_when_the_whole_frame_has_its_turn() -> None:
    """At night a car is two lamps and a plate: no vehicle for the detector."""
    frame = np.full((720, 1280, 3), 12, np.uint8)
    text = Asked()
    search = PlateSearch(text, FRAME)
    search.find(frame, [], whole=False)
    assert text.parts == []
    search.find(frame, [])
    assert text.parts == [([0, 0, 1280, 720], 384)]
    text.parts.clear()
    search.find(frame, [Box("car", 400, 300, 200, 160, 0.9)], whole=False)
    assert len(text.parts) == 1
    assert text.parts[0][0][2] < 300


def test_a_large_frame_is_read_whole_at_a_share_of_its_width_also_beside_a_vehicle() -> None:
    """At 1080 lines the plate of a car that is not seen has as many pixels for the network as at 720."""
    text = Asked()
    PlateSearch(text, FRAME).find(
        np.full((1080, 1920, 3), 12, np.uint8), [Box("car", 400, 300, 200, 160, 0.9)]
    )
    assert ([0, 0, 1920, 1080], 576) in text.parts
    assert len(text.parts) == 2


def test_all_vehicles_near_are_read_in_one_frame() -> None:
    """A plate that waits for its turn is seen meanwhile."""
    frame = np.full((720, 1280, 3), 12, np.uint8)
    text = Asked()
    search = PlateSearch(text, FRAME)
    search.find(frame, [Box("car", 20 + 250 * n, 300, 200, 160, 0.9) for n in range(5)], whole=False)
    assert sorted(round(left) for (left, *_), _ in text.parts) == [10, 260, 510, 760, 1010]


def test_what_one_vehicle_shows_of_a_plate_does_not_spare_the_one_that_shows_all_of_it() -> None:
    picture, plate = rear(420, random.Random(2))
    frame = np.full((480, 900, 3), 110, np.uint8)
    frame[30:450, 300:720] = picture
    there = replace(plate, x=plate.x + 300, y=plate.y + 30)
    half = Box("car", there.cx, 30, 850 - there.cx, 420, 0.9)
    search = PlateSearch(Text(threads=1), FRAME)
    found = search.find(frame, [half, Box("car", 300, 30, 420, 420, 0.5)])
    assert any(covered(there, box) > 0.9 and box.area < 3 * there.area for box in found)


@pytest.mark.parametrize(("effort", "sizes"), [(FRAME, {320}), (STILL, {720, 256})])
def test_a_car_is_read_at_the_sizes_of_its_effort(effort: Effort, sizes: set[int]) -> None:
    picture, plate = rear(420, random.Random(2))
    frame = np.full((480, 640, 3), 110, np.uint8)
    frame[30:450, 100:520] = picture
    there = replace(plate, x=plate.x + 100, y=plate.y + 30)
    text = Asked()
    found = PlateSearch(text, effort).find(frame, [Box("car", 100, 30, 420, 420, 0.9)])
    assert {longest for _, longest in text.parts} >= sizes
    assert any(covered(there, box) > 0.9 and box.area < 3 * there.area for box in found)


@pytest.mark.parametrize(("effort", "size"), [(FRAME, 384), (STILL, 640)])
def test_a_frame_without_a_vehicle_is_read_once(effort: Effort, size: int) -> None:
    text = Asked()
    PlateSearch(text, effort).find(np.full((480, 640, 3), 110, np.uint8), [])
    assert [longest for _, longest in text.parts] == [size]


@pytest.mark.parametrize(("y", "first"), [(200, 290), (20, 110), (8, 8), (0, 0)])
def test_a_vehicle_that_the_upper_edge_cuts_off_is_read_to_its_top(y: int, first: int) -> None:
    """Its plate can be anywhere in what is left of it; a whole vehicle has none in its upper third."""
    text = Asked()
    PlateSearch(text, FRAME).find(np.full((720, 1280, 3), 110, np.uint8), [Box("car", 400, y, 400, 300, 0.9)])
    (_, top, _, tall), _ = text.parts[0]
    assert top == pytest.approx(first)
    assert top + tall == pytest.approx(y + 324)


CAR = Box("car", 100, 100, 400, 300, 0.9)
SURE_PLATE = Box("plate", 260, 330, 90, 24, 0.9)
BADGE = Box("text", 270, 240, 70, 18, 0.9)


class Told(Text):
    """Sees in every part of a frame what it was told to see there."""

    def __init__(self, lines: list[Box], plates: list[Box]) -> None:
        self.lines, self.plates = lines, plates

    def lines_and_plates(
        self, bgr: np.ndarray, area: Box, *, zoom: float, longest: int
    ) -> tuple[list[Box], list[Box]]:
        def there(boxes: list[Box]) -> list[Box]:
            return [box for box in boxes if covered(box, area) > 0.9]

        return there(self.lines), there(self.plates)


def covers(
    what: Box,
    lines: list[Box],
    plates: list[Box],
    vehicles: list[Box],
    *,
    known: tuple[Box, ...] = (),
    whole: bool = True,
) -> bool:
    """Say whether a box is covered where these lines and plates are seen on these vehicles."""
    frame = np.zeros((720, 1280, 3), np.uint8)
    found = PlateSearch(Told(lines, plates), FRAME).find(frame, vehicles, known=known, whole=whole)
    return any(covered(what, box) > 0.9 for box in found)


def test_a_plate_beside_a_car_that_is_seen_is_found_too_when_the_whole_frame_has_its_turn() -> None:
    """At night the other car is no vehicle for the detector."""
    other = Box("plate", 900, 400, 80, 20, 0.5)
    assert covers(other, [], [SURE_PLATE, other], [CAR])
    assert covers(other, [], [SURE_PLATE, other], [CAR], known=(SURE_PLATE,))
    assert not covers(other, [], [SURE_PLATE, other], [CAR], whole=False)


def test_a_headlight_is_no_plate_on_a_car_whose_plate_is_known() -> None:
    lamp = Box("plate", 120, 200, 60, 20, 0.5)
    assert covers(lamp, [], [lamp], [CAR])
    assert not covers(lamp, [], [lamp], [CAR], known=(SURE_PLATE,))
    assert covers(lamp, [], [replace(lamp, score=0.6)], [CAR], known=(SURE_PLATE,)), "so sure it is one"


def test_letters_beside_a_sure_plate_are_left_alone() -> None:
    assert covers(BADGE, [BADGE], [], [CAR])
    assert covers(SURE_PLATE, [BADGE], [SURE_PLATE], [CAR])
    assert not covers(BADGE, [BADGE], [SURE_PLATE], [CAR])


def test_a_plate_that_is_not_sure_leaves_no_letters_alone() -> None:
    assert covers(BADGE, [BADGE], [replace(SURE_PLATE, score=0.6)], [CAR])


def test_what_is_no_sure_plate_is_left_alone_beside_one_as_letters_are() -> None:
    lamp = Box("plate", 110, 250, 60, 20, 0.42)
    assert covers(lamp, [], [lamp], [CAR])
    assert not covers(lamp, [], [lamp, SURE_PLATE], [CAR])


def test_a_seal_on_a_plate_is_too_small_to_speak_for_its_vehicle() -> None:
    assert covers(BADGE, [BADGE], [Box("plate", 300, 330, 20, 20, 0.9)], [CAR])


def test_letters_that_a_sure_plate_cuts_are_covered_whole() -> None:
    letters = Box("text", 262, 334, 110, 18, 0.9)
    assert covers(letters, [letters], [SURE_PLATE], [CAR])


def test_letters_in_the_upper_third_are_a_plate_only_where_the_edge_cuts_the_vehicle_off() -> None:
    badge = replace(BADGE, y=BADGE.y - 110)
    assert not covers(badge, [badge], [], [CAR])
    assert covers(replace(badge, y=badge.y - 100), [replace(badge, y=badge.y - 100)], [], [replace(CAR, y=0)])


def test_letters_of_the_car_behind_are_covered() -> None:
    behind = Box("car", 420, 120, 300, 240, 0.8)
    letters = Box("text", 560, 280, 70, 18, 0.9)
    assert covers(letters, [letters], [SURE_PLATE], [CAR, behind])


def test_a_plate_that_fills_the_picture_is_taken_and_what_is_wider_is_none() -> None:
    def kept(width: float) -> list[Box]:
        return _likely([Box("plate", 8, 100, width, 110, 0.7)], 0.2, 416, 416, (0.09, 0.09))

    assert kept(383)
    assert not kept(400)
