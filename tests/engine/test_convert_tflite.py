"""The landmark model without its mask of the body places the same landmarks, to the bit."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.video import packages_index, pose_graphs, weights
from pipeline.video.convert_tflite import without
from pipeline.video.weights import MASK_OF_BODY

# MediaPipe's own graph for a region that is named, with the model as the package carries it.
THEIRS = """
input_stream: "image" input_stream: "region" output_stream: "landmarks" output_stream: "alignment"
input_side_packet: "complexity" input_side_packet: "segment"
node {
  calculator: "PoseLandmarkByRoiCpu"
  input_side_packet: "MODEL_COMPLEXITY:complexity" input_side_packet: "ENABLE_SEGMENTATION:segment"
  input_stream: "IMAGE:image" input_stream: "ROI:region"
  output_stream: "LANDMARKS:landmarks" output_stream: "AUXILIARY_LANDMARKS:alignment"
}
"""


def points(found: Any) -> NDArray[np.float64]:
    """Return all that was found: n × (x, y, z, visibility), landmarks first."""
    every = [*found.landmarks.landmark, *found.alignment.landmark]
    return np.array([(point.x, point.y, point.z, point.visibility) for point in every])


@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_the_landmarks_are_those_of_the_model_in_the_package(turn: float) -> None:
    portrait = cv2.cvtColor(cv2.imread(str(weights.path("astronaut"))), cv2.COLOR_BGR2RGB)
    ours = pose_graphs.landmarks()
    theirs = pose_graphs.load(
        THEIRS, {}, outputs=["landmarks", "alignment"], side_inputs={"complexity": 1, "segment": False}
    )
    from mediapipe.framework.formats import rect_pb2

    region = rect_pb2.NormalizedRect(x_center=0.45, y_center=0.6, width=1.1, height=1.1, rotation=turn)
    given = {"image": portrait, "region": region}
    try:
        found = points(ours.process(given))
        assert found.shape == (35, 4)
        np.testing.assert_array_equal(found, points(theirs.process(given)))
    finally:
        ours.close()
        theirs.close()


def in_the_package() -> bytes:
    weight = weights.listed()[pose_graphs.MODEL]
    (data,) = packages_index.members(weight, [weight.member], weights.folder())
    return data


def operators(data: bytes) -> int:
    from mediapipe.tasks.metadata import schema_py_generated as schema

    return int(schema.Model.GetRootAsModel(data, 0).Subgraphs(0).OperatorsLength())


def test_what_only_the_mask_needs_is_gone_and_nothing_else() -> None:
    data = in_the_package()
    lighter = without(data, MASK_OF_BODY)
    assert operators(lighter) < 0.9 * operators(data)
    assert without(data, MASK_OF_BODY) == lighter, "the same bytes each time, or no checksum could hold"
    with pytest.raises(ValueError, match="no output 'Identity_2'"):
        without(lighter, MASK_OF_BODY)


def test_an_output_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="no output 'hat'"):
        without(in_the_package(), "hat")
