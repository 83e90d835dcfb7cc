"""What every network shares: a session that leaves other threads their cores, and a picture in its input shape."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from pipeline.video import weights
from pipeline.video.planes import shrink

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Largest stride of the networks used here: their inputs are multiples of it.
CELL = 32
EMPTY = 114  # the grey beside and below a picture in its cells
# Old exporters leave tensors that nothing reads: ONNX Runtime warns of each, a person can do nothing about it.
ERRORS_ONLY = 3
CPU = "CPUExecutionProvider"
PROVIDERS = {"tensorrt": "TensorrtExecutionProvider", "cuda": "CUDAExecutionProvider", "cpu": CPU}
_RUNS_ON: dict[str, str] = {}
_HERE = threading.local()


@cache
def _one_arena() -> None:
    """Give all networks one memory arena: they run after each other, so the largest need counts, not the sum.

    It grows by what is asked for, not by powers of two; together 170 MiB less at 1080p with two threads.
    """
    kind = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    as_requested = {"arena_extend_strategy": 1, "max_mem": 0, "initial_chunk_size_bytes": -1}
    growth = onnxruntime.OrtArenaCfg({**as_requested, "max_dead_bytes_per_chunk": -1})
    onnxruntime.create_and_register_allocator(kind, growth)


def providers(available: Sequence[str], wanted: str = "") -> list[str]:
    """Choose what runs the networks, of what the installed ONNX Runtime offers: best first, the CPU always last.

    `wanted`, by default the environment's FAIRFRAME_PROVIDERS: names separated by commas out of `tensorrt`, `cuda`
    and `cpu`. Unless it says otherwise CUDA is taken where it is; TensorRT builds an engine for each input size,
    minutes of it, so it is only taken when it is asked for. `cpu` alone leaves a GPU to others. Names that are not
    known or not offered are left out.
    """
    names = [name.strip().lower() for name in (wanted or "cuda").split(",")]
    chosen = [PROVIDERS[name] for name in names if name in PROVIDERS and PROVIDERS[name] in available]
    return list(dict.fromkeys([*chosen, CPU]))


def runs_on(name: str) -> str:
    """Say what runs a weight that was loaded: the CPU also where a GPU's libraries are there and do not load."""
    return _RUNS_ON[name]


def session(name: str, *, threads: int) -> Any:
    """Load a verified weight for inference on the best provider there is, the CPU when nothing better works."""
    _one_arena()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Else the second run allocates all layers once more, in one block, beside those of the first.
    options.enable_mem_pattern = False
    options.log_severity_level = ERRORS_ONLY
    # Spinning threads wait by burning a core that x264 and the other detectors want.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    loaded = onnxruntime.InferenceSession(
        str(weights.path(name)),
        sess_options=options,
        providers=providers(onnxruntime.get_available_providers(), os.environ.get("FAIRFRAME_PROVIDERS", "")),
    )
    _RUNS_ON[name] = str(loaded.get_providers()[0])
    return loaded


def fit(picture: Picture, width: int, *, enlarge: float = 1.0) -> tuple[Picture, float]:
    """Resize a picture to at most `width` on its longer side and pad it to whole cells.

    Returns H × W × 3 with both sides multiples of 32, and the factor from the picture's pixels to the result's. It
    holds until the thread asks for the next one. Pictures smaller than `width` grow by at most `enlarge`.
    """
    rows, columns = picture.shape[:2]
    factor = min(enlarge, width / max(rows, columns))
    size = (max(1, round(columns * factor)), max(1, round(rows * factor)))
    canvas = _room("canvas", (size[1] + -size[1] % CELL, size[0] + -size[0] % CELL, 3), np.uint8)
    shrink(picture, *size, into=canvas[: size[1], : size[0]])
    canvas[size[1] :] = EMPTY
    canvas[:, size[0] :] = EMPTY
    return canvas, factor


def _room(use: str, shape: tuple[int, ...], of: type[np.generic]) -> NDArray[Any]:
    """Give an array of this shape in memory that the thread keeps: new pages would cost more than what is written."""
    size = math.prod(shape)
    room: NDArray[Any] | None = getattr(_HERE, use, None)
    if room is None or room.size < size:
        room = np.empty(size, of)
        setattr(_HERE, use, room)
    return room[:size].reshape(shape)


def blob(
    picture: Picture,
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
    scale: float = 1.0,
    *,
    swap: bool = False,
) -> Floats:
    """Turn H × W × 3 bytes into 1 × 3 × H × W floats: (value - mean) × scale; `swap` reverses the channels.

    It holds until the thread asks for the next one. The same numbers as cv2.dnn.blobFromImage gives, a plane at a
    time and always in the same memory: 0.15 instead of 5 CPU ms at 640 × 384.
    """
    result = _room("blob", (1, 3, *picture.shape[:2]), np.float32)
    for place, plane in enumerate(cv2.split(picture)):
        values = result[0, 2 - place if swap else place]
        values[...] = plane
        if mean[place]:
            values -= mean[place]
        if scale != 1:
            values *= scale
    return result


def centres(rows: int, columns: int, stride: int, offset: float) -> Floats:
    """Give the (x, y) of a grid's cells in input pixels, row by row: rows·columns × 2."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return (np.stack([x.ravel(), y.ravel()], axis=1) + np.float32(offset)) * np.float32(stride)
