"""What happens with others on the road: a lead that brakes, a car that cuts in, people crossing, a red light.

From boxes of key frames alone: a box that grows by a share r a second is met in 1/r seconds (Lee, 1976).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.video.ego import Event
from pipeline.video.records import KeyRow
from pipeline.video.spans import Span, runs

VEHICLES = ("car", "truck", "bus", "motorcycle", "vehicle")
# The own lane, as shares of the picture's width, and how low a vehicle's wheels must be to be on it.
LANE, LOW = (0.38, 0.62), 0.45
SIDE = 0.2  # further from the middle than this: the next lane
LEAST_WIDTH = 0.05
# Seconds until contact, by the box's growth: braking in front, and too near.
LEAD_TTC_S, NEAR_TTC_S = 4.0, 1.3
GAP_S = 0.9
SAME = 0.25
LEAST_HEIGHT = 0.08  # of a person that crosses


@dataclass(slots=True)
class Path:
    """One thing followed over key frames: rows of (t, centre x, bottom y, width, height), shares of the picture."""

    rows: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    def table(self) -> np.ndarray:
        return np.array(self.rows, np.float64)


def paths(keys: Sequence[KeyRow], kinds: Sequence[str], *, fps: float, width: int, height: int) -> list[Path]:
    """Follow boxes from key frame to key frame by overlap."""
    live: list[Path] = []
    done: list[Path] = []
    for key in keys:
        t = key.frame / fps
        for path in [p for p in live if t - p.rows[-1][0] > GAP_S]:
            live.remove(path)
            done.append(path)
        taken: set[int] = set()
        boxes = [
            ((x + w / 2) / width, (y + h) / height, w / width, h / height)
            for kind, x, y, w, h, _ in key.boxes
            if kind in kinds
        ]
        pairs = sorted(
            (
                (_overlap(path.rows[-1][1:], box), i, j)
                for i, path in enumerate(live)
                for j, box in enumerate(boxes)
            ),
            reverse=True,
        )
        used: set[int] = set()
        for score, i, j in pairs:
            if score >= SAME and i not in used and j not in taken:
                live[i].rows.append((t, *boxes[j]))
                used.add(i)
                taken.add(j)
        live += [Path([(t, *box)]) for j, box in enumerate(boxes) if j not in taken]
    return [path for path in [*done, *live] if len(path.rows) >= 4]


def events(
    keys: Sequence[KeyRow],
    *,
    fps: float,
    width: int,
    height: int,
    ego: Sequence[Span],
    brakes: Sequence[Event],
) -> list[Event]:
    """Return encounters; `ego` and `brakes` say what the own vehicle did."""
    vehicles = paths(keys, VEHICLES, fps=fps, width=width, height=height)
    people = paths(keys, ("person",), fps=fps, width=width, height=height)
    found: list[Event] = []
    for path in vehicles:
        found += _lead_brake(path, ego, brakes) + _cut_in(path, ego)
    for path in people:
        found += _crossing(path, ego)
    found += _red_lights(keys, fps=fps, height=height, ego=ego)
    return sorted(_once(found), key=lambda e: e.event_s)


def _lead_brake(path: Path, ego: Sequence[Span], brakes: Sequence[Event]) -> list[Event]:
    table = path.table()
    t, cx, bottom, w = table[:, 0], table[:, 1], table[:, 2], table[:, 3]
    ahead = (cx > LANE[0]) & (cx < LANE[1]) & (bottom > LOW) & (w > LEAST_WIDTH)
    if ahead.sum() < 5:
        return []
    smooth = np.convolve(np.pad(np.log(w), 1, mode="edge"), np.ones(3) / 3, "valid")
    growth = np.gradient(smooth, t)
    closing = ahead & (growth > 1 / LEAD_TTC_S)
    out: list[Event] = []
    for a, b in runs(closing):
        moves = _state(ego, float(t[a])) not in ("stopped", "")
        if b - a < 3 or t[b - 1] - t[a] < 0.5 or not moves or w[b - 1] < 1.25 * w[a]:
            continue
        worst = a + int(np.argmax(growth[a:b]))
        out.append(Event("lead_brake", float(t[a]), float(t[b - 1]), float(t[a]), 0.45))
        hard = [e for e in brakes if e.value in ("hard_brake", "swerve") and abs(e.event_s - t[worst]) < 2.0]
        if growth[worst] > 1 / NEAR_TTC_S and w[worst] > 0.18 and hard:
            out.append(Event("near_miss", float(t[a]), float(t[b - 1]), float(t[worst]), 0.35))
    return out


def _cut_in(path: Path, ego: Sequence[Span]) -> list[Event]:
    table = path.table()
    t, off, bottom, w = table[:, 0], np.abs(table[:, 1] - 0.5), table[:, 2], table[:, 3]
    inside = (off < 0.12) & (bottom > LOW) & (w > 0.08)
    out: list[Event] = []
    for a, b in runs(inside):
        before = (t < t[a]) & (t >= t[a] - 3.0)
        came = (
            before.any()
            and off[before].max() > SIDE
            and np.all(np.diff(off[np.r_[np.flatnonzero(before), a]]) < 0.03)
        )
        if came and b - a >= 4 and _state(ego, float(t[a])) == "straight" and t[b - 1] - t[a] >= 0.8:
            out.append(Event("cut_in", float(t[before][0]), float(t[a] + 0.5), float(t[a]), 0.4))
            break
    return out


def _crossing(path: Path, ego: Sequence[Span]) -> list[Event]:
    table = path.table()
    t, cx, tall = table[:, 0], table[:, 1], table[:, 4]
    if np.median(tall) < LEAST_HEIGHT or np.ptp(cx) < 0.3:
        return []
    for a in range(len(t)):
        left, right = cx[a] < 0.4, cx[a] > 0.6
        later = np.flatnonzero((t > t[a]) & (t < t[a] + 8.0) & ((cx > 0.6) if left else (cx < 0.4)))
        if not (left or right) or not len(later):
            continue
        b = int(later[0])
        turning = any(_state(ego, float(s)).startswith("turning") for s in (t[a], (t[a] + t[b]) / 2, t[b]))
        if not turning and b - a >= 3:
            middle = a + int(np.argmin(np.abs(cx[a : b + 1] - 0.5)))
            sure = 0.6 if _state(ego, float(t[middle])) == "stopped" else 0.45
            return [Event("pedestrian_crossing", float(t[a]), float(t[b]), float(t[middle]), sure)]
    return []


def _red_lights(keys: Sequence[KeyRow], *, fps: float, height: int, ego: Sequence[Span]) -> list[Event]:
    """A stop that begins before traffic lights: that they are red is only what a stop there suggests."""
    lights = [
        key.frame / fps
        for key in keys
        if any(
            kind == "traffic light" and y + h < 0.6 * height and score > 0.4
            for kind, _, y, _, h, score in key.boxes
        )
    ]
    out = []
    for before, span in itertools.pairwise(ego):
        near = [t for t in lights if span.start_s - 3.0 <= t <= min(span.end_s, span.start_s + 5.0)]
        long_enough = span.end_s - span.start_s >= 3.0
        if span.value == "stopped" and before.value != "stopped" and long_enough and len(near) >= 4:
            out.append(Event("red_light_stop", max(0.0, span.start_s - 2.0), span.end_s, span.start_s, 0.5))
    return out


def _state(ego: Sequence[Span], time_s: float) -> str:
    return next((span.value for span in ego if span.start_s <= time_s < span.end_s), "")


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return intersection over union of (centre x, bottom, width, height)."""
    w = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    h = min(a[1], b[1]) - max(a[1] - a[3], b[1] - b[3])
    shared = max(0.0, w) * max(0.0, h)
    union = a[2] * a[3] + b[2] * b[3] - shared
    return shared / union if union > 0 else 0.0


def _once(found: Sequence[Event]) -> list[Event]:
    """Keep one of the same kind within three seconds: a group that crosses is one crossing."""
    out: list[Event] = []
    for event in sorted(found, key=lambda e: (e.value, e.event_s)):
        if out and out[-1].value == event.value and event.event_s - out[-1].event_s < 3.0:
            continue
        out.append(event)
    return out
