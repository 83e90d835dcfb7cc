"""One encode: the redacted master, the watermarked preview and the tiles for scrubbing, from the same frame."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from pipeline.video import encoders, limits
from pipeline.video.encoders import LIBX264, Quality
from pipeline.video.planes import shrink
from pipeline.video.redact import Planes
from pipeline.video.stills import Tiles
from pipeline.video.watermark import Watermark

# Output must not depend on how many cores a machine has: x264 gives the same bytes for the same thread count.
X264_THREADS = 2
MP4 = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0", "fflags": "+bitexact"}
MASTER = Quality(x264="superfast", nvenc="p4", crf=23)
PREVIEW = Quality(x264="superfast", nvenc="p2", crf=27)
# ISO/IEC 23091-2 numbers of the matrices in read.MATRICES: (matrix, primaries, transfer).
COLOURS = {"bt709": (1, 1, 1), "smpte170m": (6, 6, 6), "bt470bg": (5, 5, 6)}

# The planes Y, U and V of a frame.
Three = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


class Encoder:
    """An MP4 with one H.264 stream: constant rate, faststart, no metadata, keyframes where it is told.

    Raises one of encoders.FAILURES, and leaves an empty file, when the codec does not open.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        rate: Fraction,
        matrix: str,
        quality: Quality,
        codec: str = LIBX264,
    ) -> None:
        self.container = av.open(str(path), "w", format="mp4", options=MP4)
        stream = self.container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / rate
        if codec == LIBX264:
            context.thread_count = X264_THREADS
        context.colorspace, context.color_primaries, context.color_trc = COLOURS[matrix]
        context.color_range = 1  # limited
        stream.options = encoders.options(codec, quality)
        if codec != LIBX264:  # say now that there is no session left, not at the first frame
            try:
                context.open()
            except encoders.FAILURES:
                self.container.close()
                raise
        self.stream, self.rate = stream, rate
        self.width, self.height = width, height
        self.count = 0

    def write(self, planes: Three, *, key: bool) -> None:
        """Encode one frame given as its three planes."""
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        for plane, source in zip(frame.planes, planes, strict=True):
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            rows[: source.shape[0], : source.shape[1]] = source
        self._encode(frame, key)

    def write_whole(self, whole: NDArray[np.uint8], *, key: bool) -> None:
        """Encode one frame, a Planes.whole, without a copy: encoders have read it when they return."""
        self._encode(av.VideoFrame.from_numpy_buffer(whole, format="yuv420p"), key)

    def _encode(self, frame: av.VideoFrame, key: bool) -> None:
        frame.pts, frame.time_base = self.count, 1 / self.rate
        frame.pict_type = PictureType.I if key else PictureType.NONE
        self.count += 1
        self.container.mux(self.stream.encode(frame))

    def close(self) -> None:
        """Flush the encoder and write the index."""
        self.container.mux(self.stream.encode(None))
        self.container.close()

    def abort(self) -> None:
        self.container.close()


