"""What is folded gives what the graph gave before, in fewer nodes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.video.convert_ppocr import fold

RANDOM = np.random.default_rng(7)


def exported(kernel: int) -> bytes:
    """A convolution, ·a + b, hard-swish, ·c + d and a convolution, as PaddlePaddle exports them."""
    constants: dict[str, np.ndarray] = {
        "w1": RANDOM.normal(size=(16, 3, 3, 3)),
        "b1": RANDOM.normal(size=16),
        "w2": RANDOM.normal(size=(16, 16, kernel, kernel)),
        "a": np.array([0.9]), "b": np.array([0.5]), "c": np.array([0.5]), "d": np.array([-0.7]),
        "three": np.array(3.0), "zero": np.array(0.0), "six": np.array(6.0),
    }  # fmt: skip
    pad = kernel // 2
    steps: list[tuple[str, list[str], str, list[int]]] = [
        ("Conv", ["x", "w1", "b1"], "y1", [1, 1, 1, 1]),
        ("Mul", ["a", "y1"], "y2", []),
        ("Add", ["y2", "b"], "y3", []),
        ("Add", ["y3", "three"], "y4", []),
        ("Clip", ["y4", "zero", "six"], "y5", []),
        ("Mul", ["y3", "y5"], "y6", []),
        ("Div", ["y6", "six"], "y7", []),
        ("Mul", ["c", "y7"], "y8", []),
        ("Add", ["y8", "d"], "y9", []),
        ("Conv", ["y9", "w2"], "out", [pad, pad, pad, pad]),
    ]
    nodes = []
    for op, given, end, pads in steps:
        node = helper.make_node(op, given, [end], name=end)
        node.attribute.extend(helper.make_attribute("pads", pads) for _ in pads[:1])
        nodes.append(node)
    graph = helper.make_graph(
        nodes,
        "exported",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 16, "h", "w"])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
    return model.SerializeToString()


def answer(model: bytes, picture: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": picture})[0])


@pytest.mark.parametrize(
    ("kernel", "left"),
    [
        (1, {"Conv": 2, "HardSigmoid": 1, "Mul": 1}),
        # A border padded with zeros sees no shift, so the shift stays before a convolution that pads.
        (3, {"Conv": 2, "HardSigmoid": 1, "Mul": 1, "BatchNormalization": 1}),
    ],
)
def test_folding_changes_the_graph_and_not_its_answer(kernel: int, left: dict[str, int]) -> None:
    before = exported(kernel)
    after = fold(before)
    assert Counter(node.op_type for node in onnx.load_from_string(after).graph.node) == left
    picture = RANDOM.normal(size=(1, 3, 20, 28)).astype(np.float32)
    np.testing.assert_allclose(answer(after, picture), answer(before, picture), rtol=1e-4, atol=1e-4)


def test_folding_twice_gives_the_same_bytes() -> None:
    once = exported(3)
    assert fold(once) == fold(once)


def test_what_does_not_follow_the_pattern_stays() -> None:
    model = onnx.load_from_string(exported(1))
    model.graph.node[4].input[2] = "three"  # not a hard-swish any more
    before = model.SerializeToString()
    picture = RANDOM.normal(size=(1, 3, 12, 12)).astype(np.float32)
    assert "Clip" in {node.op_type for node in onnx.load_from_string(fold(before)).graph.node}
    np.testing.assert_allclose(answer(fold(before), picture), answer(before, picture), rtol=1e-4, atol=1e-4)
