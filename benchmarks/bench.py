"""What every measurement is given: where the media lie, where to work, and how much time there is."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imageio_ffmpeg

ROOT = Path(__file__).resolve().parents[1]
MEDIA = ROOT.parent / "shared" / "data"


@dataclass(slots=True)
class Bench:
    """One run. `work` is emptied at the end of the run, `cache` stays (the peers are installed there)."""

    quick: bool
    work: Path
    cache: Path
    media: Path = MEDIA
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    began: float = field(default_factory=time.monotonic)
    shared: dict[str, Any] = field(default_factory=dict)  # results that several sections use

    def folder(self, name: str) -> Path:
        """Return a new empty folder to work in."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.work))

    def tell(self, sentence: str) -> None:
        """Print how far it is, with the seconds since the start."""
        print(f"[{time.monotonic() - self.began:6.0f} s] {sentence}", flush=True)


def data_folder() -> Path:
    """Return where this checkout keeps its data; the same setting as `make demo`."""
    return Path(os.environ.get("FAIRFRAME_DATA") or ROOT / ".data").resolve()


def ffmpeg() -> str:
    """Return the ffmpeg binary that the engine uses too."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())