class Writer:
    """Master, preview and tiles of one segment of a footage, which begins at frame `start`.

    `encoder` writes both files. Where it does not open or fails at the first frame, libx264 does: see `encoder` then.
    """

    def __init__(
        self,
        folder: Path,
        *,
        width: int,
        height: int,
        rate: Fraction,
        matrix: str,
        start: int = 0,
        with_preview: bool = True,
        encoder: str = LIBX264,
    ) -> None:
        self.folder, self.matrix, self.with_preview = folder, matrix, with_preview
        self.width, self.height, self.rate, self.start = width, height, rate, start
        self.preview_size = preview_size(width, height)
        self.mark = Watermark(*self.preview_size)
        self.master, self.preview = self._open(encoder)
        self.tiles = Tiles(rate=rate)
        # Both encoders wait for their own threads: after each other they kept 2 cores busy for 0.75 of the time.
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self.keyframes: list[int] = []
        self._spacing = key_spacing(rate)

    def _open(self, encoder: str) -> tuple[Encoder, Encoder | None]:
        """Open both files with one kind of encoder, with libx264 where that one does not open twice."""
        self.encoder = encoder
        opened: list[Encoder] = []
        sizes = [("redacted.mp4", (self.width, self.height), MASTER)]
        if self.with_preview:
            sizes.append(("preview.mp4", self.preview_size, PREVIEW))
        try:
            for name, (width, height), quality in sizes:
                opened.append(
                    Encoder(
                        self.folder / name, width=width, height=height, rate=self.rate, matrix=self.matrix,
                        quality=quality, codec=encoder,
                    )
                )  # fmt: skip
        except encoders.FAILURES as error:
            for each in opened:
                each.abort()
            if encoder == LIBX264:
                raise
            encoders.fell_back(encoder, error)
            return self._open(LIBX264)
        return opened[0], opened[1] if self.with_preview else None

    def write(self, planes: Planes, *, cut: bool) -> None:
        """Take one redacted frame; `cut` says that a new scene starts here."""
        index = self.start + self.master.count
        key = cut or index % self._spacing == 0 or index == self.start
        if key:
            self.keyframes.append(index)
        first = self.master.count == 0
        try:
            self._both(planes, index, key)
        except encoders.FAILURES as error:
            if not first or self.encoder == LIBX264:
                raise
            encoders.fell_back(self.encoder, error)
            self._abort()
            self.master, self.preview = self._open(LIBX264)
            self._both(planes, index, key)

    def _both(self, planes: Planes, index: int, key: bool) -> None:
        small = self._beside.submit(self._write_small, planes, index, key) if self.with_preview else None
        try:
            self.master.write_whole(planes.whole, key=key)
        finally:
            if small is not None:
                small.result()  # the frame's buffer is used again after this

    def _write_small(self, planes: Planes, index: int, key: bool) -> None:
        """Give one frame to the preview and to the tiles."""
        w, h = self.preview_size
        small = (shrink(planes.y, w, h), shrink(planes.u, w // 2, h // 2), shrink(planes.v, w // 2, h // 2))
        self.tiles.offer(index, small)
        if self.preview is not None:
            self.preview.write((self.mark.draw(small[0]), small[1], small[2]), key=key)

    def close(self) -> None:
        self._beside.shutdown()
        self.master.close()
        if self.preview is not None:
            self.preview.close()

    def abort(self) -> None:
        """Let go of the files; what they hold is thrown away."""
        self._beside.shutdown()
        self._abort()

    def _abort(self) -> None:
        self.master.abort()
        if self.preview is not None:
            self.preview.abort()


def key_spacing(rate: Fraction) -> int:
    """Return the frames between keyframes: at most one second, on one grid of the whole footage."""
    return max(1, int(rate))


def preview_size(width: int, height: int) -> tuple[int, int]:
    """Return even (width, height) of the preview of a master of this size."""
    factor = min(1.0, limits.PREVIEW_LINES / min(width, height))
    return round(width * factor / 2) * 2, round(height * factor / 2) * 2


def header(path: Path) -> bytes:
    """Return the parameter sets of an MP4's H.264 stream: files with equal ones can be joined."""
    with av.open(str(path)) as file:
        return bytes(file.streams.video[0].codec_context.extradata or b"")


def join(parts: Sequence[Path], target: Path, *, rate: Fraction) -> None:
    """Write the parts of one footage after each other into one file, packets as they are.

    All come from one kind of encoder with the same options, so one header describes them all (see `header`).
    """
    with av.open(str(target), "w", format="mp4", options=MP4) as out:
        copied, frames = None, 0
        for part in parts:
            with av.open(str(part)) as source:
                stream = source.streams.video[0]
                if copied is None:
                    copied = out.add_stream_from_template(stream)
                elif copied.codec_context.extradata != stream.codec_context.extradata:
                    raise RuntimeError("the parts of a footage were encoded with different options")
                tick = 1 / (rate * stream.time_base)
                count = 0
                for packet in source.demux(stream):
                    if packet.size and packet.pts is not None:
                        packet.pts = packet.pts + round(frames * tick)
                        packet.dts = None if packet.dts is None else packet.dts + round(frames * tick)
                        packet.stream = copied
                        out.mux(packet)
                        count += 1
                frames += count
