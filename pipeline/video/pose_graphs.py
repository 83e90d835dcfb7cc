"""The two MediaPipe graphs that poses need, put together from its own calculators."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.video import mediapipe_light, weights

# Before mediapipe is imported: less on standard error, and no search for a screen by matplotlib.
os.environ.setdefault("GLOG_minloglevel", "2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "agg")

MODEL, RUNS_ON = "pose_landmarks", "TensorFlow Lite on the CPU"
CONFIDENCE = 0.5

# The landmark model on a region that we name: what MediaPipe's PoseLandmarkByRoiCpu is made of, without the part that
# loads the model, for ours draws no mask of the body (a third of its time, and the same landmarks to the bit).
LANDMARKS_IN_REGION = """
input_stream: "image" input_stream: "region" output_stream: "landmarks" output_stream: "alignment"
input_side_packet: "segment"
node {
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image" input_stream: "NORM_RECT:region"
  output_stream: "TENSORS:square" output_stream: "LETTERBOX_PADDING:padding"
  options: {
    [mediapipe.ImageToTensorCalculatorOptions.ext] {
      output_tensor_width: 256 output_tensor_height: 256 keep_aspect_ratio: true
      output_tensor_float_range { min: 0.0 max: 1.0 }
    }
  }
}
node {
  calculator: "InferenceCalculator" input_stream: "TENSORS:square" output_stream: "TENSORS:answers"
  options: { [mediapipe.InferenceCalculatorOptions.ext] { model_path: "MODEL_PATH" delegate { xnnpack {} } } }
}
node {
  calculator: "TensorsToPoseLandmarksAndSegmentation"
  input_stream: "TENSORS:answers" input_side_packet: "ENABLE_SEGMENTATION:segment"
  output_stream: "LANDMARKS:landmarks_in_square" output_stream: "AUXILIARY_LANDMARKS:alignment_in_square"
}
node {
  calculator: "LandmarkLetterboxRemovalCalculator"
  input_stream: "LANDMARKS:landmarks_in_square" input_stream: "LETTERBOX_PADDING:padding"
  output_stream: "LANDMARKS:landmarks_in_region"
}
node {
  calculator: "LandmarkLetterboxRemovalCalculator"
  input_stream: "LANDMARKS:alignment_in_square" input_stream: "LETTERBOX_PADDING:padding"
  output_stream: "LANDMARKS:alignment_in_region"
}
node {
  calculator: "LandmarkProjectionCalculator"
  input_stream: "NORM_LANDMARKS:landmarks_in_region" input_stream: "NORM_RECT:region"
  output_stream: "NORM_LANDMARKS:landmarks"
}
node {
  calculator: "LandmarkProjectionCalculator"
  input_stream: "NORM_LANDMARKS:alignment_in_region" input_stream: "NORM_RECT:region"
  output_stream: "NORM_LANDMARKS:alignment"
}
"""
# Where BlazePose's detector sees the most prominent person: the square of the body, turned as the body is.
REGION_OF_BODY = """
input_stream: "image" output_stream: "region"
node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:found" }
node {
  calculator: "SplitDetectionVectorCalculator" input_stream: "found" output_stream: "first"
  options: {
    [mediapipe.SplitVectorCalculatorOptions.ext] { ranges: { begin: 0 end: 1 } element_only: true }
  }
}
node { calculator: "ImagePropertiesCalculator" input_stream: "IMAGE:image" output_stream: "SIZE:size" }
node {
  calculator: "PoseDetectionToRoi" input_stream: "DETECTION:first" input_stream: "IMAGE_SIZE:size"
  output_stream: "ROI:region"
}
"""
DETECTION = "posedetectioncpu__TensorsToDetectionsCalculator.min_score_thresh"
PRESENCE = "tensorstoposelandmarksandsegmentation__ThresholdingCalculator.threshold"


def landmarks() -> Any:
    """Load the graph that places landmarks in a region of an image; raises WeightMissing."""
    text = LANDMARKS_IN_REGION.replace("MODEL_PATH", str(weights.path(MODEL)))
    return load(
        text, {PRESENCE: CONFIDENCE}, outputs=["landmarks", "alignment"], side_inputs={"segment": False}
    )


def detector() -> Any:
    """Load the graph that finds the region of the most prominent person of an image."""
    return load(REGION_OF_BODY, {DETECTION: CONFIDENCE}, outputs=["region"])


def load(
    text: str, parameters: dict[str, Any], *, outputs: list[str], side_inputs: dict[str, Any] | None = None
) -> Any:
    """Load a graph of MediaPipe's own calculators, some of their numbers set by name."""
    mediapipe_light.load()
    from google.protobuf import text_format

    # The messages of the calculators' options: without them Python drops the options of a graph unsaid, and text that
    # names one cannot be read. Poses' own module imports those of its graphs.
    from mediapipe.calculators.tensor import image_to_tensor_calculator_pb2 as _to_tensor  # noqa: F401
    from mediapipe.calculators.tensor import inference_calculator_pb2 as _inference  # noqa: F401
    from mediapipe.framework import calculator_pb2
    from mediapipe.python.solution_base import SolutionBase
    from mediapipe.python.solutions import pose as _options  # noqa: F401

    config = text_format.Parse(text, calculator_pb2.CalculatorGraphConfig())
    with quiet():
        return SolutionBase(
            graph_config=config, side_inputs=side_inputs, calculator_params=parameters, outputs=outputs
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what MediaPipe's C++ writes to standard error while it starts: no variable silences all of it."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
