"""Clips last 5–60 s, begin at keyframes and where the scenario changes, and leave out black and frozen picture."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.video import cut
from pipeline.video.cut import Piece, tags_of
from pipeline.video.dead import Dropped, stretches
from pipeline.video.motion import Motion
from pipeline.video.redact import Planes
from pipeline.video.scene import COLUMNS, SceneLog
from pipeline.video.tags import Tag
from tests.media import texture

FPS = 25.0


def scene(seconds: float, **columns: dict[float, float]) -> SceneLog:
    """A scene log of ordinary daylight; each column may be set from a second on."""
    log = SceneLog()
    base = dict.fromkeys(COLUMNS, 0.0) | {"luma": 120.0, "spread": 50.0, "sky": 160.0, "sharp": 500.0}
    for frame in range(round(seconds * FPS)):
        row = dict(base)
        for name, changes in columns.items():
            for second, value in changes.items():
                if frame >= round(second * FPS):
                    row[name] = value
        for name in COLUMNS:
            log._rows[name].append(row[name])
    return log


def keyframes(seconds: float) -> list[int]:
    return list(range(0, round(seconds * FPS), 25))


def plan(
    scene: SceneLog, tags: list[Tag], keyframes: list[int], fps: float, dropped: list[Dropped] | None = None
) -> list[Piece]:
    """The pieces alone, after the dead stretches have been found."""
    found = stretches(scene, tags, fps=fps, vertical="driving") if dropped is None else dropped
    return cut.plan(scene=scene, tags=tags, keyframes=keyframes, fps=fps, dropped=found)[0]


def tag(name: str, start: float, end: float, event: float | None = None) -> Tag:
    return Tag(name, start, end, event, 0.8, "model:" + "0" * 64)


@pytest.mark.parametrize("seconds", [5.2, 7.9, 9.0, 11.0, 20.0, 21.0, 61.0, 600.0])
def test_lengths_and_no_gap(seconds: float) -> None:
    pieces = plan(scene=scene(seconds), tags=[], keyframes=keyframes(seconds), fps=FPS)
    assert pieces[0].start == 0
    assert pieces[-1].end == round(seconds * FPS)
    assert all(a.end == b.start for a, b in pairwise(pieces))
    assert all(5 <= (p.end - p.start) / FPS <= 60 for p in pieces)
    assert all(p.start % 25 == 0 for p in pieces)


@pytest.mark.parametrize("seconds", [0.6, 1.0, 3.9])
def test_a_short_source_gives_one_clip(seconds: float) -> None:
    frames = round(seconds * FPS)
    assert plan(scene=scene(seconds), tags=[], keyframes=keyframes(seconds), fps=FPS) == [Piece(0, frames)]


def test_boundaries_where_tags_change() -> None:
    tags = [tag("ego.straight", 0, 7), tag("ego.stopped", 7, 16), tag("ego.straight", 16, 30)]
    pieces = plan(scene=scene(30), tags=tags, keyframes=keyframes(30), fps=FPS)
    assert {7 * 25, 16 * 25} <= {p.start for p in pieces}


def test_actors_do_not_cut() -> None:
    quiet = plan(scene=scene(30), tags=[], keyframes=keyframes(30), fps=FPS)
    busy = [tag("actor.car", second, second + 1) for second in range(0, 30, 2)]
    assert plan(scene=scene(30), tags=busy, keyframes=keyframes(30), fps=FPS) == quiet


def test_black_and_frozen_picture_is_left_out() -> None:
    black = scene(30, luma={0: 120.0, 10: 16.0, 15: 120.0}, spread={0: 50.0, 10: 0.0, 15: 50.0})
    frozen = scene(30, same={0: 0.0, 10: 1.0, 15: 0.0})
    for log in (black, frozen):
        pieces = plan(scene=log, tags=[], keyframes=keyframes(30), fps=FPS)
        kept = np.zeros(750, bool)
        for piece in pieces:
            kept[piece.start : piece.end] = True
        assert kept[:250].all()
        assert not kept[251:374].any()
        assert kept[375:].all()


def test_a_footage_without_anything_still_has_one_clip() -> None:
    log = scene(60, luma={0: 16.0}, spread={0: 0.0})
    assert plan(scene=log, tags=[], keyframes=keyframes(60), fps=FPS) == [Piece(0, 500)]


def test_what_is_all_private_has_none() -> None:
    log = scene(60)
    dropped = [Dropped(0.0, 29.5, "private"), Dropped(31.2, 60.0, "private")]
    assert plan(scene=log, tags=[], keyframes=list(range(0, 1500, 50)), fps=FPS, dropped=dropped) == []


def test_a_clip_carries_what_happens_in_it() -> None:
    tags = [
        tag("ego.straight", 0, 4.9),
        tag("ego.stopped", 4.9, 12),
        tag("sport.drill.shot", 4.6, 5.2, event=5.1),
        tag("actor.car", 9.5, 11),
    ]
    assert tags_of(Piece(125, 250), tags, FPS) == ["actor.car", "ego.stopped", "sport.drill.shot"]


def test_an_event_is_not_cut_through_and_has_time_around_it() -> None:
    tags = [tag("ego.straight", 0, 120), tag("event.hard_brake", 59, 62, event=60.0)]
    pieces = plan(scene=scene(120), tags=tags, keyframes=keyframes(120), fps=FPS)
    around = next(p for p in pieces if p.start <= 60 * FPS < p.end)
    assert around.start <= 57 * FPS
    assert around.end >= 63 * FPS


@pytest.mark.parametrize("width", [160, 240, 320])
def test_a_narrow_picture_is_no_covered_lens(width: int) -> None:
    height = width * 3 // 4
    picture = cv2.cvtColor(texture((width, height), seed=3), cv2.COLOR_BGR2GRAY)
    grey = np.full(width * height // 2, 128, np.uint8)
    planes = Planes.of(np.concatenate([picture.ravel(), grey]), width, height)
    log = SceneLog()
    motion = Motion(width, height)
    for _ in range(round(10 * FPS)):
        small = motion.shrink(planes.y)
        log.add(planes, small, motion.step(small, same=False))
    assert stretches(log, [], fps=FPS, vertical="driving") == []


def test_why_something_is_left_out_is_said() -> None:
    hand = scene(60, spread={0: 50.0, 20: 4.0, 30: 50.0})
    assert [(d.start_s, d.end_s, d.reason) for d in stretches(hand, [], fps=FPS, vertical="driving")] == [
        (20.0, 30.0, "covered_lens")
    ]
    fogged = scene(60, sharp={0: 500.0, 40: 2.0})
    assert [d.reason for d in stretches(fogged, [], fps=FPS, vertical="sports")] == ["covered_lens"]


def test_parked_is_left_out_and_waiting_at_a_light_is_not() -> None:
    waits = [tag("ego.straight", 0, 20), tag("ego.stopped", 20, 110), tag("ego.straight", 110, 300)]
    assert stretches(scene(300), waits, fps=FPS, vertical="driving") == []
    parks = [tag("ego.straight", 0, 20), tag("ego.stopped", 20, 220), tag("ego.straight", 220, 300)]
    dropped = stretches(scene(300), parks, fps=FPS, vertical="driving")
    assert [(d.start_s, d.end_s, d.reason) for d in dropped] == [(30.0, 215.0, "parked")]
    pieces = plan(scene=scene(300), tags=parks, keyframes=keyframes(300), fps=FPS)
    assert not any(p.start < 200 * FPS and p.end > 40 * FPS for p in pieces)


def test_not_one_private_picture_is_in_a_clip() -> None:
    log = scene(60)
    dropped = stretches(log, [], fps=FPS, vertical="driving", hidden=[(0, 130), (700, 760)])
    assert [d.reason for d in dropped] == ["private", "private"]
    pieces = plan(scene=log, tags=[], keyframes=keyframes(60), fps=FPS, dropped=dropped)
    frames = {frame for p in pieces for frame in range(p.start, p.end)}
    assert frames
    assert not frames & {*range(130), *range(700, 760)}


def test_a_loop_makes_one_clip() -> None:
    t = np.arange(round(40 * FPS)) % round(20 * FPS)
    wave = 120 + 30 * np.sin(t / 37.0)
    log = scene(40, difference={0: 3.0})
    for name in ("luma", "spread", "sky"):
        log._rows[name][:] = type(log._rows[name])("f", wave.tolist())
    log._rows["cut"][500] = 1.0
    pieces, dropped = cut.plan(scene=log, tags=[], keyframes=keyframes(40), fps=FPS)
    assert pieces == [Piece(0, 500)]
    assert [(d.start_s, d.end_s, d.reason) for d in dropped] == [(20.0, 40.0, "duplicate")]
