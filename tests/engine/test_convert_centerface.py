"""What is split into thirds gives what the graph gave before, and holds a third of it at a time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from pipeline.video.convert_centerface import BLOCKS, PARTS, convert

RANDOM = np.random.default_rng(7)
WIDE, NARROW = 12, 4


def exported(blocks: int, *, read_twice: bool = False) -> bytes:
    """Blocks that widen, filter and sum up, behind a stem; `read_twice`: somebody else reads the first one's middle."""
    weights: dict[str, np.ndarray] = {}
    nodes: list[onnx.NodeProto] = []

    def conv(given: str, end: str, shape: tuple[int, ...], group: int = 1) -> None:
        weights[f"{end}_w"], weights[f"{end}_b"] = RANDOM.normal(size=shape), RANDOM.normal(size=shape[0])
        pad = [shape[2] // 2] * 4
        nodes.append(
            helper.make_node("Conv", [given, f"{end}_w", f"{end}_b"], [end], name=end, group=group, pads=pad)
        )

    conv("x", "stem", (NARROW, 3, 1, 1))
    last = "stem"
    for number in range(blocks):
        at = f"block{number}"
        conv(last, f"{at}_wide", (WIDE, NARROW, 1, 1))
        nodes.append(helper.make_node("Relu", [f"{at}_wide"], [f"{at}_wide_on"]))
        conv(f"{at}_wide_on", f"{at}_each", (WIDE, 1, 3, 3), group=WIDE)
        nodes.append(helper.make_node("Relu", [f"{at}_each"], [f"{at}_each_on"]))
        conv(f"{at}_each_on", last := f"{at}_narrow", (NARROW, WIDE, 1, 1))
    outputs = [last]
    if read_twice:
        nodes.append(helper.make_node("Relu", ["block0_wide_on"], ["other"]))
        outputs.append("other")
    graph = helper.make_graph(
        nodes,
        "exported",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 96])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, 64, 96]) for name in outputs],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
    return model.SerializeToString()


def answers(model: bytes, picture: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return [np.asarray(found) for found in session.run(None, {"x": picture})]


def widths(model: bytes) -> Counter[int]:
    """How many filters of one channel each there are, by the number of channels."""
    groups = (a.i for n in onnx.load_from_string(model).graph.node for a in n.attribute if a.name == "group")
    return Counter(group for group in groups if group > 1)


def test_the_first_blocks_are_computed_in_parts_and_answer_the_same() -> None:
    before = exported(BLOCKS + 1)
    after = convert(before)
    assert widths(before) == {WIDE: BLOCKS + 1}
    assert widths(after) == {WIDE // PARTS: BLOCKS * PARTS, WIDE: 1}
    picture = RANDOM.normal(size=(1, 3, 64, 96)).astype(np.float32)
    for now, then in zip(answers(after, picture), answers(before, picture), strict=True):
        np.testing.assert_allclose(now, then, rtol=1e-4, atol=1e-2)


def test_any_size_of_picture_is_taken() -> None:
    picture = RANDOM.normal(size=(1, 3, 32, 160)).astype(np.float32)
    assert answers(convert(exported(1)), picture)[0].shape == (1, NARROW, 32, 160)


def test_a_block_that_somebody_else_reads_from_stays_whole() -> None:
    assert widths(convert(exported(2, read_twice=True))) == {WIDE: 1, WIDE // PARTS: PARTS}


def test_converting_again_gives_the_same_bytes() -> None:
    before = exported(1)
    assert convert(before) == convert(before)
