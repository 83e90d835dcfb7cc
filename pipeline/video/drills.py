"""Drills of an athlete from pose sequences, each by one readable rule: what the joints do, in body heights."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.video.records import PoseRow

# MediaPipe's 33 points (pose landmarker model card).
NOSE, SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES = (
    0,
    (11, 12),
    (13, 14),
    (15, 16),
    (23, 24),
    (25, 26),
    (27, 28),
)
# Fewer poses than this in a row say nothing about movement.
MIN_POSES = 5
# Shoulder to ankle. Joints of a smaller body tremble by as much as they move.
MIN_BODY_PX = 60.0
# A squat takes time; a stumble or a bad frame does not.
MIN_SQUAT_S = 0.5
# A hole in the poses longer than this starts a new sequence.
GAP_S = 0.8
# What an arm that stretches over the head is called: by sport, else a shot where a ball may be, else a throw.
OVERHEAD = {None: "shot", "basketball": "shot", "football": "throw", "volleyball": "serve", "tennis": "serve"}
KICKING = {None, "football", "american_football", "martial_arts"}
SWINGING = {"golf", "baseball", "tennis"}
# Body heights a second of a foot or a hand that kicks or swings; a step is under 2.
KICK_SPEED, SWING_SPEED = 2.2, 2.0
# One movement's repetitions closer than this are one tag: people stand for three seconds between two squats.
JOIN_S = 4.0
# A squat at the very end of a recording counts when this share of the way up is seen.
RISEN = 0.25


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill from start_s to end_s; event_s is the moment that names it (the lowest point, the release).

    ``moments``: when each repetition happens (running: each stride); none stands for the event alone.
    """

    value: str
    start_s: float
    end_s: float
    event_s: float
    confidence: float
    moments: tuple[float, ...] = ()

    @property
    def times(self) -> tuple[float, ...]:
        """Return the moment of each repetition."""
        return self.moments or (self.event_s,)

    @property
    def count(self) -> int:
        """Return how many repetitions there are."""
        return len(self.times)


def drills(
    poses: Sequence[PoseRow], *, fps: float, discipline: str | None, steady: bool = True
) -> list[Drill]:
    """Return the drills of everyone seen long enough, repetitions joined; jumps only when the camera is steady."""
    found: list[Drill] = []
    for rows in _sequences(poses, fps):
        body = Body(rows, fps)
        if body.size < MIN_BODY_PX:
            continue
        named = OVERHEAD.get(discipline, "throw")
        found += [Drill(named, *times, 0.55) for times in _shots(body)]
        if discipline in KICKING:
            found += [Drill("kick", *times, 0.45) for times in _kicks(body)]
        if discipline in SWINGING:
            found += [Drill("swing", *times, 0.5) for times in _swings(body, together=discipline != "tennis")]
        found += [Drill("squat", *times, 0.7) for times in _squats(body)]
        found += [Drill("jumping", *times, 0.6) for times in _jumps(body) if steady]
        found += [Drill("running", a, b, at, 0.55, strides) for a, b, at, strides in _runs(body)]
    return _joined(found)


class Body:
    """A person over time: points (T × 33 × 2), and the angles and heights that rules ask for."""

    def __init__(self, rows: Sequence[PoseRow], fps: float) -> None:
        self.t = np.array([row.frame / fps for row in rows])
        marks = np.stack([row.landmarks for row in rows])
        self.points, self.seen = marks[..., :2].astype(np.float64), marks[..., 3]
        legs = np.linalg.norm(self.mid(HIPS) - self.mid(ANKLES), axis=1)
        trunk = np.linalg.norm(self.mid(SHOULDERS) - self.mid(HIPS), axis=1)
        # Standing height of the body in pixels; the 80th percentile survives crouching and bad frames.
        self.size = max(1.0, float(np.percentile(legs + trunk, 80)))
        self.legs_visible = self.seen[:, [*KNEES, *ANKLES]].min(axis=1) > 0.4

    def mid(self, pair: tuple[int, int]) -> NDArray[np.float64]:
        return (self.points[:, pair[0]] + self.points[:, pair[1]]) / 2

    def angle(self, a: int, b: int, c: int) -> NDArray[np.float64]:
        """Return the angle at b in degrees, one a pose."""
        u, v = self.points[:, a] - self.points[:, b], self.points[:, c] - self.points[:, b]
        cosine = (u * v).sum(1) / np.maximum(np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1), 1e-6)
        return np.degrees(np.arccos(np.clip(cosine, -1, 1)))

    def knee(self) -> NDArray[np.float64]:
        return (self.angle(HIPS[0], KNEES[0], ANKLES[0]) + self.angle(HIPS[1], KNEES[1], ANKLES[1])) / 2


