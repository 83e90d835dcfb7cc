"""Fewer passes over memory in PP-OCR's text detector: what its exporter spelled out is folded into the convolutions.

PP-LCNetV3 (PaddleOCR, 2023) scales and shifts before and after each activation: conv → ·a + b → hard-swish → ·c + d.
Exported, that is eight nodes between two convolutions, half of the network's time on a CPU. Here a and b go into the
convolution before, c into the one after, d too where that one pads nothing (a border would see another d); the
hard-swish x · clip(x + 3, 0, 6) ÷ 6 becomes x · HardSigmoid(x). The sums are the same up to float rounding.

What the network knows before it decides on text is given out too: `text_head` finds plates and numbers by it.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from pipeline.video.text_head import FEATURES

Values = NDArray[np.float32]


def fold(data: bytes) -> bytes:
    """Rewrite the graph; nodes that do not follow the pattern stay as they are."""
    return _Folding(onnx.load_from_string(data)).model()


class _Folding:
    def __init__(self, model: onnx.ModelProto) -> None:
        self.result = model
        graph = model.graph
        self.values: dict[str, Values] = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.nodes: list[onnx.NodeProto] = []
        for node in graph.node:
            if node.op_type == "Constant":
                self.values[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            else:
                self.nodes.append(node)

    def model(self) -> bytes:
        graph = self.result.graph
        self._after_convolutions()
        self._hard_swish()
        self._before_convolutions()
        used = {name for node in self.nodes for name in node.input}
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(self.nodes)
        made = {name for node in self.nodes for name in node.output}
        graph.output.extend(
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 96, None, None])
            for name in FEATURES
            if name in made
        )
        kept = sorted(name for name in self.values if name in used)
        graph.initializer.extend(
            numpy_helper.from_array(np.ascontiguousarray(self.values[n]), n) for n in kept
        )
        onnx.checker.check_model(self.result)
        return self.result.SerializeToString(deterministic=True)

    def _readers(self) -> dict[str, list[onnx.NodeProto]]:
        found: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                found[name].append(node)
        return found

    def _only(self, name: str, kind: str) -> onnx.NodeProto | None:
        """Give the one node that reads a tensor, when it is of this kind."""
        readers = self._readers()[name]
        return readers[0] if len(readers) == 1 and readers[0].op_type == kind else None

    def _scalar(self, node: onnx.NodeProto | None) -> float | None:
        """Give the one number that a node multiplies by, adds or divides by."""
        if node is not None:
            for name in node.input:
                if name in self.values and self.values[name].size == 1:
                    return float(self.values[name].ravel()[0])
        return None

    def _drop(self, gone: list[onnx.NodeProto], end: str, by: str) -> None:
        """Remove nodes; those that read their last output read another tensor from now on."""
        self.nodes = [node for node in self.nodes if all(node is not other for other in gone)]
        for node in self.nodes:
            for place, name in enumerate(node.input):
                if name == end:
                    node.input[place] = by

    def _weights(self, conv: onnx.NodeProto, kernel: Values, bias: Values) -> None:
        """Give a convolution weights of its own: a constant may be shared."""
        names = [f"{conv.output[0]}/kernel", f"{conv.output[0]}/bias"]
        self.values[names[0]], self.values[names[1]] = kernel.astype(np.float32), bias.astype(np.float32)
        del conv.input[1:]
        conv.input.extend(names)

    def _parts(self, conv: onnx.NodeProto) -> tuple[Values, Values]:
        kernel = self.values[conv.input[1]]
        bias = self.values[conv.input[2]] if len(conv.input) > 2 else np.zeros(len(kernel), np.float32)
        return kernel, bias

    def _after_convolutions(self) -> None:
        for conv in [node for node in self.nodes if node.op_type == "Conv"]:
            times = self._only(conv.output[0], "Mul")
            factor = self._scalar(times)
            if times is None or factor is None:
                continue
            plus = self._only(times.output[0], "Add")
            shift = self._scalar(plus)
            if plus is None or shift is None:
                continue
            kernel, bias = self._parts(conv)
            self._weights(conv, kernel * factor, bias * factor + shift)
            self._drop([times, plus], plus.output[0], conv.output[0])

    def _hard_swish(self) -> None:
        for clip in [node for node in self.nodes if node.op_type == "Clip"]:
            plus = next((node for node in self.nodes if clip.input[0] in node.output), None)
            times = self._only(clip.output[0], "Mul")
            over = self._only(times.output[0], "Div") if times is not None else None
            if plus is None or times is None or over is None or self._scalar(plus) != 3:
                continue
            bounds = [self.values[name].tolist() for name in clip.input[1:] if name in self.values]
            if self._scalar(over) != 6 or bounds != [0, 6]:
                continue
            inner = next(name for name in plus.input if name not in self.values)
            place = self.nodes.index(plus)
            gate = helper.make_node(
                "HardSigmoid", [inner], [f"{inner}/gate"], name=f"{inner}/gate", alpha=1 / 6, beta=0.5
            )
            product = helper.make_node("Mul", [inner, gate.output[0]], [over.output[0]], name=over.output[0])
            self.nodes[place:place] = [gate, product]
            self.nodes = [n for n in self.nodes if all(n is not other for other in (plus, clip, times, over))]

    def _before_convolutions(self) -> None:
        for times in [node for node in self.nodes if node.op_type == "Mul"]:
            factor, plus = self._scalar(times), self._only(times.output[0], "Add")
            shift = self._scalar(plus)
            if factor is None or plus is None or shift is None:
                continue
            readers = self._readers()[plus.output[0]]
            if not all(reader.op_type == "Conv" for reader in readers):
                continue
            inner = next(name for name in times.input if name not in self.values)
            bare = all(not any(_integers(reader, "pads")) for reader in readers)
            for conv in readers:
                kernel, bias = self._parts(conv)
                more = kernel.sum(axis=(1, 2, 3)) * shift if bare else 0.0
                self._weights(conv, kernel * factor, bias + more)
            if bare:
                self._drop([times, plus], plus.output[0], inner)
            else:
                self._drop([times], times.output[0], inner)
                self._shift(plus, inner, shift / factor, len(self._parts(readers[0])[0]))

    def _shift(self, plus: onnx.NodeProto, inner: str, shift: float, channels: int) -> None:
        """Add a number as a batch normalisation: ONNX Runtime keeps the blocked layout through it, not through Add."""
        end = plus.output[0]
        parts = {"scale": 1.0, "shift": shift, "mean": 0.0, "variance": 1.0}
        for name, value in parts.items():
            self.values[f"{end}/{name}"] = np.full(channels, value, np.float32)
        names = [f"{end}/{name}" for name in parts]
        place = self.nodes.index(plus)
        self.nodes[place] = helper.make_node(
            "BatchNormalization", [inner, *names], [end], name=end, epsilon=0.0
        )


def _integers(node: onnx.NodeProto, name: str) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == name), [])
