"""Steady the poses of each person over time: a One-Euro filter (Casiez et al., 2012) run both ways, so nothing lags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.video.pose import COCO17
from pipeline.video.records import PoseRow

Floats = NDArray[np.float64]
# Hertz when nothing moves, and how much more when it does (per body height a second): stillness is held, speed kept.
SLOWEST_HZ, PER_SPEED, SPEED_HZ = 1.0, 4.5, 1.5
# A person not seen for this long begins anew.
GAP_S = 0.6


def smooth(poses: Sequence[PoseRow], fps: float) -> None:
    """Move the joints of every tracked person to where both directions of time agree; visibility stays as it is.

    Points that are not placed (v = 0) stay so. Rows are changed in place.
    """
    people: dict[int, list[PoseRow]] = defaultdict(list)
    for row in poses:
        if row.track is not None:
            people[row.track].append(row)
    for rows in people.values():
        rows.sort(key=lambda row: row.frame)
        run: list[PoseRow] = []
        for row in rows:
            if run and (row.frame - run[-1].frame) / fps > GAP_S:
                _smooth_run(run, fps)
                run = []
            run.append(row)
        _smooth_run(run, fps)


def _smooth_run(rows: list[PoseRow], fps: float) -> None:
    if len(rows) < 3:
        return
    t = np.array([row.frame / fps for row in rows])
    points = np.stack([row.landmarks[:, :3] for row in rows]).astype(np.float64)
    trust = np.stack([row.landmarks[:, 3] for row in rows]).astype(np.float64)
    size = max(8.0, float(np.median([row.box[3] for row in rows])))
    ahead = _one_euro(points, trust, t, size)
    back = _one_euro(points[::-1], trust[::-1], t[-1] - t[::-1], size)[::-1]
    steady = ((ahead + back) / 2).astype(np.float32)
    for row, joints in zip(rows, steady, strict=True):
        row.landmarks[:, :3] = joints
        placed = row.keypoints[:, 2] > 0
        row.keypoints[placed, :2] = joints[list(COCO17), :2][placed]


def _one_euro(points: Floats, trust: Floats, t: Floats, size: float) -> Floats:
    """Filter T × 33 × 3 points; what is hardly visible follows slower than what is seen."""
    out = np.empty_like(points)
    out[0] = points[0]
    speed = np.zeros_like(points[0])
    for i in range(1, len(points)):
        dt = max(1e-3, float(t[i] - t[i - 1]))
        weight = np.clip(trust[i], 0.2, 1.0)[:, None]
        speed += _alpha(SPEED_HZ, dt) * ((points[i] - out[i - 1]) / dt / size - speed)
        cutoff = SLOWEST_HZ + PER_SPEED * np.linalg.norm(speed[:, :2], axis=1, keepdims=True)
        out[i] = out[i - 1] + weight * _alpha(cutoff, dt) * (points[i] - out[i - 1])
    return out


def _alpha(cutoff: Floats | float, dt: float) -> Floats:
    return np.asarray(1.0 / (1.0 + 1.0 / (2 * np.pi * np.asarray(cutoff) * dt)))
