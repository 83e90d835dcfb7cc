"""Turn a value a second into spans: short flickers are joined to what surrounds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Span:
    """A value that held from start_s to end_s, with the mean confidence of its parts."""

    value: str
    start_s: float
    end_s: float
    confidence: float


def windows(values: NDArray[np.float32], fps: float, seconds: float) -> list[NDArray[np.float32]]:
    """Cut a per-frame column into windows of this many seconds; a short rest joins the last one."""
    size = max(1, round(fps * seconds))
    count = max(1, len(values) // size)
    return [values[i * size : (i + 1) * size if i < count - 1 else len(values)] for i in range(count)]


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return [start, stop) of every run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def spans(
    labels: Sequence[tuple[str, float]], *, window_s: float, end_s: float, shortest_s: float
) -> list[Span]:
    """Join equal neighbours; give spans shorter than `shortest_s` to the longer neighbour."""
    runs: list[list[tuple[int, str, float]]] = []
    for i, (value, confidence) in enumerate(labels):
        if runs and runs[-1][-1][1] == value:
            runs[-1].append((i, value, confidence))
        else:
            runs.append([(i, value, confidence)])
    shortest = max(1, round(shortest_s / window_s))
    while len(runs) > 1 and (least := min(range(len(runs)), key=lambda r: len(runs[r]))) is not None:
        if len(runs[least]) >= shortest:
            break
        before = runs[least - 1] if least > 0 else []
        after = runs[least + 1] if least + 1 < len(runs) else []
        value = (before if len(before) >= len(after) else after)[0][1]
        # Half confidence: what was overruled said something else.
        runs[least] = [(i, value, confidence / 2) for i, _, confidence in runs[least]]
        runs = _joined(runs)
    return [
        Span(
            value=run[0][1],
            start_s=run[0][0] * window_s,
            end_s=end_s if run is runs[-1] else (run[-1][0] + 1) * window_s,
            confidence=float(np.mean([confidence for _, _, confidence in run])),
        )
        for run in runs
    ]


def _joined(runs: list[list[tuple[int, str, float]]]) -> list[list[tuple[int, str, float]]]:
    out: list[list[tuple[int, str, float]]] = []
    for run in runs:
        if out and out[-1][0][1] == run[0][1]:
            out[-1] = out[-1] + run
        else:
            out.append(run)
    return out
