"""Redaction remembers: gaps are bridged along the motion, boxes are held around every track, cuts end them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.video.boxes import Box, clip_to, covered
from pipeline.video.motion import Step
from pipeline.video.track import Track
from pipeline.video.tracks import Tracker

FPS, SCALE = 30.0, 4.0
PLATE, FACE = frozenset({"plate"}), frozenset({"face"})


def steps(dx: float = 0.0, *, cut: bool = False) -> Step:
    """A picture that moves dx pixels to the right, all of it."""
    flow = np.zeros((90, 160, 2), np.float16)
    flow[..., 0] = dx / SCALE
    return Step(flow=flow, cut=cut, same=False, difference=1.0)


def plate(x: float, y: float = 100.0) -> Box:
    return Box("plate", x, y, 60, 20, 0.9)


def follow(
    detections: dict[int, list[Box]],
    *,
    frames: int,
    dx: float = 0.0,
    cut_at: int | None = None,
    kinds: frozenset[str] = PLATE,
) -> dict[int, list[tuple[Track, Box]]]:
    """Run a tracker as the engine does (look every 3rd frame); return what covers each frame as it leaves."""
    tracker = Tracker(width=640, height=360, fps=FPS, scale=SCALE)
    out: dict[int, list[tuple[Track, Box]]] = {}

    def leave(upto: int) -> None:
        while len(out) < upto:
            frame = len(out)
            out[frame] = tracker.covering(frame, kinds)
            tracker.forget(frame)

    for frame in range(frames):
        tracker.note(frame, Step(None, True, False, 0.0) if frame == 0 else steps(dx, cut=frame == cut_at))
        if frame % 3 == 0 or (cut_at is not None and frame in (cut_at - 1, cut_at)):
            tracker.update(frame, detections.get(frame, []))
            leave(frame - tracker.hold)
    tracker.finish(frames - 1)
    leave(frames)
    return out


def covers(out: dict[int, list[tuple[Track, Box]]], frame: int, truth: Box) -> bool:
    return any(covered(truth, box) > 0.97 for _, box in out[frame])


def test_frames_between_two_looks_are_covered_along_the_motion() -> None:
    out = follow({f: [plate(50 + 5 * f)] for f in range(0, 60, 3)}, frames=60, dx=5)
    assert all(covers(out, f, plate(50 + 5 * f)) for f in range(60))
    assert len({track.id for found in out.values() for track, _ in found}) == 1


def test_motion_that_bends_between_two_looks_is_still_covered() -> None:
    truth = [plate(200 + 30 * np.sin(f / 4)) for f in range(60)]
    out = follow({f: [truth[f]] for f in range(0, 60, 3)}, frames=60)
    assert np.mean([covers(out, f, truth[f]) for f in range(60)]) > 0.6
    assert all(max(covered(truth[f], b) for _, b in out[f]) > 0.85 for f in range(58))


def test_a_gap_of_a_second_is_bridged() -> None:
    seen = {f: [plate(50 + 4 * f)] for f in range(0, 90, 3) if not 27 <= f < 57}
    out = follow(seen, frames=90, dx=4)
    assert all(covers(out, f, plate(50 + 4 * f)) for f in range(90))


def test_boxes_are_held_half_a_second_before_and_after() -> None:
    out = follow({f: [plate(200)] for f in (60, 63, 66)}, frames=120)
    assert all(covers(out, f, plate(200)) for f in range(60 - 15, 66 + 16))
    assert not out[20]
    assert not out[110]


def test_an_established_plate_is_followed_for_longer_when_it_is_lost() -> None:
    out = follow({f: [plate(50 + 3 * f)] for f in range(0, 30, 3)}, frames=120, dx=3)
    assert all(covers(out, f, plate(50 + 3 * f)) for f in range(27 + 55))
    assert not out[110]


def test_what_is_held_follows_the_motion() -> None:
    out = follow({60: [plate(300)]}, frames=120, dx=3)
    assert covers(out, 48, plate(300 - 3 * 12))
    assert covers(out, 72, plate(300 + 3 * 12))


@pytest.mark.parametrize("kind", ["face", "plate"])
def test_what_leaves_the_picture_is_covered_until_little_of_it_is_left(kind: str) -> None:
    def there(f: int) -> Box:
        return Box(kind, 400 + 10 * f, 100, 60, 50, 0.9)

    out = follow({f: [there(f)] for f in (0, 3, 6, 9)}, frames=40, dx=10, kinds=frozenset({kind}))
    for f in range(23):  # the last 10 of 60 pixels are in the picture
        seen = clip_to(there(f), 640, 360)
        assert any(covered(seen, box) > 0.97 for _, box in out[f]), f
    assert not out[26]


def test_what_is_tall_is_left_when_half_of_it_is_out() -> None:
    out = follow({0: [Box("face", 560, 100, 100, 120, 0.9)]}, frames=20, dx=10, kinds=FACE)
    assert out[2]
    assert not out[8]


def test_a_lost_box_grows() -> None:
    out = follow({60: [plate(300)]}, frames=120)
    assert out[75][0][1].w > 1.1 * out[60][0][1].w


def test_a_single_weak_glimpse_is_covered_briefly_but_a_second_one_confirms_it() -> None:
    weak = Box("plate", 300, 100, 60, 20, 0.4)
    once = follow({60: [weak]}, frames=120)
    assert covers(once, 55, weak)
    assert covers(once, 65, weak)
    assert not once[48]
    twice = follow({60: [weak], 63: [weak]}, frames=120)
    assert all(covers(twice, f, weak) for f in range(60 - 15, 63 + 16))


def test_a_plate_seen_once_and_weakly_is_found_again_by_its_look_for_half_a_second() -> None:
    """Everything that does not move is found again by its look, also what is no plate."""
    dice = np.random.default_rng(3)
    luma = cv2.GaussianBlur(dice.integers(0, 255, (360, 640), np.uint8), (0, 0), 2)

    def last(hits: dict[int, Box]) -> int:
        tracker = Tracker(width=640, height=360, fps=FPS, scale=SCALE)
        for frame in range(0, 120):
            tracker.note(frame, Step(None, True, False, 0.0) if frame == 0 else steps())
            if frame % 3 == 0:
                tracker.update(frame, [hits[frame]] if frame in hits else [], luma)
        tracker.finish(119)
        return max(frame for frame in range(120) if tracker.covering(frame, PLATE))

    weak = Box("plate", 300, 100, 60, 20, 0.4)
    assert last({30: weak}) <= 30 + 0.75 * FPS
    assert last({30: replace(weak, score=0.7)}) >= 30 + 1.9 * FPS
    assert last({30: weak, 33: weak}) >= 33 + 1.9 * FPS


def test_what_the_way_forward_covered_stays_covered_when_the_next_look_is_smaller() -> None:
    """A head that turns, a look that cut off its side: frames between two looks show what the first one saw."""
    wide, narrow = Box("face", 200, 100, 60, 70, 0.9), Box("face", 225, 100, 35, 70, 0.9)
    out = follow({0: [wide], 3: [narrow], 6: [narrow]}, frames=30, kinds=FACE)
    for f in (0, 1, 2):
        assert covers(out, f, wide)
    assert any(covered(narrow, box) > 0.97 for _, box in out[4])


def test_what_is_there_when_a_scene_begins_is_covered_from_its_first_frame() -> None:
    weak = Box("plate", 300, 100, 60, 20, 0.4)
    at_the_start = follow({12: [weak]}, frames=60)
    assert all(covers(at_the_start, f, weak) for f in range(12))
    after_a_cut = follow({42: [weak]}, frames=90, cut_at=31)
    assert all(covers(after_a_cut, f, weak) for f in range(31, 42))
    assert not covers(after_a_cut, 30, weak)


def test_what_came_in_over_the_edge_is_covered_from_there_though_it_was_seen_once_and_weakly() -> None:
    """At frame 60 it is 90 px from the left edge and comes 8 px a frame, so it was outside half a second before."""
    weak = Box("face", 90, 100, 40, 50, 0.4)
    out = follow({60: [weak]}, frames=120, dx=8, kinds=FACE)
    for f in range(49, 61):
        assert covers(out, f, clip_to(replace(weak, x=90 + 8 * (f - 60)), 640, 360)), f"frame {f}"
    assert not out[75]
    far = follow({60: [replace(weak, x=320)]}, frames=120, dx=8, kinds=FACE)
    assert not far[51]


def test_a_face_that_the_edge_cut_off_is_covered_whole_while_it_comes_in() -> None:
    """A look sees its left half at the right edge; then the camera turns to it, until the next look."""
    half = Box("face", 616, 100, 24, 50, 0.9)
    out = follow({30: [half], 33: [half], 36: [half]}, frames=42, dx=-2, kinds=FACE)
    assert any(box.x2 >= 639 for _, box in out[40])
    inside = replace(half, x=560)
    out = follow({30: [inside], 33: [inside], 36: [inside]}, frames=42, dx=-2, kinds=FACE)
    assert all(box.x2 < 590 for _, box in out[40])


def test_letters_beside_a_plate_are_another_thing() -> None:
    """A badge is seen twice, then a plate under it: the badge's box does not jump down to it, the plate has its own."""
    badge, number = Box("plate", 300, 100, 60, 20, 0.9), Box("plate", 300, 130, 60, 24, 0.9)
    out = follow({0: [badge], 3: [badge], 9: [number], 12: [number]}, frames=30)
    for f in range(9):
        assert covers(out, f, badge)
        assert covers(out, f, number)
    assert len({track.id for track, _ in out[9]}) == 2


