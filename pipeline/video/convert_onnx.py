"""Free a fixed-shape ONNX model of its input size, so that it takes any multiple of 32."""

from __future__ import annotations

import onnx


def free_size(data: bytes) -> bytes:
    """Make batch-1 NCHW input height and width symbolic; fixed sizes written along the way are dropped.

    The models this is for resize by factors and reshape with -1, so nothing else names a size.
    """
    model = onnx.load_from_string(data)
    shape = model.graph.input[0].type.tensor_type.shape
    shape.dim[0].dim_value = 1
    shape.dim[2].dim_param, shape.dim[3].dim_param = "height", "width"
    for output in model.graph.output:
        for axis, dim in enumerate(output.type.tensor_type.shape.dim):
            dim.dim_param = f"{output.name}_{axis}"
    del model.graph.value_info[:]
    # Old exporters list weights as inputs too; ONNX Runtime then takes them for things that may change.
    weights = {tensor.name for tensor in model.graph.initializer}
    kept = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return model.SerializeToString(deterministic=True)
