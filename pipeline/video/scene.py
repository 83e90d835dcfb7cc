"""What one frame says without a model: brightness, colour, sharpness, motion of the camera."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.motion import Step
from pipeline.video.redact import Planes

# Columns kept for every frame, as 4-byte floats: two hours at 60 fps are 27 MB.
COLUMNS = (
    "luma",  # mean of Y, 16..235
    "dark",  # share of pixels darker than 40
    "bright",  # share of pixels brighter than 210
    "sky",  # mean of the top third
    "spread",  # standard deviation of Y
    "warmth",  # mean of V − U: positive under sodium lamps and at sunset
    "sharp",  # variance of the Laplacian at 320 pixels, or at the picture's own width if that is less
    "difference",  # mean absolute difference to the frame before
    "pan",  # median horizontal flow of the upper half, in picture widths a frame
    "tilt",  # median vertical flow, in picture heights a frame
    "speed",  # 75th percentile of the length of the flow in the lower corners, in picture widths a frame
    "spin",  # mean radial part of the flow around the middle, positive when moving forward
    "same",  # 1 when the picture equals the one before
    "cut",  # 1 when a new scene starts here
    # The air and the sky, measured every AIR_EVERY frames: weather does not change faster.
    "floor",  # 2nd percentile of Y: fog lifts the darkest parts
    "chroma",  # mean |U − 128| + |V − 128|: fog and night take the colour away
    "distance",  # log10 of 1 + variance of the Laplacian in the second quarter from the top, where the far things are
    "near",  # the same of the lowest quarter: fog hides far edges and leaves near ones
    "sky_blue",  # mean U − V of the top third: positive under a blue sky
    "sky_chroma",  # mean |U − 128| + |V − 128| of the top third
    "sky_spread",  # standard deviation of Y of the top third
)
AIR = ("floor", "chroma", "distance", "near", "sky_blue", "sky_chroma", "sky_spread")
AIR_EVERY = 10


class SceneLog:
    """A table of per-frame figures that grows by one row a frame."""

    def __init__(self) -> None:
        self._rows = {name: array("f") for name in COLUMNS}

    def __len__(self) -> int:
        return len(self._rows["luma"])

    def column(self, name: str) -> NDArray[np.float32]:
        return np.array(self._rows[name], np.float32)

    def add(self, planes: Planes, small: NDArray[np.uint8], step: Step) -> None:
        """Measure one frame (before redaction) and keep the figures."""
        if step.same and len(self):
            row = {name: values[-1] for name, values in self._rows.items()}
            row.update(difference=0.0, pan=0.0, tilt=0.0, speed=0.0, spin=0.0, same=1.0, cut=0.0)
        else:
            row = {**light(planes, small), **_flow(step), "difference": step.difference, "same": 0.0}
            row["cut"] = float(step.cut)
            if step.cut or len(self) % AIR_EVERY == 0 or not len(self):
                row |= air(planes, small)
            else:
                row |= {name: self._rows[name][-1] for name in AIR}
        for name, values in self._rows.items():
            values.append(row[name])


def air(planes: Planes, small: NDArray[np.uint8]) -> dict[str, float]:
    """Measure what haze and clouds change: contrast of far things, colour, the sky."""
    height = small.shape[0]
    u, v = planes.u[::8, ::8].astype(np.float32), planes.v[::8, ::8].astype(np.float32)
    chroma = np.abs(u - 128) + np.abs(v - 128)
    top = max(1, u.shape[0] // 3)
    edges = cv2.Laplacian(small, cv2.CV_16S)
    far, near = edges[height // 4 : max(height // 4 + 1, height // 2)], edges[3 * height // 4 :]
    return {
        "floor": float(np.percentile(small[::4, ::4], 2)),
        "chroma": float(chroma.mean()),
        "distance": float(np.log10(1 + cv2.meanStdDev(far)[1][0, 0] ** 2)),
        "near": float(np.log10(1 + cv2.meanStdDev(near)[1][0, 0] ** 2)),
        "sky_blue": float((u[:top] - v[:top]).mean()),
        "sky_chroma": float(chroma[:top].mean()),
        "sky_spread": float(small[: max(1, height // 3)].std()),
    }


def light(planes: Planes, small: NDArray[np.uint8]) -> dict[str, float]:
    """Measure brightness, contrast, colour and sharpness of one frame."""
    mean, deviation = cv2.meanStdDev(small)
    u, v = planes.u[::8, ::8], planes.v[::8, ::8]
    # A narrower picture was enlarged: that left it no edges, and its lens would pass for a covered one.
    edges = planes.y if planes.y.shape[1] < small.shape[1] else small
    return {
        "luma": float(mean[0, 0]),
        "spread": float(deviation[0, 0]),
        "dark": float(np.count_nonzero(small < 40)) / small.size,
        "bright": float(np.count_nonzero(small > 210)) / small.size,
        "sky": float(small[: small.shape[0] // 3].mean()),
        "warmth": float(v.mean()) - float(u.mean()),
        "sharp": float(cv2.meanStdDev(cv2.Laplacian(edges, cv2.CV_16S))[1][0, 0]) ** 2,
    }


def _flow(step: Step) -> dict[str, float]:
    if step.flow is None or step.cut:
        return {"pan": 0.0, "tilt": 0.0, "speed": 0.0, "spin": 0.0}
    flow = step.flow[::4, ::4].astype(np.float32)
    height, width = flow.shape[:2]
    full_width = step.flow.shape[1]
    length = np.hypot(flow[..., 0], flow[..., 1])
    # Far things (upper half) move sideways only when the camera turns; the road's sides (lower corners) move with
    # speed. The middle of the lower half is left out: the car ahead moves with the camera.
    upper = flow[: height // 2]
    side = width // 4
    corners = np.concatenate([length[height // 2 :, :side].ravel(), length[height // 2 :, -side:].ravel()])
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    xs, ys = xs - (width - 1) / 2, ys - (height - 1) / 2
    radius = np.hypot(xs, ys) + 1e-3
    outward = (flow[..., 0] * xs + flow[..., 1] * ys) / radius
    return {
        "pan": float(np.median(upper[..., 0])) / full_width,
        "tilt": float(np.median(flow[..., 1])) / step.flow.shape[0],
        "speed": float(np.percentile(corners, 75)) / full_width,
        "spin": float(outward.mean()) / full_width,
    }
