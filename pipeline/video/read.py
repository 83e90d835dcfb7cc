"""Decode and normalise in one sandboxed child: constant rate, upright, square pixels, SDR, 8-bit planes on a pipe."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.video import limits, sandbox
from pipeline.video.errors import BadInput, ChildFailed
from pipeline.video.probe import CODECS, DAMAGED, Facts

# BT.601 and its NTSC and PAL names, BT.709: kept as they are and named in the output (ISO/IEC 23091-2 numbers).
MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m"}
# Seconds before a wanted frame where reading begins: the deinterlacer and frames out of order need some before it.
SEEK_MARGIN_S = 0.5
# Frames read ahead of whoever takes them.
QUEUE = 2


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


def argv(facts: Facts, *, threads: int, first: int = 0, last: int | None = None) -> list[str]:
    """Return the ffmpeg command whose filter graph is the normalisation.

    Output frames are numbered on one grid of the footage's own clock, so that frame `first` is the same picture in
    whichever piece it is read; `last` is the first frame that is not wanted.
    """
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
        **_from(facts, first),
    )[str(facts.stream)]
    if facts.interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    # From second 0 of the container: a picture that starts late is held, so that sound stays in time.
    stream = stream.filter("fps", fps=facts.rate, **({} if first else {"start_time": 0}))
    if first or last is not None:
        rate = Fraction(facts.rate)
        bounds = {"start": (first - 0.5) / rate} if first else {}
        bounds |= {} if last is None else {"end": (last - 0.5) / rate}
        stream = stream.filter("trim", **{name: f"{float(at):.6f}" for name, at in bounds.items()})
    stream = _to_sdr(stream, facts, width, height)
    stream = stream.filter("setsar", sar="1").filter("format", pix_fmts="yuv420p")
    most = {} if first else {"t": limits.MAX_DURATION_S}
    built = stream.output("pipe:1", f="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough", **most)
    # Filters on one thread spend 15 MiB less at 1080p and cost nothing; tone mapping in floats needs them all.
    filter_threads = threads if facts.hdr else 1
    flags = ["-nostdin", "-hide_banner", "-loglevel", "warning", "-filter_threads", str(filter_threads)]
    flags += ["-copyts", "-start_at_zero"] if first else []
    arguments: list[str] = built.get_args()
    return [imageio_ffmpeg.get_ffmpeg_exe(), *flags, *arguments]


def _from(facts: Facts, first: int) -> dict[str, Any]:
    """Return the input flags that begin at the keyframe before this frame; what lies between is cut off later."""
    if not first:
        return {}
    return {
        "ss": f"{max(0.0, float(first / Fraction(facts.rate)) - SEEK_MARGIN_S):.6f}",
        "noaccurate_seek": None,
    }


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
        self,
        source: Path,
        facts: Facts,
        *,
        threads: int,
        max_duration_s: float | None = None,
        first: int = 0,
        last: int | None = None,
        hidden: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.width, self.height = output_size(facts)
        self.rate = Fraction(facts.rate)
        self.frame_bytes = self.width * self.height * 3 // 2
        longest = limits.MAX_DURATION_S if max_duration_s is None else max_duration_s
        self.first = first
        self.max_frames = int(longest * self.rate) + 1 - first
        # Bounds of CPU and of waiting for it: 40 × real time and a minute, far above what any accepted codec needs.
        budget = 60 + 40 * max(facts.duration_s, 10)
        command = argv(facts, threads=threads, first=first, last=last)
        self.child = sandbox.start(command, source=source, cpu_s=budget, timeout=budget)
        self._spare: queue.SimpleQueue[NDArray[np.uint8]] = queue.SimpleQueue()
        self.count = 0
        self.warnings: list[str] = []
        # Frames [start, end) that nobody may see (private places): black before anything looks at them.
        self.hidden = tuple(hidden)

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield each frame in a buffer of its own; raise BadInput when none can be read or there are too many."""
        while True:
            buffer = self._buffer()
            if self.child.fill(memoryview(buffer.data)) < len(buffer):
                break  # a partial last frame is dropped
            self.count += 1
            if self.count > self.max_frames:
                raise BadInput(
                    "The recording is longer than it says. Nothing was kept. Export it again and upload that."
                )
            index = self.first + self.count - 1
            if any(start <= index < end for start, end in self.hidden):
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

    def _end(self) -> None:
        try:
            status = self.child.finish()
        except ChildFailed as error:
            raise BadInput(DAMAGED.format(what="reading it does not come to an end")) from error
        if self.count == 0 and not self.first:  # a later part may be empty where the header promised too much
            raise BadInput(DAMAGED.format(what="not one picture of it can be read"))
        if status != 0 or "error" in self.child.stderr_text().lower():
            self.warnings.append("Parts of the recording are damaged; the readable pictures were used.")

    def close(self) -> None:
        self.child.close()


class Frames:
    """Frames one after another, of which those that follow can be seen before they are taken."""

    def __init__(self, frames: Generator[NDArray[np.uint8], None, None]) -> None:
        self._frames = frames
        self._seen: deque[NDArray[np.uint8]] = deque()

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return self

    def __next__(self) -> NDArray[np.uint8]:
        return self._seen.popleft() if self._seen else next(self._frames)

    def later(self, most: int) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames that follow the one taken last, so many at most; nothing is read that is not asked for."""
        for place in range(most):
            if place == len(self._seen):
                frame = next(self._frames, None)
                if frame is None:
                    return
                self._seen.append(frame)
            yield self._seen[place]

    def close(self) -> None:
        """End the reading."""
        self._frames.close()


def ahead(reader: Reader) -> Frames:
    """Read frames on a thread of its own, a few ahead."""
    return Frames(_ahead(reader))


def _ahead(reader: Reader) -> Generator[NDArray[np.uint8], None, None]:
    box: queue.Queue[Any] = queue.Queue(QUEUE)
    stop = threading.Event()

    def fetch() -> None:
        try:
            for buffer in reader.frames():
                if stop.is_set():
                    return
                box.put(buffer)
            box.put(None)
        except BaseException as error:
            box.put(error)

    thread = threading.Thread(target=fetch, name="read", daemon=True)
    thread.start()
    try:
        while (item := box.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        if thread.is_alive():
            reader.child.kill()  # it may never deliver the frame that the thread waits for
        while thread.is_alive():  # it may wait to hand over a frame that nobody wants any more
            try:
                box.get(timeout=0.05)
            except queue.Empty:
                pass


def _blacken(buffer: NDArray[np.uint8], luma: int) -> None:
    """Make a yuv420p frame black in limited range (ITU-R BT.709)."""
    buffer[:luma] = 16
    buffer[luma:] = 128