@pytest.mark.parametrize(("left", "whole"), [(0, True), (300, False)])
def test_a_plate_at_the_edge_does_not_shrink_at_once_to_what_a_look_sees_of_it(
    left: int, *, whole: bool
) -> None:
    """Its look is cut off by the edge, so nothing else tells that it is still there."""
    luma = np.full((360, 640), 120, np.uint8)
    plate_, part = Box("plate", left, 100, 120, 60, 0.9), Box("plate", left + 40, 105, 60, 50, 0.5)
    tracker = Tracker(width=640, height=360, fps=FPS, scale=SCALE)
    for frame in range(7):
        tracker.note(frame, Step(None, True, False, 0.0) if frame == 0 else steps())
        if frame % 3 == 0:
            tracker.update(frame, [part if frame == 6 else plate_], luma)
    ((_, box),) = tracker.covering(6, PLATE)
    assert (covered(plate_, box) > 0.7) == whole


def test_nothing_is_carried_over_a_change_of_scene() -> None:
    out = follow({f: [plate(200)] for f in (51, 54, 57, 59)}, frames=120, cut_at=60)
    assert covers(out, 59, plate(200))
    assert not out[60]
    out = follow({f: [plate(200)] for f in (60, 63, 66)}, frames=120, cut_at=60)
    assert not out[59]
    assert covers(out, 60, plate(200))