def _squats(body: Body) -> list[tuple[float, float, float]]:
    """Hips sink towards planted feet and come up again: a dip of the hip's height over the ankles."""
    height = (body.mid(ANKLES)[:, 1] - body.mid(HIPS)[:, 1]) / body.size
    standing = float(np.percentile(height, 85))
    low = (height < 0.68 * standing) & body.legs_visible & (body.knee() < 130)
    feet = body.mid(ANKLES) / body.size
    out = []
    for a, b in _runs_of(low):
        before, after = height[max(0, a - 30) : a], height[b : b + 30]
        planted = float(np.ptp(feet[a:b], axis=0).max(initial=0)) < 0.25
        lasts = body.t[min(len(body.t) - 1, b)] - body.t[max(0, a - 1)]
        bottom = a + int(np.argmin(height[a:b]))
        cut_off = b >= len(height) - 2 and height[-1] - height[bottom] > RISEN * (standing - height[bottom])
        up_again = after.max(initial=0) > 0.85 * standing or cut_off
        if planted and lasts >= MIN_SQUAT_S and before.max(initial=0) > 0.85 * standing and up_again:
            out.append(
                (
                    float(body.t[max(0, a - 2)]),
                    float(body.t[min(len(body.t) - 1, b + 1)]),
                    float(body.t[bottom]),
                )
            )
    return out


def _jumps(body: Body) -> list[tuple[float, float, float]]:
    """Both ankles and the hips rise together and come down within a second."""
    ankles, hips = body.mid(ANKLES)[:, 1] / body.size, body.mid(HIPS)[:, 1] / body.size
    lowest = np.maximum(body.points[:, ANKLES[0], 1], body.points[:, ANKLES[1], 1]) / body.size
    ground = float(np.percentile(ankles, 75))
    air = (ground - lowest > 0.09) & (np.percentile(hips, 60) - hips > 0.06) & body.legs_visible
    out = []
    for a, b in _runs_of(air):
        lasts = body.t[b - 1] - body.t[a]
        landed = b < len(body.t) and a > 0
        if landed and b - a >= 2 and lasts <= 1.0:
            top = a + int(np.argmin(lowest[a:b]))
            out.append((float(body.t[a - 1]), float(body.t[b]), float(body.t[top])))
    return out


def _shots(body: Body) -> list[tuple[float, float, float]]:
    """An arm that was bent stretches above the head within 0.9 s and stays there for a moment.

    Whichever arm: from behind BlazePose takes left for right from one picture to the next.
    """
    elbows = np.stack([body.angle(SHOULDERS[side], ELBOWS[side], WRISTS[side]) for side in (0, 1)])
    seen = np.stack([body.seen[:, wrist] > 0.3 for wrist in WRISTS])
    over = np.stack([body.points[:, NOSE, 1] - body.points[:, wrist, 1] for wrist in WRISTS]) / body.size
    higher = np.argmax(np.where(seen, over, -np.inf), axis=0)
    at = np.arange(len(body.t))
    stretched = seen[higher, at] & (over[higher, at] > 0.05) & (elbows[higher, at] > 140)
    bent = np.where(seen, elbows, np.inf).min(axis=0) < 110
    out = []
    for a, b in _runs_of(stretched):
        start = int(np.searchsorted(body.t, body.t[a] - 0.9))
        if b - a >= 2 and bent[start:a].any():
            out.append((float(body.t[start]), float(body.t[b - 1]), float(body.t[a])))
    return out


def _kicks(body: Body) -> list[tuple[float, float, float]]:
    """One foot leaves the other behind and goes up, fast, while the other stays down; then it comes back."""
    out = []
    dt = np.maximum(np.gradient(body.t), 1e-3)[:, None]
    for side in (0, 1):
        foot, stand = body.points[:, ANKLES[side]], body.points[:, ANKLES[1 - side]]
        hips = body.mid(HIPS)
        speed = np.linalg.norm(np.gradient(foot - hips, axis=0) / dt, axis=1) / body.size
        planted = np.linalg.norm(np.gradient(stand, axis=0) / dt, axis=1) / body.size < 1.0
        raised = (stand[:, 1] - foot[:, 1]) / body.size > 0.18
        leg = body.angle(HIPS[side], KNEES[side], ANKLES[side])
        for a, b in _runs_of(raised & body.legs_visible):
            near = slice(max(0, a - 2), min(len(body.t), b + 1))
            fast = float(speed[near].max()) > KICK_SPEED and float(leg[near].max()) > 135
            if fast and planted[near].mean() > 0.6 and body.t[b - 1] - body.t[a] < 1.2:
                top = near.start + int(np.argmax(speed[near]))
                out.append((float(body.t[near.start]), float(body.t[near.stop - 1]), float(body.t[top])))
    return out


