"""Decode and normalise in one sandboxed child: constant rate, upright, square pixels, SDR, 8-bit planes on a pipe."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.video import limits, sandbox
from pipeline.video.errors import BadInput, ChildFailed
from pipeline.video.probe import CODECS, DAMAGED, Facts

# BT.601 and its NTSC and PAL names, BT.709: kept as they are and named in the output (ISO/IEC 23091-2 numbers).
MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m"}


def output_size(facts: Facts) -> tuple[int, int]:
    """Return even (width, height): at most 1080 on the short side, 2560 on the long, never enlarged."""
    short, long = sorted((facts.width, facts.height))
    factor = min(1.0, limits.MAX_LINES / short, limits.MAX_LONG_SIDE / long)
    width, height = (max(2, round(side * factor / 2) * 2) for side in (facts.width, facts.height))
    return width, height


def output_matrix(facts: Facts) -> str:
    """Return the colour matrix of the output: the source's, else what players assume for its size."""
    if facts.hdr or facts.colorspace in (9, 10):
        return "bt709"
    return MATRICES.get(facts.colorspace, "bt709" if facts.coded_height >= 720 else "smpte170m")


def argv(facts: Facts, *, threads: int) -> list[str]:
    """Return the ffmpeg command whose filter graph is the normalisation."""
    import ffmpeg
    import imageio_ffmpeg

    width, height = output_size(facts)
    stream = ffmpeg.input(
        "fd:",
        f=facts.demuxer,
        protocol_whitelist="fd",
        codec_whitelist=CODECS,
        threads=threads,
        **({"enable_drefs": 0, "use_absolute_path": 0} if facts.demuxer == "mov" else {}),
    )[str(facts.stream)]
    if facts.interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    stream = stream.filter("fps", fps=facts.rate)
    stream = _to_sdr(stream, facts, width, height)
    stream = stream.filter("setsar", sar="1").filter("format", pix_fmts="yuv420p")
    built = stream.output(
        "pipe:1", f="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough", t=limits.MAX_DURATION_S
    )
    # Filters on one thread spend 15 MiB less at 1080p and cost nothing; tone mapping in floats needs them all.
    filter_threads = threads if facts.hdr else 1
    flags = ["-nostdin", "-hide_banner", "-loglevel", "warning", "-filter_threads", str(filter_threads)]
    arguments: list[str] = built.get_args()
    return [imageio_ffmpeg.get_ffmpeg_exe(), *flags, *arguments]


def _to_sdr(stream, facts: Facts, width: int, height: int):
    matrix = output_matrix(facts)
    if facts.hdr:
        # Shrink first, then linear light at 100 cd/m², BT.709 primaries, the Hable curve (ffmpeg's tonemap manual).
        return (
            stream.filter("zscale", w=width, h=height, t="linear", npl=100)
            .filter("format", pix_fmts="gbrpf32le")
            .filter("zscale", p="bt709")
            .filter("tonemap", tonemap="hable", desat=0)
            .filter("zscale", t="bt709", m="bt709", r="tv")
        )
    # The matrix of an unmarked source is what players assume; naming it on both sides keeps the samples as they are.
    into = {"bt2020nc": "bt2020"}.get(matrix, matrix)
    source = "bt2020" if facts.colorspace in (9, 10) else into
    return stream.filter(
        "scale",
        w=width,
        h=height,
        flags="bicubic",
        in_color_matrix=source,
        out_color_matrix=into,
        in_range="pc" if facts.full_range else "tv",
        out_range="tv",
    )


class Reader:
    """Frames of a source as flat yuv420p buffers (width × height × 3 / 2 bytes, planes Y, U, V)."""

    def __init__(
        self, source: Path, facts: Facts, *, threads: int, max_duration_s: float | None = None
    ) -> None:
        self.width, self.height = output_size(facts)
        self.rate = Fraction(facts.rate)
        self.frame_bytes = self.width * self.height * 3 // 2
        longest = limits.MAX_DURATION_S if max_duration_s is None else max_duration_s
        self.max_frames = int(longest * self.rate) + 1
        # Wall and CPU bounds: 40 × real time and a minute, far above what any accepted codec needs.
        budget = 60 + 40 * max(facts.duration_s, 10)
        self.child = sandbox.start(argv(facts, threads=threads), source=source, cpu_s=budget, timeout=budget)
        self._spare: queue.SimpleQueue[NDArray[np.uint8]] = queue.SimpleQueue()
        self.count = 0
        self.warnings: list[str] = []
        # Frames [start, end) that nobody may see (private places): black before anything looks at them.
        self.hidden: Sequence[tuple[int, int]] = ()

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield each frame in a buffer of its own; raise BadInput when none can be read or there are too many."""
        while True:
            buffer = self._buffer()
            if not self._fill(memoryview(buffer.data)):
                break
            self.count += 1
            if self.count > self.max_frames:
                raise BadInput(
                    "The recording is longer than it says. Nothing was kept. Export it again and upload that."
                )
            if any(start <= self.count - 1 < end for start, end in self.hidden):
                _blacken(buffer, self.width * self.height)
            yield buffer
        self._end()

    def take_back(self, buffer: NDArray[np.uint8]) -> None:
        """Use this buffer again: frames that come and go by malloc leave holes of hundreds of megabytes."""
        self._spare.put(buffer)

    def _buffer(self) -> NDArray[np.uint8]:
        try:
            return self._spare.get_nowait()
        except queue.Empty:
            return np.empty(self.frame_bytes, np.uint8)

    def _fill(self, view: memoryview) -> bool:
        done = 0
        while done < len(view):
            got = self.child.stdout.readinto(view[done:])  # type: ignore[attr-defined]
            if not got:
                return False  # a partial last frame is dropped
            done += got
            self.child.alive()
        return True

    def _end(self) -> None:
        try:
            status = self.child.finish()
        except ChildFailed as error:
            raise BadInput(DAMAGED.format(what="reading it does not come to an end")) from error
        if self.count == 0:
            raise BadInput(DAMAGED.format(what="not one picture of it can be read"))
        if status != 0 or "error" in self.child.stderr_text().lower():
            self.warnings.append("Parts of the recording are damaged; the readable pictures were used.")

    def close(self) -> None:
        self.child.close()


def _blacken(buffer: NDArray[np.uint8], luma: int) -> None:
    """Make a yuv420p frame black in limited range (ITU-R BT.709)."""
    buffer[:luma] = 16
    buffer[luma:] = 128
