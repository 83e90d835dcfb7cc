"""A TensorFlow Lite model without one of its outputs, and without what only that one needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import flatbuffers

from pipeline.video import mediapipe_light

MAGIC = b"TFL3"


def without(data: bytes, output: str) -> bytes:
    """Drop what only the output of this name needs; raises ValueError when there is none, or no other.

    Who reads the outputs counts them, so another one stands in its place. TensorFlow Lite itself runs every operator
    of a model, wanted or not. The others' numbers stay as they were, to the bit.
    """
    mediapipe_light.load()
    # TensorFlow Lite's own schema, as MediaPipe carries it.
    from mediapipe.tasks.metadata import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    (graph,) = model.subgraphs
    ends = [int(tensor) for tensor in graph.outputs]
    kept = [tensor for tensor in ends if graph.tensors[tensor].name.decode() != output]
    if not kept or len(kept) == len(ends):
        raise ValueError(f"The model has no output {output!r} beside another one.")
    graph.outputs = [tensor if tensor in kept else kept[-1] for tensor in ends]
    graph.operators = _needed(graph.operators, kept)
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), MAGIC)
    return bytes(builder.Output())


def _needed(operators: Sequence[Any], tensors: Iterable[int]) -> list[Any]:
    """Return the operators that these tensors come from, in their order."""
    makers = {int(made): place for place, operator in enumerate(operators) for made in operator.outputs}
    waiting, needed = [makers[tensor] for tensor in tensors if tensor in makers], set()
    while waiting:
        place = waiting.pop()
        if place not in needed:
            needed.add(place)
            waiting += [makers[int(given)] for given in operators[place].inputs if int(given) in makers]
    return [operators[place] for place in sorted(needed)]