def _swings(body: Body, *, together: bool) -> list[tuple[float, float, float]]:
    """The hands (one of them, for a racket) cross the body fast, below the head, from one side to the other."""
    out = []
    dt = np.maximum(np.gradient(body.t), 1e-3)
    apart = np.linalg.norm(body.points[:, WRISTS[0]] - body.points[:, WRISTS[1]], axis=1) / body.size
    hands = [body.mid(WRISTS)] if together else [body.points[:, wrist] for wrist in WRISTS]
    for hand in hands:
        from_body = (hand - body.mid(SHOULDERS)) / body.size
        speed = np.linalg.norm(np.gradient(from_body, axis=0), axis=1) / dt
        for a, b in _runs_of((speed > SWING_SPEED / 2) & ((apart < 0.25) | (not together))):
            across = float(np.ptp(from_body[a:b, 0]))
            held = b - a >= 2 and body.t[b - 1] - body.t[a] < 1.5
            if held and float(speed[a:b].max()) > SWING_SPEED and across > 0.45:
                hit = a + int(np.argmax(speed[a:b]))
                out.append((float(body.t[a]), float(body.t[b - 1]), float(body.t[hit])))
    return out


def _runs(body: Body) -> list[tuple[float, float, float, tuple[float, ...]]]:
    """Knees change places (which one is higher) at least twice a second, with a clear swing."""
    swing = (body.points[:, KNEES[0], 1] - body.points[:, KNEES[1], 1]) / body.size
    clear = np.where(np.abs(swing) > 0.07, np.sign(swing), 0)
    strong = np.flatnonzero(clear)
    changes = [int(b) for a, b in itertools.pairwise(strong) if clear[a] != clear[b]]
    out = []
    group: list[int] = []
    for index in [*changes, -1]:
        if group and (index < 0 or body.t[index] - body.t[group[-1]] > 0.6):
            if len(group) >= 4:
                start = float(body.t[group[0]])
                strides = tuple(float(body.t[i]) for i in group)
                out.append((start, strides[-1], start, strides))
            group = []
        group.append(index)
    return out


def _sequences(poses: Iterable[PoseRow], fps: float) -> list[list[PoseRow]]:
    """Return the poses of each person as runs without long holes; people without a track are one by one frame."""
    people: dict[int | None, list[PoseRow]] = defaultdict(list)
    alone: dict[int, int] = defaultdict(int)
    poses = list(poses)
    for row in poses:
        alone[row.frame] += 1
    for row in poses:
        if row.track is not None:
            people[row.track].append(row)
    if all(count == 1 for count in alone.values()):
        people = defaultdict(list, {None: poses})  # one person in every frame: the same one, tracked or not
    out = []
    for rows in people.values():
        run: list[PoseRow] = []
        for row in rows:
            if run and (row.frame - run[-1].frame) / fps > GAP_S:
                out.append(run)
                run = []
            run.append(row)
        out.append(run)
    return [run for run in out if len(run) >= MIN_POSES]


def _runs_of(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return [start, stop) of every run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(found: list[Drill]) -> list[Drill]:
    out: list[Drill] = []
    last_event = 0.0
    for drill in sorted(found, key=lambda d: (d.value, d.start_s)):
        last = out[-1] if out else None
        if last and last.value == drill.value and drill.start_s - last.end_s <= JOIN_S:
            confidence = min(0.9, max(last.confidence, drill.confidence) + 0.05)
            # Two people at once, or both arms of one, are one repetition.
            more = drill.times if drill.event_s - last_event > 0.4 else ()
            end_s = max(last.end_s, drill.end_s)
            moments = tuple(sorted(last.times + more))
            out[-1] = Drill(last.value, last.start_s, end_s, last.event_s, confidence, moments)
        else:
            out.append(drill)
        last_event = drill.event_s
    return out
