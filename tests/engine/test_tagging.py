"""Tags say what the footage shows: light, own motion, actors, drills; and unknown where nothing is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pipeline.video.drills import drills
from pipeline.video.records import KeyRow, Log, PoseRow
from pipeline.video.scene import COLUMNS, SceneLog
from pipeline.video.spans import spans
from pipeline.video.tags import assign
from pipeline.video.weather import illumination

FPS = 30.0


def scene(seconds: float, **columns: np.ndarray | float) -> SceneLog:
    log = SceneLog()
    base: dict[str, np.ndarray | float] = dict.fromkeys(COLUMNS, 0.0)
    base |= {
        "luma": 120.0,
        "spread": 50.0,
        "sky": 160.0,
        "sharp": 500.0,
        "speed": 0.02,
        "distance": 3.0,
        "near": 3.0,
    }
    base |= {"chroma": 12.0, "floor": 30.0, "sky_chroma": 12.0, **columns}
    count = round(seconds * FPS)
    for name in COLUMNS:
        log._rows[name].extend(np.broadcast_to(np.asarray(base[name], np.float32), count).tolist())
    return log


def log(keys: list[KeyRow] | None = None, poses: list[PoseRow] | None = None) -> Log:
    out = Log(fps=FPS, width=1280, height=720)
    out.keys, out.poses = keys or [], poses or []
    return out


def ids(
    scene_log: SceneLog, records: Log, *, vertical: str = "driving", discipline: str | None = None
) -> list[str]:
    end = len(scene_log) / FPS
    found = assign(
        scene=scene_log, log=records, vertical=vertical, discipline=discipline, detector="d" * 64, end_s=end
    )
    return [tag.id for tag in found]


@pytest.mark.parametrize(
    ("light", "value"),
    [
        ({"luma": 120.0, "sky": 160.0, "bright": 0.1, "spread": 50.0}, "day"),
        ({"luma": 72.0, "sky": 46.0, "bright": 0.02, "spread": 46.0}, "night_lit"),
        ({"luma": 24.0, "sky": 19.0, "bright": 0.0, "spread": 12.0}, "night_unlit"),
        ({"luma": 90.0, "sky": 98.0, "bright": 0.0, "spread": 30.0}, "dawn_dusk"),
        ({"luma": 128.0, "sky": 128.0, "bright": 0.0, "spread": 0.5}, "unknown"),
    ],
)
def test_illumination(light: dict[str, float], value: str) -> None:
    assert illumination(**light)[0] == value


def test_stop_and_turn_are_found_where_they_happen() -> None:
    t = np.arange(round(18 * FPS)) / FPS
    speed = np.where(t < 6, 0.0, 0.02).astype(np.float32)
    pan = np.where((t >= 12) & (t < 15), 0.25 / FPS, 0.0).astype(np.float32)
    end = 18.0
    found = assign(
        scene=scene(18, speed=speed, pan=pan),
        log=log(),
        vertical="driving",
        discipline=None,
        detector="",
        end_s=end,
    )
    ego = [(tag.id, tag.start_s, tag.end_s) for tag in found if tag.id.startswith("ego.")]
    assert ego == [
        ("ego.stopped", 0, 6), ("ego.straight", 6, 12), ("ego.turning_left", 12, 15), ("ego.straight", 15, 18)
    ]  # fmt: skip


def test_what_no_model_knows_is_said_to_be_unknown() -> None:
    assert {"odd.weather.unknown", "odd.road.unknown"} <= set(ids(scene(8), log()))


def sighting(second: float, **counts: int) -> KeyRow:
    return KeyRow(frame=round(second * FPS), counts=Counter(counts), best=dict.fromkeys(counts, 0.8))


def test_an_actor_needs_more_than_one_glimpse() -> None:
    keys = [sighting(s / 10, car=1) for s in range(0, 30)] + [sighting(s / 10) for s in range(30, 100)]
    keys[60] = sighting(6, bus=1)
    found = ids(scene(10), log(keys))
    assert "actor.car" in found
    assert "actor.bus" not in found


def test_traffic_counts_vehicles() -> None:
    dense = ids(scene(10), log([sighting(s / 10, car=5, truck=2) for s in range(100)]))
    assert "traffic.dense" in dense
    assert "traffic.stationary" in ids(
        scene(10, speed=0.0), log([sighting(s / 10, car=5) for s in range(100)])
    )
    assert "traffic.free" in ids(scene(10), log([sighting(s / 10, car=1) for s in range(100)]))


def test_sports_carry_what_the_contributor_said() -> None:
    tags = assign(
        scene=scene(8), log=log(), vertical="sports", discipline="basketball", detector="", end_s=8.0
    )
    by_id = {tag.id: tag for tag in tags}
    assert by_id["sport.discipline.basketball"].source == "contributor"
    assert not any(name.startswith(("ego.", "traffic.", "odd.weather")) for name in by_id)


def test_short_flickers_join_their_neighbours() -> None:
    labels = [("day", 0.8)] * 6 + [("dawn_dusk", 0.4)] + [("day", 0.8)] * 5
    (span,) = spans(labels, window_s=1.0, end_s=12.0, shortest_s=3.0)
    assert (span.value, span.start_s, span.end_s) == ("day", 0, 12)
    assert span.confidence < 0.8


# Bodies made of 33 points, 200 pixels tall ------------------------------------------------------------------------


def stand(t: float, *, sink: float = 0.0, lift: float = 0.0, swing: float = 0.0, arm: float = 0.0) -> PoseRow:
    """A person at time t: `sink` bends the knees (0..1), `lift` is off the ground in pixels, `swing` moves the knees
    apart, `arm` raises the right arm from hanging bent (0) to stretched above the head (1)."""
    marks = np.zeros((33, 4), np.float32)
    marks[:, 3] = 1.0
    hip_y = 300 - lift + 60 * sink
    marks[0, :2] = 100, hip_y - 90
    for side, x in ((0, 80), (1, 120)):
        sign = 1 if side else -1
        marks[11 + side, :2] = x, hip_y - 60
        marks[13 + side, :2] = x + sign * 5, hip_y - 30
        marks[15 + side, :2] = x + sign * 10, hip_y - 5
        marks[23 + side, :2] = x, hip_y
        marks[25 + side, :2] = x + sign * 55 * sink, hip_y + (350 - lift - hip_y) * 0.5 + sign * swing
        marks[27 + side, :2] = x, 390 - lift
    shoulder = marks[12, :2]
    marks[14, :2] = shoulder[0] + 30, shoulder[1] + 5 - 45 * arm
    marks[16, :2] = shoulder[0] + 25 + 15 * arm, shoulder[1] - 25 - 75 * arm
    return PoseRow(round(t * FPS), 7, (50, 200, 100, 200), marks, np.zeros((17, 3), np.float32), 0.9)


def names(poses: list[PoseRow], discipline: str | None = None) -> list[str]:
    return [drill.value for drill in drills(poses, fps=FPS, discipline=discipline)]


def at_ten_hertz(seconds: float) -> np.ndarray:
    return np.arange(0, seconds, 0.1)


def test_standing_is_no_drill() -> None:
    assert names([stand(t) for t in at_ten_hertz(5)]) == []


def test_squats_are_joined_to_one_drill() -> None:
    poses = [stand(t, sink=max(0.0, np.sin(t * 2 * np.pi / 2.5))) for t in at_ten_hertz(10)]
    (found,) = [d for d in drills(poses, fps=FPS, discipline=None) if d.value == "squat"]
    assert found.start_s < 1.5
    assert found.end_s > 8


def test_a_jump_has_its_moment() -> None:
    poses = [stand(t, lift=max(0.0, 50 * (1 - ((t - 2.0) / 0.3) ** 2))) for t in at_ten_hertz(4)]
    (found,) = drills(poses, fps=FPS, discipline=None)
    assert found.value == "jumping"
    assert abs(found.event_s - 2.0) < 0.15


def test_running_is_knees_in_turn() -> None:
    assert names([stand(t, swing=30 * np.sin(t * 2 * np.pi * 1.4)) for t in at_ten_hertz(4)]) == ["running"]


def test_an_arm_that_stretches_above_the_head_is_a_shot_or_a_throw() -> None:
    poses = [stand(t, arm=float(np.clip((t - 2.0) / 0.4, 0, 1)) if t < 3 else 0.0) for t in at_ten_hertz(5)]
    assert names(poses, "basketball") == ["shot"]
    assert names(poses, "athletics") == ["throw"]