def test_two_that_pass_each_other_stay_covered() -> None:
    left = [Box("plate", 100 + 4 * f, 100, 50, 20, 0.9) for f in range(60)]
    right = [Box("plate", 340 - 4 * f, 112, 50, 20, 0.9) for f in range(60)]
    out = follow({f: [left[f], right[f]] for f in range(0, 60, 3)}, frames=60)
    for f in range(0, 60, 3):
        assert covers(out, f, left[f])
        assert covers(out, f, right[f])


def test_a_track_seen_once_is_doubtful() -> None:
    out = follow({60: [plate(300)]}, frames=120)
    assert "seen in very few frames" in out[60][0][0].review


def test_a_face_that_two_tracks_follow_is_masked_by_one_and_stays_covered() -> None:
    """One that jumped begins a second track; both would be seen again in every look, each on its side of the face."""

    def face(x: float) -> Box:
        return Box("face", x, 100, 40, 50, 0.9)

    seen = {f: [face(200)] for f in range(0, 60, 3)} | {f: [face(200), face(204)] for f in (30, 33, 36)}
    out = follow(seen, frames=90, kinds=FACE)
    assert {len(out[f]) for f in range(60)} == {1}
    assert all(covers(out, f, face(200)) for f in range(60))
    assert all(covered(face(204), out[f][0][1]) > 0.9 for f in (30, 33, 36))


def test_faces_that_pass_each_other_are_covered_when_they_part() -> None:
    left = [Box("face", 100 + 4 * f, 100, 40, 50, 0.9) for f in range(60)]
    right = [Box("face", 340 - 4 * f, 104, 40, 50, 0.9) for f in range(60)]
    out = follow({f: [left[f], right[f]] for f in range(0, 60, 3)}, frames=60, kinds=FACE)
    for f in range(0, 60, 3):
        assert covers(out, f, left[f])
        assert covers(out, f, right[f])


NEAR, BEHIND = Box("face", 200, 100, 60, 72, 0.9), Box("face", 200, 62, 34, 42, 0.9)


def test_a_face_that_a_look_misses_stays_covered_when_another_is_seen_half_behind_it() -> None:
    """The coarser look finds one of two: it is not taken for the other, whose box would shrink and move away."""
    seen = {f: [NEAR] for f in range(0, 60, 3)} | {30: [BEHIND]}
    out = follow(seen, frames=60, kinds=FACE)
    assert all(covers(out, f, NEAR) for f in range(60))
    assert covers(out, 30, BEHIND)


def test_a_face_that_jumped_leaves_no_box_behind_for_long() -> None:
    """It may have been the same face, faster than the flow: then nobody is where it was expected."""
    away = replace(NEAR, x=250)
    out = follow(
        {0: [NEAR], 3: [NEAR], 6: [NEAR]} | {f: [away] for f in range(9, 60, 3)}, frames=60, kinds=FACE
    )
    assert all(covers(out, f, NEAR) for f in range(9))
    assert all(covers(out, f, away) for f in range(9, 60))
    assert not any(covered(NEAR, box) > 0.9 for f in range(21, 60) for _, box in out[f])
