"""A copy of one of our own clips with the visible mark on every frame: what people see before they buy."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pipeline.video.sound import Sound, lay_beside
from pipeline.video.watermark import Watermark
from pipeline.video.write import COLOURS, MASTER, Encoder, key_spacing

_MATRIX = {numbers[0]: name for name, numbers in COLOURS.items()}


def mark(source: Path, target: Path) -> None:
    """Write the MP4 at ``source``, which this engine made, to ``target`` with the mark drawn over its full size.

    Frames, their times, size, rate and colours are the same, so that poses and boxes of the clip fit the copy; its
    sound is copied as it is. The same file gives the same bytes. Raises av.error.FFmpegError.
    """
    with av.open(str(source)) as found:
        stream = found.streams.video[0]
        rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        width, height = stream.codec_context.width, stream.codec_context.height
        drawn = Watermark(width, height)
        matrix = _MATRIX.get(int(stream.codec_context.colorspace), "bt709")
        encoder = Encoder(target, width=width, height=height, rate=rate, matrix=matrix, quality=MASTER)
        try:
            for frame in found.decode(stream):
                y, u, v = _planes(frame)
                encoder.write((drawn.draw(y), u, v), key=encoder.count % key_spacing(rate) == 0)
        except BaseException:
            encoder.abort()
            raise
        encoder.close()
        heard, length = bool(found.streams.audio), float(encoder.count / rate)
    if heard:
        lay_beside(target, Sound(source, [], length), start_s=0.0, end_s=length)


def _planes(frame: VideoFrame) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    whole: Any = frame.reformat(format="yuv420p")  # its planes are buffers, which their type does not say
    rows = [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size) for plane in whole.planes]
    sizes = [(frame.width, frame.height)] + [((frame.width + 1) // 2, (frame.height + 1) // 2)] * 2
    y, u, v = (np.ascontiguousarray(row[:h, :w]) for row, (w, h) in zip(rows, sizes, strict=True))
    return y, u, v
