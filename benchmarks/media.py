"""Clips for measuring, made by ffmpeg from the shared ones, and frames read back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import ffmpeg

# What a camera writes: high quality, so that the encoders measured have all of the detail to spend time on.
LIKE_A_CAMERA = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-an"]
# What every cost is told in multiples of (pipeline.md).
BASE = ["-map", "0:v", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"]


def base_argv(source: Path, target: Path) -> list[str]:
    """Return the command that is BASE: decode and encode once, nothing else."""
    return [ffmpeg(), "-nostdin", "-loglevel", "error", "-y", "-i", str(source), *BASE, str(target)]


def join(
    sources: Sequence[Path],
    target: Path,
    *,
    lines: int,
    fps: int,
    seconds: float | None = None,
    each: float | None = None,
    repeat: int = 1,
) -> Path:
    """Write the sources one after the other, scaled to 16:9 of that many lines, cropped where they are not.

    `each` cuts every source to its first seconds, `repeat` plays all of them again, `seconds` cuts the whole.
    """
    width = lines * 16 // 9
    chain = (
        f"fps={fps},scale={width}:{lines}:force_original_aspect_ratio=increase:flags=lanczos,"
        f"crop={width}:{lines},setsar=1,format=yuv420p"
    )
    given = [part for source in sources for part in (*(["-t", str(each)] if each else []), "-i", str(source))]
    graph = "".join(f"[{i}:v]{chain}[v{i}];" for i in range(len(sources)))
    graph += "".join(f"[v{i}]" for i in range(len(sources))) + f"concat=n={len(sources)}:v=1:a=0[all]"
    once = target if repeat == 1 else target.with_name(f"once-{target.name}")
    cut = ["-t", str(seconds)] if seconds and repeat == 1 else []
    _ffmpeg([*given, "-filter_complex", graph, "-map", "[all]", *LIKE_A_CAMERA, *cut, str(once)])
    if repeat > 1:
        cut = ["-t", str(seconds)] if seconds else []
        _ffmpeg(["-stream_loop", str(repeat - 1), "-i", str(once), "-c", "copy", *cut, str(target)])
        once.unlink()
    return target


def cut(source: Path, target: Path, *, seconds: float, start: float = 0) -> Path:
    """Write a part of a clip with its own size and rate, encoded again so that it starts at the frame asked for."""
    _ffmpeg(["-i", str(source), "-ss", str(start), "-t", str(seconds), *LIKE_A_CAMERA, str(target)])
    return target


def steady(source: Path, target: Path, *, fps: int, seconds: float) -> Path:
    """Write the first seconds of a clip with its own size, even, at a constant rate."""
    chain = f"fps={fps},scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1"
    _ffmpeg(["-i", str(source), "-t", str(seconds), "-vf", chain, *LIKE_A_CAMERA, str(target)])
    return target


def encode(frames: Iterator[NDArray[np.uint8]], target: Path, *, fps: int) -> Path:
    """Write BGR frames as a video like a camera's."""
    first = next(frames)
    height, width = first.shape[:2]
    given = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "pipe:0"]
    child = subprocess.Popen(
        [ffmpeg(), "-nostdin", "-loglevel", "error", "-y", *given, *LIKE_A_CAMERA, str(target)],
        stdin=subprocess.PIPE,
    )
    assert child.stdin
    child.stdin.write(first.tobytes())
    for frame in frames:
        child.stdin.write(frame.tobytes())
    child.stdin.close()
    if child.wait():
        raise subprocess.CalledProcessError(child.returncode, "ffmpeg")
    return target


def frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames of a video as BGR pictures."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="bgr24")


def count(path: Path) -> int:
    """Return how many frames a video has."""
    return sum(1 for _ in frames(path))


def _ffmpeg(args: list[str]) -> None:
    subprocess.run([ffmpeg(), "-nostdin", "-loglevel", "error", "-y", *args], check=True)
