"""How the camera's vehicle moved: spans and events from telemetry where there is any, else from optical flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.telemetry.ride import RATE_HZ, Ride
from pipeline.video.scene import SceneLog
from pipeline.video.spans import Span, runs, spans, windows

Floats = NDArray[np.float64]
# Picture widths a second. Stopped: flow noise at 320 pixels. Turning: a junction turns 15–40°/s, a motorway bend
# under 4°/s, and dashcams see 70–130° across.
STOPPED_SPEED = 0.025
TURNING_PAN = 0.10
SLOWEST_EGO_FPS = 4.0
# Picture widths a second that things run inwards (the radial flow) when the car reverses, the speed at which that can
# be told, and the share of the speed that it is at least: a car that drives away from a camera that stands is less.
REVERSING_SPIN, REVERSING_SPEED, REVERSING_SHARE = -0.03, 0.06, 0.35
# By telemetry.
STOPPED_MPS, TURNING_DPS = 0.6, 6.0
# m/s². Insurers call 3–3.5 hard; a GPS that tells its speed once a second smooths a brake by a third.
HARD_BRAKE, HARD_ACCELERATION = -3.0, 2.6
# A steering that goes one way and back: degrees a second at its peaks, seconds from peak to peak, metres a second.
SWERVE_DPS, LANE_DPS, S_CURVE_S, LANE_SPEED = 8.0, 1.8, (0.6, 4.5), 8.0
# Of flow: a picture of 90° across turns by 1 width in 90°.
WIDTH_DEGREES = 90.0
# A brake shows as flow that falls from this share of what it was to that one within so many seconds.
FALL_FROM, FALL_TO, FALL_S = 0.75, 0.2, 1.8


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `event_s`, seen from start_s to end_s."""

    value: str
    start_s: float
    end_s: float
    event_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Motion:
    """The vehicle's motion on a grid of `step_s`: `moving` 0..1 by flow, `turn` in degrees a second, left positive."""

    step_s: float
    speed: Floats  # picture widths a second, smoothed
    turn: Floats


def by_telemetry(ride: Ride, end_s: float) -> tuple[list[Span], list[Event]]:
    """Return own motion and events of a ride whose speed is known for most of the time.

    With sensors alone (no fix in a tunnel) there are events and no spans; without anything, nothing.
    """
    known = np.isfinite(ride.speed)
    if known.mean() < 0.8:
        turns = np.nan_to_num(ride.yaw_rate)
        curves = _s_curves(turns, np.isfinite(ride.yaw_rate), 1 / RATE_HZ, sure=0.6, lanes=False)
        return [], sorted([*curves, *_pushes(ride)], key=lambda event: event.event_s)
    speed, accel, yaw = (np.nan_to_num(values) for values in (ride.speed, ride.accel, ride.yaw_rate))
    labels = []
    size = round(RATE_HZ / 2)
    for i in range(0, len(speed), size):
        v, w = float(speed[i : i + size].mean()), float(np.median(yaw[i : i + size]))
        if v < STOPPED_MPS:
            labels.append(("stopped", 0.95))
        elif abs(w) > TURNING_DPS and v > 1.5:
            labels.append(("turning_left" if w > 0 else "turning_right", 0.9))
        else:
            labels.append(("straight", 0.85))
    found = spans(labels, window_s=0.5, end_s=end_s, shortest_s=1.0)
    events = _hard(accel, speed, "hard_brake") + _hard(accel, speed, "hard_acceleration")
    events += _s_curves(
        yaw, speed >= LANE_SPEED, 1 / RATE_HZ, sure=0.75, lanes=ride.source in ("gpmf", "camm")
    )
    return found, events


def _hard(accel: Floats, speed: Floats, value: str) -> list[Event]:
    brake = value == "hard_brake"
    signed = -accel if brake else accel
    most = -HARD_BRAKE if brake else HARD_ACCELERATION
    out = []
    for a, b in runs(signed > most / 2):
        peak = a + int(np.argmax(signed[a:b]))
        change = abs(float(speed[min(b, len(speed) - 1)] - speed[a]))
        if signed[peak] >= most and b - a >= 0.4 * RATE_HZ and change >= 2.0:
            sure = float(np.clip(0.6 + 0.15 * (signed[peak] - most), 0.6, 0.95))
            out.append(Event(value, a / RATE_HZ, b / RATE_HZ, peak / RATE_HZ, sure))
    return out


def _pushes(ride: Ride) -> list[Event]:
    """Return the hard moments that sensors without a speed show."""
    accel = np.nan_to_num(ride.accel)
    out = []
    for value, signed, sure in (("hard_brake", -accel, 0.5), ("hard_acceleration", accel, 0.35)):
        for a, b in runs(signed > 0):
            peak = a + int(np.argmax(signed[a:b]))
            out.append(Event(value, a / RATE_HZ, b / RATE_HZ, peak / RATE_HZ, sure))
    return out


