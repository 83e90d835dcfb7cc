"""Sports: drills and their repetitions, highlights, the camera, whether the sport fits; poses steadied over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.video import sports
from pipeline.video.boxes import Box
from pipeline.video.drills import Drill, drills
from pipeline.video.loudness import loudness
from pipeline.video.pose import COCO17
from pipeline.video.probe import probe
from pipeline.video.records import KeyRow, PoseRow
from pipeline.video.smooth import smooth
from pipeline.video.tags import assign
from tests.engine.test_tagging import FPS, at_ten_hertz, log, scene, stand
from tests.media import make_video


def named(poses: list[PoseRow], value: str, discipline: str | None = None) -> Drill:
    (found,) = [d for d in drills(poses, fps=FPS, discipline=discipline) if d.value == value]
    return found


def test_squats_are_counted() -> None:
    poses = [stand(t, sink=max(0.0, np.sin(t * 2 * np.pi / 2.5))) for t in at_ten_hertz(12.4)]
    assert named(poses, "squat").count == 5


def test_a_squat_that_the_end_cuts_off_counts_and_pauses_do_not_part_a_set() -> None:
    def depth(t: float) -> float:  # down for 2 s, standing for 3 s, and the recording ends on the way up
        return float(max(0.0, np.sin((t % 5.0) * np.pi / 2))) if t % 5.0 < 2 else 0.0

    poses = [stand(t, sink=depth(t)) for t in at_ten_hertz(11.6)]
    assert named(poses, "squat").count == 3
    assert named([stand(t, sink=depth(t)) for t in at_ten_hertz(11.1)], "squat").count == 2


def test_jumps_are_counted() -> None:
    def lift(t: float) -> float:
        return max(0.0, 50 * (1 - (((t % 2.0) - 1.0) / 0.3) ** 2))

    assert named([stand(t, lift=lift(t)) for t in at_ten_hertz(6)], "jumping").count == 3


def kicking(t: float) -> PoseRow:
    """A right foot that swings up and forward within 0.3 s, at t = 2."""
    row = stand(t)
    up = float(np.clip(1 - abs(t - 2.0) / 0.3, 0, 1))
    row.landmarks[28, :2] += (90 * up, -70 * up)
    row.landmarks[26, :2] += (45 * up, -35 * up)
    return row


def test_a_kick() -> None:
    poses = [kicking(t) for t in at_ten_hertz(4)]
    kick = named(poses, "kick", "football")
    assert abs(kick.event_s - 2.0) < 0.35
    assert not [d for d in drills(poses, fps=FPS, discipline="golf") if d.value == "kick"]
    still = drills([stand(t) for t in at_ten_hertz(4)], fps=FPS, discipline="football")
    assert still == []


def swinging(t: float) -> PoseRow:
    """Both hands together, from one side of the body to the other around t = 2."""
    row = stand(t)
    x = float(np.interp(t, [1.7, 2.3], [10, 190]))
    row.landmarks[15:17, :2] = (x, 260)
    row.landmarks[16, 0] += 8
    return row


def test_a_swing() -> None:
    poses = [swinging(t) for t in at_ten_hertz(4)]
    assert abs(named(poses, "swing", "golf").event_s - 2.0) < 0.4
    assert not [d for d in drills(poses, fps=FPS, discipline="basketball") if d.value == "swing"]


def test_the_same_arm_is_a_serve_in_tennis() -> None:
    poses = [stand(t, arm=float(np.clip((t - 2.0) / 0.4, 0, 1)) if t < 3 else 0.0) for t in at_ten_hertz(5)]
    assert named(poses, "serve", "tennis").count == 1


def test_what_nobody_does_in_a_sport_is_not_said() -> None:
    found = [Drill("kick", 0, 1, 0.5, 0.5), Drill("running", 0, 1, 0.5, 0.5)]
    assert [d.value for d in sports.plausible(found, "tennis")] == ["running"]
    assert sports.plausible(found, None) == found


def key(frame: int, *things: tuple[str, float]) -> KeyRow:
    return KeyRow.of(frame, [Box(kind, 100, 50, 80, height, 0.8) for kind, height in things])


def test_the_contributors_sport_is_checked() -> None:
    people = log([key(i, ("person", 300)) for i in range(20)])
    with_ball = log([key(i, ("person", 300), ("sports ball", 20)) for i in range(20)])
    empty = log([key(i) for i in range(20)])
    assert sports.fits(with_ball, "basketball") == 1.0
    assert sports.doubt(with_ball, "basketball", 20) is None
    assert sports.doubt(people, "basketball", 20) is None
    assert "Nothing in the picture shows that this is cycling" in (sports.doubt(people, "cycling", 20) or "")
    assert "No person could be found" in (sports.doubt(empty, "martial_arts", 20) or "")


def test_squats_are_no_basketball() -> None:
    poses = [stand(t, sink=max(0.0, np.sin(t * 2 * np.pi / 2.5))) for t in at_ten_hertz(10)]
    seen = log([key(i, ("person", 300)) for i in range(20)], poses)
    assert "Squats fill much of this recording" in (sports.doubt(seen, "basketball", 10) or "")
    assert sports.doubt(seen, "fitness", 10) is None


def test_athletes_are_counted_over_time() -> None:
    people = [("person", 300.0)] * 5
    crowd = [key(round(s * FPS), *people[: 5 if s >= 12 else 1 if s < 6 else 0]) for s in range(20)]
    found = sports.athletes(log(crowd), 20.0)
    assert [(span.value, span.start_s, span.end_s) for span in found] == [
        ("one", 0, 6),
        ("none", 6, 12),
        ("group", 12, 20),
    ]


@pytest.mark.parametrize(("height", "value"), [(650.0, "close"), (150.0, "wide"), (350.0, None)])
def test_how_near_the_athletes_are(height: float, value: str | None) -> None:
    found = sports.camera(scene(5), log([key(i, ("person", height)) for i in range(20)]))
    assert [name for name, _ in found if name not in ("static", "moving")] == ([value] if value else [])


def test_highlights_are_where_it_moves_and_sounds() -> None:
    t = np.arange(round(90 * FPS)) / FPS
    moves = np.where((t > 40) & (t < 42), 9.0, 2.0).astype(np.float32)
    levels = np.full(180, 40.0, np.float32)
    levels[140:143] = 70.0
    found = sports.highlights(scene(90, difference=moves), [], FPS, 90.0, levels)
    assert [round(m.event_s / 5) * 5 for m in found] == [40, 70]
    assert sports.highlights(scene(90, difference=2.0), [], FPS, 90.0, None) == []


def test_a_shot_makes_a_highlight_of_the_moment() -> None:
    t = np.arange(round(60 * FPS)) / FPS
    moves = np.where((t > 30) & (t < 31), 2.15, 2.0).astype(np.float32)
    shot = Drill("shot", 29.5, 31, 30.5, 0.6)
    assert len(sports.highlights(scene(60, difference=moves), [shot], FPS, 60.0, None)) == 1
    assert sports.highlights(scene(60, difference=moves), [], FPS, 60.0, None) == []


def test_counts_are_in_the_report() -> None:
    poses = [stand(t, sink=max(0.0, np.sin(t * 2 * np.pi / 2.5))) for t in at_ten_hertz(10)]
    found = assign(
        scene=scene(10),
        log=log(None, poses),
        vertical="sports",
        discipline="fitness",
        detector="",
        end_s=10.0,
    )
    squat = next(tag for tag in found if tag.id == "sport.drill.squat")
    assert squat.public()["count"] == 4
    assert "count" not in next(tag for tag in found if tag.id.startswith("odd.")).public()


def test_loudness_of_a_file(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", 3, (160, 120), 10, audio=True)
    levels = loudness(tmp_path / "a.mp4", probe(tmp_path / "a.mp4"))
    assert levels is not None
    assert len(levels) in (5, 6)
    assert levels.min() > 50
    make_video(tmp_path / "b.mp4", 2, (160, 120), 10)
    assert loudness(tmp_path / "b.mp4", probe(tmp_path / "b.mp4")) is None


# Poses over time ---------------------------------------------------------------------------------------------------


def shaken(seed: int = 3) -> tuple[list[PoseRow], np.ndarray]:
    """A standing person whose joints tremble by three pixels, and where they truly are."""
    chance = np.random.default_rng(seed)
    truth, rows = [], []
    for t in at_ten_hertz(5):
        row = stand(t)
        truth.append(row.landmarks[:, :2].copy())
        row.landmarks[:, :2] += chance.normal(0, 3, (33, 2)).astype(np.float32)
        row.keypoints[:] = np.c_[row.landmarks[list(COCO17), :2], np.full(17, 2)]
        rows.append(row)
    return rows, np.stack(truth)


def test_trembling_is_taken_out() -> None:
    rows, truth = shaken()
    before = np.stack([row.landmarks[:, :2] for row in rows]) - truth
    smooth(rows, FPS)
    after = np.stack([row.landmarks[:, :2] for row in rows]) - truth
    assert np.abs(after).mean() < 0.65 * np.abs(before).mean()
    assert all(np.allclose(row.keypoints[:, :2], row.landmarks[list(COCO17), :2]) for row in rows)


def test_fast_movement_does_not_lag() -> None:
    rows = [kicking(t) for t in at_ten_hertz(4)]
    truth = np.stack([row.landmarks[28, :2].copy() for row in rows])
    smooth(rows, FPS)
    moved = np.stack([row.landmarks[28, :2] for row in rows])
    assert np.abs(moved - truth).mean() < 3.0
    assert abs(int(moved[:, 1].argmin()) - int(truth[:, 1].argmin())) <= 1


def test_what_is_absent_or_nobodys_stays_as_it_is() -> None:
    rows, _ = shaken()
    for row in rows:
        row.keypoints[9] = 0
    stranger = stand(1.0)
    stranger.track = None
    before = stranger.landmarks.copy()
    smooth([*rows, stranger], FPS)
    assert all((row.keypoints[9] == 0).all() for row in rows)
    assert (stranger.landmarks == before).all()
    assert all((row.landmarks[:, 3] == 1).all() for row in rows)
