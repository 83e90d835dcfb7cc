"""Load the parts of MediaPipe that pose needs, without its drawing helpers: their matplotlib costs 0.7 CPU seconds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

# Packages whose __init__ imports everything that there is.
HEAVY = ("mediapipe", "mediapipe.python.solutions")


def load() -> None:
    """Put bare packages in the place of the heavy ones, once; their modules are then imported one by one."""
    if "mediapipe" in sys.modules:
        return
    spec = importlib.util.find_spec("mediapipe")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mediapipe is not installed", name="mediapipe")
    for name in HEAVY:
        package = ModuleType(name)
        package.__path__ = [str(Path(spec.origin).parent.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
