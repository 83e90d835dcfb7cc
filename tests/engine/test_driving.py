"""Driving tags: own motion and events from telemetry and from flow, encounters from boxes, weather from pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.telemetry import Privacy, Ride, place
from pipeline.telemetry.private import Hidden, hidden
from pipeline.telemetry.ride import RATE_HZ, ride
from pipeline.telemetry.track import Track
from pipeline.video import ego, encounters, weather
from pipeline.video.boxes import Box
from pipeline.video.ego import Event
from pipeline.video.records import KeyRow
from pipeline.video.spans import Span
from pipeline.video.tags import Tag, assign
from tests.engine.test_tagging import FPS, log, scene

WIDTH, HEIGHT = 1280, 720


def drive(speed: np.ndarray, yaw_dps: np.ndarray | None = None) -> Ride:
    """A ride of one GPS fix a second with these speeds (m/s) and, with `yaw_dps`, turns."""
    t = np.arange(len(speed), dtype=np.float64)
    heading = np.zeros(len(t)) if yaw_dps is None else np.radians(np.cumsum(yaw_dps))
    north, east = np.cumsum(speed * np.cos(heading)), np.cumsum(-speed * np.sin(heading))
    nowhere = np.full(len(t), np.nan)
    track = Track("novatek", t, 48.2 + north / 111_195, 16.37 + east / 74_100, speed.astype(float), nowhere)
    found = ride(track, duration_s=float(len(t) - 1))
    assert found is not None
    return found


def events(found: list[Event]) -> list[tuple[str, int]]:
    return [(e.value, round(e.event_s)) for e in found]


def test_hard_brake_and_acceleration_by_telemetry() -> None:
    t = np.arange(80)
    speed = np.interp(t, [0, 20, 24, 40, 45, 60, 75, 80], [18, 18, 0, 0, 17.5, 17.5, 0, 0])
    spans, found = ego.by_telemetry(drive(speed), 79)
    assert [e.value for e in found] == ["hard_brake", "hard_acceleration"]  # the second stop takes 15 s
    assert abs(found[0].event_s - 22) <= 1.5
    assert abs(found[1].event_s - 42) <= 1.5
    stops = [(round(s.start_s), round(s.end_s)) for s in spans if s.value == "stopped"]
    assert [abs(a - b) <= 1 for a, b in zip(stops[0], (24, 40), strict=True)] == [True, True]


def test_turns_by_telemetry_and_the_junction_they_make() -> None:
    yaw = np.zeros(60)
    yaw[20:25] = 18.0
    found = tags(drive(np.full(60, 7.0), yaw))
    turn = next(t for t in found if t.id == "ego.turning_left")
    assert 18 <= turn.start_s <= 22
    assert turn.source == "telemetry:novatek"
    junction = next(t for t in found if t.id == "odd.road.intersection")
    assert junction.start_s < 22.5 < junction.end_s
    assert any(t.id == "odd.road.unknown" for t in found)


def test_speed_alone_says_motorway() -> None:
    found = tags(drive(np.full(60, 33.0)))
    assert [(t.id, t.start_s) for t in found if t.id.startswith("odd.road.")] == [("odd.road.motorway", 0.0)]


def tags(of: Ride | None) -> list[Tag]:
    end = 59.0 if of is None else float(of.t[-1])
    return assign(
        scene=scene(end), log=log(), vertical="driving", discipline=None, detector="", end_s=end, ride=of
    )


def test_no_tag_tells_of_what_is_private() -> None:
    t = np.arange(60)
    speed = np.interp(t, [0, 10, 13, 30, 60], [15, 15, 0, 10, 10])
    of = drive(speed)
    secret = [Hidden(0.0, 20.0, "trip_end")]
    shown = tags(Ride(of.source, of.t, of.speed, of.accel, of.yaw_rate, of.cells, of.place, secret))
    assert any(t.id == "event.hard_brake" for t in tags(of))
    assert not any(t.id == "event.hard_brake" for t in shown)
    assert all(t.start_s >= 20 for t in shown)


def test_braking_by_flow() -> None:
    t = np.arange(round(30 * FPS)) / FPS
    hard = np.interp(t, [0, 15, 16.2, 30], [0.012, 0.012, 0.0, 0.0]).astype(np.float32)
    soft = np.interp(t, [0, 10, 18, 30], [0.012, 0.012, 0.0, 0.0]).astype(np.float32)
    assert events(ego.by_flow(scene(30, speed=hard), FPS, 30)[1]) == [("hard_brake", 16)]
    assert ego.by_flow(scene(30, speed=soft), FPS, 30)[1] == []


@pytest.mark.parametrize(("peak", "seconds", "value"), [(14.0, 1.2, "swerve"), (4.0, 2.5, "lane_change")])
def test_out_and_back_is_a_swerve_or_a_change_of_lanes(peak: float, seconds: float, value: str) -> None:
    t = np.arange(round(40 * FPS)) / FPS
    wave = np.where((t > 20) & (t < 20 + 2 * seconds), np.sin((t - 20) / seconds * np.pi), 0.0)
    pan = (peak / ego.WIDTH_DEGREES * wave / FPS).astype(np.float32)
    found = ego.by_flow(scene(40, pan=pan, speed=0.02), FPS, 40)[1]
    assert [e.value for e in found] == [value]
    assert abs(found[0].event_s - (20 + seconds)) < 1.0
    bend = (peak / ego.WIDTH_DEGREES * np.abs(wave) / FPS).astype(np.float32)
    assert ego.by_flow(scene(40, pan=bend, speed=0.02), FPS, 40)[1] == []


def test_a_gyroscope_alone_tells_a_swerve() -> None:
    t = np.arange(0, 30, 0.1)
    yaw = np.where((t > 15) & (t < 17), 15 * np.sin((t - 15) * np.pi), 0.0)
    nothing = np.full(len(t), np.nan)
    of = Ride("gpmf", t, nothing, nothing, yaw, [""] * len(t), None)
    spans, found = ego.by_telemetry(of, 30)
    assert spans == []
    assert events(found) == [("swerve", 16)]
    assert any(tag.id == "ego.straight" for tag in tags(of))


def shaken(change: float, push: float) -> Ride:
    """Sensors alone: half a minute of road, a push of 1.5 s at 15 s, its vibration times `change` afterwards."""
    chance = np.random.default_rng(5)
    t = np.arange(0, 30, 0.02)
    rough = np.where(t < 16, 1.0, change)[:, None] * chance.normal(0, 0.8, (len(t), 3))
    rough[:, 2] += 9.81
    accel = np.c_[t, rough]
    accel[(t > 15) & (t < 16.5), 1] += push
    nothing = np.zeros(0)
    still = np.c_[t, np.zeros((len(t), 3))]
    found = ride(
        Track("gpmf", nothing, nothing, nothing, nothing, nothing, accel=accel, gyro=still), duration_s=30
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("change", "push", "value"), [(0.3, 4.0, "hard_brake"), (3.0, 2.5, "hard_acceleration"), (1.0, 4.0, None)]
)
def test_the_road_tells_whether_a_push_was_a_brake(change: float, push: float, value: str | None) -> None:
    found = ego.by_telemetry(shaken(change, push), 30)[1]
    assert [e.value for e in found] == ([value] if value else [])
    assert all(abs(e.event_s - 15.7) < 1.0 for e in found)


def test_reversing_shows_as_things_that_run_inwards() -> None:
    t = np.arange(round(12 * FPS)) / FPS
    spin = np.where(t < 6, 0.06, -0.08).astype(np.float32) / FPS
    found = ego.by_flow(scene(12, spin=spin, speed=0.005), FPS, 12)[0]
    assert [s.value for s in found] == ["straight", "reversing"]


def keys(
    seconds: float, kind: str, box: Callable[[float], tuple[float, float, float, float]]
) -> list[KeyRow]:
    """Key frames five times a second with one thing; `box` gives centre x, bottom, width, height as shares."""
    rows = []
    for i in range(round(seconds * 5)):
        cx, bottom, w, h = box(i / 5)
        x, y = (cx - w / 2) * WIDTH, (bottom - h) * HEIGHT
        rows.append(KeyRow.of(round(i / 5 * FPS), [Box(kind, x, y, w * WIDTH, h * HEIGHT, 0.8)]))
    return rows


def met(rows: list[KeyRow], motion: list[Span], brakes: list[Event] | None = None) -> list[Event]:
    return encounters.events(rows, fps=FPS, width=WIDTH, height=HEIGHT, ego=motion, brakes=brakes or [])


STRAIGHT = [Span("straight", 0.0, 60.0, 0.8)]


def lead(t: float) -> tuple[float, float, float, float]:
    w = 0.1 * np.exp(max(0.0, min(t, 7.0) - 5.0) * 0.5)
    return 0.5, 0.7, w, 0.8 * w


def test_a_lead_that_comes_nearer_fast_is_braking() -> None:
    assert events(met(keys(12, "car", lead), STRAIGHT)) == [("lead_brake", 5)]
    assert met(keys(12, "car", lead), [Span("stopped", 0.0, 60.0, 0.8)]) == []
    assert met(keys(12, "car", lambda t: (0.9, 0.7, lead(t)[2], lead(t)[3])), STRAIGHT) == []
    assert met(keys(12, "car", lambda t: (0.5, 0.7, 0.1, 0.08)), STRAIGHT) == []


def test_much_too_near_while_braking_hard_is_a_near_miss() -> None:
    def rush(t: float) -> tuple[float, float, float, float]:
        w = 0.15 * np.exp(max(0.0, min(t, 6.5) - 5.0) * 1.0)
        return 0.5, 0.8, w, 0.8 * w

    brake = Event("hard_brake", 5.0, 7.0, 6.0, 0.9)
    assert [e.value for e in met(keys(12, "car", rush), STRAIGHT, [brake])] == ["lead_brake", "near_miss"]
    assert [e.value for e in met(keys(12, "car", rush), STRAIGHT)] == ["lead_brake"]


def test_a_car_from_the_next_lane_cuts_in() -> None:
    found = met(
        keys(12, "car", lambda t: (float(np.interp(t, [4, 6], [0.85, 0.5])), 0.75, 0.2, 0.16)), STRAIGHT
    )
    assert [e.value for e in found] == ["cut_in"]
    assert 4.5 < found[0].event_s < 6.5
    assert met(keys(12, "car", lambda t: (0.8, 0.75, 0.2, 0.16)), STRAIGHT) == []


def test_a_person_that_walks_across_is_crossing() -> None:
    walks = keys(10, "person", lambda t: (float(np.interp(t, [2, 7], [0.2, 0.8])), 0.8, 0.08, 0.3))
    found = met(walks, [Span("stopped", 0.0, 60.0, 0.8)])
    assert [e.value for e in found] == ["pedestrian_crossing"]
    assert found[0].event_s == pytest.approx(4.5, abs=0.3)
    assert met(walks, [Span("turning_left", 0.0, 60.0, 0.8)]) == []
    assert met(keys(10, "person", lambda t: (0.2, 0.8, 0.08, 0.3)), STRAIGHT) == []


def test_a_stop_before_traffic_lights() -> None:
    motion = [Span("straight", 0.0, 6.0, 0.8), Span("stopped", 6.0, 12.0, 0.8)]
    lights = keys(12, "traffic light", lambda t: (0.6, 0.3, 0.03, 0.1))
    assert events(met(lights, motion)) == [("red_light_stop", 6)]
    assert met(lights, [Span("straight", 0.0, 12.0, 0.8)]) == []
    assert met(keys(12, "traffic light", lambda t: (0.6, 0.9, 0.03, 0.1)), motion) == []


CLEAR = {"distance": 2.9, "floor": 30.0, "chroma": 15.0, "spread": 50.0, "sky": 160.0}
CLEAR |= {"sky_blue": 25.0, "sky_chroma": 25.0, "sky_spread": 12.0, "near": 2.9, "warmth": 0.0}


@pytest.mark.parametrize(
    ("seen", "value"),
    [
        (CLEAR, "clear"),
        (CLEAR | {"sky_spread": 40.0}, "partly_cloudy"),
        (CLEAR | {"sky_blue": 0.0, "sky_chroma": 2.0, "sky": 180.0}, "overcast"),
        (CLEAR | {"distance": 1.2, "near": 1.9, "floor": 80.0, "chroma": 4.0, "spread": 25.0}, "fog"),
        (CLEAR | {"distance": 1.2, "near": 1.8, "floor": 97.0, "chroma": 1.0, "spread": 10.0}, "unknown"),
        (CLEAR | {"sky_blue": 2.0, "sky_chroma": 12.0}, "unknown"),
    ],
)
def test_weather(seen: dict[str, float], value: str) -> None:
    said, confidence = weather.weather(seen, "day")
    assert said == value
    assert (confidence > 0) == (value != "unknown")
    assert weather.weather(seen, "unknown") == ("unknown", 0.0)


def test_a_short_night_between_two_days_is_a_tunnel() -> None:
    t = np.arange(round(90 * FPS)) / FPS
    dark = (t > 30) & (t < 60)
    columns = {"luma": np.where(dark, 40.0, 120.0), "sky": np.where(dark, 30.0, 160.0)}
    columns["bright"] = np.where(dark, 0.02, 0.1)
    found = weather.light_spans(scene(90, **columns), FPS, 90)
    assert [s.value for s in found] == ["day", "tunnel", "day"]


def test_the_grid_and_the_cells_of_a_ride() -> None:
    of = drive(np.full(30, 20.0))
    assert len(of.t) == 29 * RATE_HZ
    assert len(set(of.cells)) > 1
    assert set(of.cells) <= {place.cell(48.2 + d / 111_195, 16.37) for d in range(-40, 700, 5)}
    track = Track("x", of.t, 48 + of.t * 1e-6, np.full(len(of.t), 16.0), of.speed, of.t)
    assert hidden(track, Privacy(), duration_s=29, trip=True)
