"""ONNX Runtime sessions, all with the same rules: CPU, our thread count, no busy waiting."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from pipeline.video import weights

STRIDE = 32  # every detector here halves the picture five times


def load(name: str, *, threads: int) -> onnxruntime.InferenceSession:
    """Load a verified weight; raises WeightMissing."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads that spin take the core from the decoder and the encoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(weights.path(name)), options, providers=["CPUExecutionProvider"])


def planes(image: NDArray[Any]) -> NDArray[np.float32]:
    """Turn H × W × 3 into the 1 × 3 × H × W float32 that the models take."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)


def to_stride(size: float) -> int:
    """Round a length in pixels to a multiple of 32, at least 32."""
    return max(STRIDE, round(size / STRIDE) * STRIDE)