def _s_curves(
    turn: Floats, fast: NDArray[np.bool_], step_s: float, *, sure: float, lanes: bool
) -> list[Event]:
    """Find a turn one way followed by one back that leaves the direction as it was: a swerve, or a change of lanes."""
    peaks = []
    for sign in (1, -1):
        for a, b in runs((sign * turn > LANE_DPS) & fast):
            at = a + int(np.argmax(sign * turn[a:b]))
            peaks.append((at, sign, float(abs(turn[at])), abs(float(turn[a:b].sum())) * step_s, a, b))
    out: list[Event] = []
    for first, second in zip(sorted(peaks), sorted(peaks)[1:], strict=False):
        gap = (second[0] - first[0]) * step_s
        if first[1] == second[1] or not S_CURVE_S[0] <= gap <= S_CURVE_S[1]:
            continue
        lower, higher = sorted((first[3], second[3]))
        if lower < 0.45 * higher or higher > 25.0:
            continue  # the direction has changed: a bend
        strong = min(first[2], second[2]) > SWERVE_DPS
        if not strong and not lanes:
            continue
        event = (first[0] + second[0]) / 2 * step_s
        value, confidence = ("swerve", sure) if strong else ("lane_change", 0.7 * sure)
        if not out or event - out[-1].event_s > 2.0:
            out.append(Event(value, first[4] * step_s, second[5] * step_s, event, confidence))
    return out


def by_flow(scene: SceneLog, fps: float, end_s: float) -> tuple[list[Span], list[Event]]:
    """Return own motion and events that the pictures alone tell: relative speed and turns, no metres."""
    if fps < SLOWEST_EGO_FPS or float(scene.column("cut").mean()) > 0.1:
        return [], []  # time-lapse: the pictures are too far apart to tell how the camera moved
    found = _flow_spans(scene, fps, end_s)
    motion = grid(scene, fps)
    events = _falls(motion, scene, fps)
    fast = motion.speed > max(3 * STOPPED_SPEED, 0.5 * float(np.percentile(motion.speed, 75)))
    # Cuts are no turns.
    events += _s_curves(motion.turn, fast, motion.step_s, sure=0.5, lanes=True)
    return found, events


def grid(scene: SceneLog, fps: float) -> Motion:
    """Return motion ten times a second (or every frame, where there are fewer), smoothed over half a second."""
    size = max(1, round(fps / 10))
    step = size / fps
    count = max(1, len(scene) // size)

    def means(name: str) -> Floats:
        values = scene.column(name)[: count * size].astype(np.float64)
        return np.asarray(np.median(values.reshape(-1, size), axis=1) if len(values) >= size else values)

    half = max(1, round(0.25 / step))
    kernel = np.ones(2 * half + 1) / (2 * half + 1)

    def smooth(values: Floats) -> Floats:
        return np.convolve(np.pad(values, half, mode="edge"), kernel, "valid")

    # The scene moves to the right when the camera turns left.
    return Motion(step, smooth(means("speed") * fps), smooth(means("pan") * fps) * WIDTH_DEGREES)


def _flow_spans(scene: SceneLog, fps: float, end_s: float) -> list[Span]:
    window = 0.5
    columns = (windows(scene.column(name), fps, window) for name in ("pan", "speed", "spin"))
    labels = []
    for pan_values, speed_values, spin_values in zip(*columns, strict=True):
        pan, speed, spin = (
            float(np.median(values)) * fps for values in (pan_values, speed_values, spin_values)
        )
        if speed < STOPPED_SPEED and abs(pan) < STOPPED_SPEED:
            labels.append(("stopped", float(np.clip(0.9 - 10 * speed, 0.6, 0.9))))
        elif abs(pan) > TURNING_PAN:
            left = "turning_left" if pan > 0 else "turning_right"
            labels.append((left, float(np.clip(0.4 + abs(pan), 0.5, 0.85))))
        elif spin < REVERSING_SPIN and speed > REVERSING_SPEED and -spin > REVERSING_SHARE * speed:
            labels.append(("reversing", 0.5))
        else:
            labels.append(("straight", float(np.clip(0.8 - 2 * abs(pan), 0.5, 0.8))))
    return spans(labels, window_s=window, end_s=end_s, shortest_s=1.0)


def _falls(motion: Motion, scene: SceneLog, fps: float) -> list[Event]:
    """Find braking as flow that collapses within two seconds and does not come back at once."""
    speed, step = motion.speed, motion.step_s
    back, ahead = round(5.0 / step), round(FALL_S / step)
    cuts = np.flatnonzero(scene.column("cut")) / fps
    out: list[Event] = []
    i = ahead
    while i + ahead < len(speed):
        cruise = float(np.median(speed[max(0, i - back) : i]))
        fell = speed[i] > FALL_FROM * cruise and speed[i + ahead] < FALL_TO * cruise
        stays = float(speed[i + ahead : i + 2 * ahead].max(initial=0)) < 0.4 * cruise
        start, end = i * step, (i + ahead) * step
        if (
            cruise > 6 * STOPPED_SPEED
            and fell
            and stays
            and not np.any((cuts > start - 0.5) & (cuts < end + 0.5))
        ):
            steepest = i + int(np.argmin(np.diff(speed[i : i + ahead + 1])))
            out.append(Event("hard_brake", start, end + 0.5, steepest * step, 0.4))
            i += 2 * ahead
        i += 1
    return out


def merged(first: Sequence[Event], second: Sequence[Event], within_s: float = 2.0) -> list[Event]:
    """Return all events of `first`, and those of `second` that are not the same thing said again."""
    more = [
        e
        for e in second
        if not any(e.value == f.value and abs(e.event_s - f.event_s) < within_s for f in first)
    ]
    return sorted([*first, *more], key=lambda e: e.event_s)
