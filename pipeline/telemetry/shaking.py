"""Braking and acceleration of a ride whose speed nobody knows: from the accelerometer and the road's vibration.

How hard is the horizontal part of the acceleration. Which of the two it was shows the vibration: it grows with speed,
so it is weaker after braking than before, and stronger after accelerating.
"""

from __future__ import annotations

import numpy as np

from pipeline.telemetry.track import Floats, Track

# m/s², smoothed over half a second: where a moment begins, and how strong it is at least (phones take a part away).
BEGINS, BRAKE, ACCELERATION = 1.2, 2.8, 1.8
# Vibration after, as a share of before.
CALMER, ROUGHER = 0.75, 1.35
TOGETHER_S, LEAST_S, AROUND_S = 3.0, 0.6, 2.5
TURNING_DPS = 10.0


def signed(track: Track, grid: Floats, yaw: Floats) -> Floats | None:
    """Return acceleration along the ride on the grid: what the sensors show in hard moments, 0 elsewhere.

    None without an accelerometer, or where its mean is not gravity.
    """
    if track.accel is None or len(track.accel) < 100:
        return None
    t, values = track.accel[:, 0], track.accel[:, 1:]
    gravity = values.mean(axis=0)
    length = float(np.linalg.norm(gravity))
    if not 7.0 < length < 12.0:
        return None
    rate = (len(t) - 1) / max(1e-3, float(t[-1] - t[0]))
    down = gravity / length
    flat = values - np.outer(values @ down, down)
    slow = np.column_stack([_mean(flat[:, i], round(0.5 * rate)) for i in range(3)])
    strength = np.interp(grid, t, np.linalg.norm(slow, axis=1))
    rough = values - np.column_stack([_mean(values[:, i], round(0.5 * rate)) for i in range(3)])
    vibration = np.interp(grid, t, np.sqrt(_mean((rough**2).sum(axis=1), round(rate))))
    return _signed(grid, strength, vibration, np.nan_to_num(yaw))


def _signed(grid: Floats, strength: Floats, vibration: Floats, yaw: Floats) -> Floats:
    step = float(grid[1] - grid[0]) if len(grid) > 1 else 0.1
    out = np.zeros(len(grid))
    for a, b in _moments(strength > BEGINS, round(TOGETHER_S / step)):
        around = round(AROUND_S / step)
        # A car that has braked may start again at once: the end of the moment counts as after it.
        before, after = (
            vibration[max(0, a - around) : a],
            vibration[max(a, b - around // 2) : b + around // 2],
        )
        straight = float(np.abs(yaw[a:b]).max()) < TURNING_DPS
        if (b - a) * step < LEAST_S or not len(before) or not len(after) or not straight:
            continue
        change = float(np.median(after)) / max(1e-6, float(np.median(before)))
        peak = float(strength[a:b].max())
        if change < CALMER and peak >= BRAKE:
            out[a:b] = -strength[a:b]
        elif change > ROUGHER and peak >= ACCELERATION:
            out[a:b] = strength[a:b]
    return out


def _moments(mask: np.ndarray, together: int) -> list[tuple[int, int]]:
    """Return [start, stop) of runs of true, those that lie near each other as one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    out: list[tuple[int, int]] = []
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if out and a - out[-1][1] <= together:
            out[-1] = (out[-1][0], int(b))
        else:
            out.append((int(a), int(b)))
    return out


def _mean(values: Floats, size: int) -> Floats:
    kernel = np.ones(max(1, size)) / max(1, size)
    return np.convolve(np.pad(values, len(kernel), mode="edge"), kernel, "same")[len(kernel) : -len(kernel)]
