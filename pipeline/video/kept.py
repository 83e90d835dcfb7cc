"""Keep what a pass found in one compact file: a tree of plain values in JSON, its arrays beside it in NumPy's zip.

Nothing in such a file is code: classes are named and must be among those listed here.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipeline.video import records
from pipeline.video.boxes import Box


@cache
def classes() -> dict[str, type]:
    """Return the classes that a kept file may name: the rows of records.py, and boxes."""
    rows = {
        name: kind for name, kind in vars(records).items() if isinstance(kind, type) and is_dataclass(kind)
    }
    return {**rows, "Box": Box}


def save(path: Path, content: dict[str, Any]) -> None:
    """Write the content; the file appears under its name only when it is whole."""
    parts: dict[str, list[NDArray[Any]]] = {}
    filled: dict[str, int] = {}

    def put(values: NDArray[Any]) -> list[Any]:
        name = values.dtype.str
        at = filled.get(name, 0)
        parts.setdefault(name, []).append(np.ascontiguousarray(values).ravel())
        filled[name] = at + values.size
        return [name, list(values.shape), at]

    tree = json.dumps(_plain(content, put), separators=(",", ":"), allow_nan=False).encode()
    arrays = {name: np.concatenate(values) for name, values in parts.items()}
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as out:
        np.savez_compressed(out, tree=np.frombuffer(tree, np.uint8), **arrays)
    temporary.replace(path)


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote; raise ValueError when it is something else."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files if name != "tree"}
            tree = json.loads(stored["tree"].tobytes())
        content = _back(tree, arrays)
    except (OSError, KeyError, TypeError, IndexError, EOFError, ValueError, BadZipFile) as error:
        raise ValueError(f"{path.name} is not a file of this engine, or an older one's.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} is not a file of this engine.")
    return content


def _plain(value: Any, put: Callable[[NDArray[Any]], list[Any]]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list):
        return [_plain(item, put) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_plain(item, put) for item in value]}
    if isinstance(value, array):
        return {"row": [value.typecode, *put(np.array(value))]}
    if isinstance(value, np.ndarray):
        return {"array": put(value)}
    if isinstance(value, dict):
        kind = "counts" if isinstance(value, Counter) else "map"
        return {kind: [[_plain(key, put), _plain(item, put)] for key, item in value.items()]}
    if type(value).__name__ in classes():
        inside = {part.name: _plain(getattr(value, part.name), put) for part in fields(value)}
        return {"class": type(value).__name__, "of": inside}
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _back(node: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(node, list):
        return [_back(item, arrays) for item in node]
    if not isinstance(node, dict):
        return node
    if "class" in node:
        return classes()[node["class"]](**{key: _back(item, arrays) for key, item in node["of"].items()})
    kind, inside = next(iter(node.items()))
    if kind == "tuple":
        return tuple(_back(item, arrays) for item in inside)
    if kind == "array":
        return _array(inside, arrays)
    if kind == "row":
        return array(inside[0], _array(inside[1:], arrays).tolist())
    pairs = [(_back(key, arrays), _back(item, arrays)) for key, item in inside]
    return Counter(dict(pairs)) if kind == "counts" else dict(pairs)


def _array(place: list[Any], arrays: dict[str, NDArray[Any]]) -> NDArray[Any]:
    name, shape, at = place
    size = int(np.prod(shape, dtype=np.int64))
    return arrays[name][at : at + size].reshape(shape)
