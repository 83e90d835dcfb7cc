"""How good a clip is to train with, from 0 to 1, by a stated formula and with its parts."""

from __future__ import annotations

import numpy as np

from pipeline.video.scene import SceneLog

# Weights of the parts; they sum to 1. Sharpness first: a blurred clip cannot be labelled.
WEIGHTS = {"sharpness": 0.35, "resolution": 0.25, "brightness": 0.2, "stability": 0.2}
FORMULA = "0.35 sharpness + 0.25 resolution + 0.2 brightness + 0.2 stability"
# log10 of the Laplacian variance at 320 pixels: 1.8 is out of focus, 3.2 is crisp (street and sports footage).
SHARP_LOW, SHARP_HIGH = 1.8, 3.2


def quality(
    scene: SceneLog, *, start: int, end: int, fps: float, lines: int
) -> tuple[float, dict[str, float]]:
    """Return (score, parts) of the frames [start, end)."""
    part = slice(start, max(start + 1, end))
    sharp = float(np.median(scene.column("sharp")[part]))
    luma = scene.column("luma")[part]
    pan, tilt = scene.column("pan")[part] * fps, scene.column("tilt")[part] * fps
    # Shaking is motion that changes its mind: the mean change of the camera's speed from frame to frame.
    shake = float(np.mean(np.abs(np.diff(pan))) + np.mean(np.abs(np.diff(tilt)))) if len(pan) > 2 else 0.0
    parts = {
        "sharpness": _unit((np.log10(max(sharp, 1e-3)) - SHARP_LOW) / (SHARP_HIGH - SHARP_LOW)),
        "resolution": _unit(lines / 1080),
        # Full marks between 70 and 170 of 235; a black or white picture has none.
        "brightness": _unit(
            1 - max(0.0, 70 - float(luma.mean())) / 54 - max(0.0, float(luma.mean()) - 170) / 65
        ),
        "stability": _unit(1 - shake / 0.5),
    }
    score = sum(WEIGHTS[name] * value for name, value in parts.items())
    return round(score, 3), {name: round(value, 3) for name, value in parts.items()}


def _unit(value: float) -> float:
    return float(min(1.0, max(0.0, value)))
