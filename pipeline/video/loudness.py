"""How loud a recording is over time: for highlights only, nothing of the sound is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.video import limits, sandbox
from pipeline.video.probe import Facts

RATE_HZ = 8000
WINDOW_S = 0.5


def loudness(source: Path, facts: Facts) -> NDArray[np.float32] | None:
    """Return the level in dB of every half second of the first sound stream; None when there is none to read."""
    import imageio_ffmpeg

    if not facts.has_audio:
        return None

    argv = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error",
        "-f", facts.demuxer, "-protocol_whitelist", "fd", "-i", "fd:",
        "-map", "0:a:0", "-vn", "-ac", "1", "-ar", str(RATE_HZ), "-t", str(limits.MAX_DURATION_S),
        "-f", "s16le", "pipe:1",
    ]  # fmt: skip
    budget = 60 + 2 * max(facts.duration_s, 10)
    child = sandbox.start(argv, source=source, cpu_s=budget, timeout=budget)
    size = round(RATE_HZ * WINDOW_S) * 2
    levels: list[float] = []
    try:
        while len(levels) <= limits.MAX_DURATION_S / WINDOW_S and len(chunk := child.read(size)) == size:
            samples = np.frombuffer(chunk, np.int16).astype(np.float32)
            levels.append(float(10 * np.log10(np.mean(samples**2) + 1.0)))
    except OSError:
        return None
    finally:
        child.close()
    return np.array(levels, np.float32) if levels else None
