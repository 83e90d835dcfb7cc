"""Boxes and timed samples of an ISO base media file, read with bounds: the bytes are untrusted (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

# Bounds: what a two-hour recording needs, many times over.
MOST_BOXES = 20_000
MOST_SAMPLES = 500_000
MOST_TABLE = 16 * 1024 * 1024
MOST_READ = 512 * 1024 * 1024
CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts"})
MAC_EPOCH_S = 2_082_844_800  # 1904 to 1970


class Source:
    """A file read at places, with a budget: a table that points everywhere cannot make us read for hours."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self.size = handle.seek(0, SEEK_END)
        self._left = MOST_READ

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes at `offset`; fewer, or none, at the end, outside, or over the budget."""
        length = min(length, self._left)
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        self._handle.seek(offset)
        data = self._handle.read(length)
        self._left -= len(data)
        return data


@dataclass(frozen=True, slots=True)
class BoxAt:
    """Where a box's content lies: `path` is its types from the outside, joined by "/"."""

    path: str
    start: int
    end: int

    @property
    def kind(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(slots=True)
class TimedTrack:
    """A track of the file: its handler, sample format, and where and when its samples are."""

    handler: bytes = b""
    sample_format: bytes = b""
    timescale: int = 0
    samples: list[tuple[int, int, float, float]] | None = None  # offset, size, start s, duration s


def boxes(source: Source) -> list[BoxAt]:
    """List the boxes of the file, inside containers too, in file order."""
    return list(_walk(source, 0, source.size, "", [MOST_BOXES]))


def _walk(source: Source, start: int, end: int, path: str, left: list[int]) -> Iterator[BoxAt]:
    at = start
    while at + 8 <= end and left[0] > 0:
        left[0] -= 1
        head = source.read(at, 16)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        inner = at + 8
        if size == 1 and len(head) == 16:
            size, inner = struct.unpack(">Q", head[8:])[0], at + 16
        elif size == 0:
            size = end - at
        if size < inner - at:
            return
        stop = min(end, at + size)
        name = f"{path}/{kind.decode('latin-1')}" if path else kind.decode("latin-1")
        yield BoxAt(name, inner, stop)
        if kind in CONTAINERS and path.count("/") < 8:
            yield from _walk(source, inner, stop, name, left)
        at += size


def movie_times(source: Source, found: list[BoxAt]) -> tuple[float | None, float | None]:
    """Return (creation in seconds since 1970, duration in seconds) of the movie header; None where it says nothing."""
    header = next((box for box in found if box.path == "moov/mvhd"), None)
    data = source.read(header.start, 32) if header else b""
    try:
        if data[:1] == b"\x01":
            created, _, scale, duration = struct.unpack(">QQIQ", data[4:32])
        else:
            created, _, scale, duration = struct.unpack(">IIII", data[4:20])
    except struct.error:
        return None, None
    # Cameras that do not know the time write nothing or the year they were made for.
    began = created - MAC_EPOCH_S if created > MAC_EPOCH_S + 946_684_800 else None
    return began, (duration / scale if scale and 0 < duration < 2**62 else None)


def timed_tracks(source: Source, found: list[BoxAt]) -> list[TimedTrack]:
    """Read the tables of every track that holds neither picture nor sound."""
    tracks: list[list[BoxAt]] = []
    for box in found:
        if box.path == "moov/trak":
            tracks.append([])
        elif box.path.startswith("moov/trak/") and tracks:
            tracks[-1].append(box)
    read = (
        _timed(source, {box.path.removeprefix("moov/trak/"): box for box in boxes}) for boxes in tracks[:64]
    )
    return [track for track in read if track is not None]


def _timed(source: Source, parts: dict[str, BoxAt]) -> TimedTrack | None:
    def content(path: str, most: int = MOST_TABLE) -> bytes:
        box = parts.get(path)
        return source.read(box.start, min(box.end - box.start, most)) if box else b""

    track = TimedTrack(handler=content("mdia/hdlr", 32)[8:12])
    if track.handler in (b"vide", b"soun"):
        return None
    media = content("mdia/mdhd", 40)
    track.timescale = int.from_bytes(media[20:24] if media[:1] == b"\x01" else media[12:16], "big")
    track.sample_format = content("mdia/minf/stbl/stsd", 64)[12:16]
    if not track.timescale:
        return None
    stbl = "mdia/minf/stbl/"
    sizes = _sizes(content(stbl + "stsz"))
    wide = stbl + "co64" in parts
    chunks = _numbers(content(stbl + ("co64" if wide else "stco")), 8, 8 if wide else 4)
    runs = _numbers(content(stbl + "stsc"), 8, 4)
    durations = _numbers(content(stbl + "stts"), 8, 4)
    track.samples = _samples(sizes, chunks, runs, durations, track.timescale)
    return track


def _sizes(data: bytes) -> list[int]:
    if len(data) < 12:
        return []
    each, count = struct.unpack(">II", data[4:12])
    if each:
        return [each] * min(count, MOST_SAMPLES)
    return _numbers(data, 12, 4)[: min(count, MOST_SAMPLES)]


def _numbers(data: bytes, start: int, width: int) -> list[int]:
    body = data[start : start + (max(0, len(data) - start) // width) * width]
    return list(struct.unpack(f">{len(body) // width}{'Q' if width == 8 else 'I'}", body))


def _samples(
    sizes: list[int], chunks: list[int], runs: list[int], durations: list[int], scale: int
) -> list[tuple[int, int, float, float]]:
    """Join the four tables into (offset, size, start s, duration s), as far as they agree."""
    lasting: list[int] = []
    for i in range(0, len(durations) - 1, 2):
        lasting += [durations[i + 1]] * min(durations[i], len(sizes) - len(lasting))
    out: list[tuple[int, int, float, float]] = []
    entries = [(runs[i], runs[i + 1]) for i in range(0, len(runs) - 2, 3)]
    entry, now, index = 0, 0, 0
    for number, offset in enumerate(chunks, start=1):
        while entry + 1 < len(entries) and entries[entry + 1][0] <= number:
            entry += 1
        for _ in range(entries[entry][1] if entries else 0):
            if index >= len(sizes):
                return out
            last = lasting[index] if index < len(lasting) else scale
            out.append((offset, sizes[index], now / scale, last / scale))
            offset += sizes[index]
            now += last
            index += 1
    return out
