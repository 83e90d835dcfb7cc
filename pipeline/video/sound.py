"""Sound for footage whose sound matters: every voice silenced with fades, encoded again, laid beside the picture.

Decoding meets untrusted bytes, so it happens in a sandboxed child; here are samples only.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from pipeline.video import sandbox, voice
from pipeline.video.errors import Cancelled
from pipeline.video.probe import CODECS, Facts
from pipeline.video.voice import Spoken
from pipeline.video.write import MP4

RATE, CHANNELS, BIT_RATE = 48_000, 2, 128_000
# The sound falls to nothing before a voice begins and comes back after it has ended: this long, outside of it.
FADE_S = 0.08
BLOCK_S = 10
# Samples of one AAC packet.
PACKET = 1024


@dataclass(frozen=True, slots=True)
class Sound:
    """A silenced sound track: AAC in an MP4 file, and where the voices were."""

    path: Path
    silenced: list[Spoken]
    duration_s: float


def make(
    source: Path,
    facts: Facts,
    target: Path,
    *,
    end_s: float,
    hidden: Sequence[tuple[float, float]] = (),
    stop: Callable[[], bool],
) -> Sound | None:
    """Write the sound of `source` with every voice silenced to `target`, as long as the picture; None without sound.

    `hidden` stretches (seconds of private places) are silenced whole. Raises Cancelled when
    `stop()` turns true.
    """
    if not facts.has_audio:
        return None
    heard = 0

    def listened() -> Iterator[NDArray[np.int16]]:
        nonlocal heard
        for block in _watched(_samples(source, facts, rate=voice.RATE, channels=1, end_s=end_s), stop):
            heard += len(block)
            yield block[:, 0]

    found = voice.spoken(listened())
    if not heard:
        return None  # a sound track that nobody can decode
    found = sorted([*found, *(Spoken(start, end) for start, end in hidden)], key=lambda each: each.start_s)
    blocks = _watched(_samples(source, facts, rate=RATE, channels=CHANNELS, end_s=end_s), stop)
    _encode(_silenced(blocks, found), target)
    return Sound(path=target, silenced=found, duration_s=end_s)


def described(mode: str, sound: Sound | None) -> dict[str, Any]:
    """Say in the report what became of the sound: `mode` is one of options.AUDIO."""
    if sound is None:
        return {"mode": mode, "kept": False}
    stretches = [[round(s.start_s, 2), round(min(s.end_s, sound.duration_s), 2)] for s in sound.silenced]
    return {
        "mode": mode,
        "kept": True,
        "silenced": stretches,
        "silenced_s": round(sum(end - start for start, end in stretches), 2),
        "threshold": voice.VOICE,
    }


def gain(start: int, count: int, found: Sequence[Spoken], *, rate: int = RATE) -> NDArray[np.float32]:
    """Return what `count` samples from `start` on are multiplied with: 0 inside every voice, ramps outside."""
    at = (start + np.arange(count, dtype=np.float64)) / rate
    out = np.ones(count, np.float32)
    for each in found:
        if each.start_s - FADE_S > at[-1] or each.end_s + FADE_S < at[0]:
            continue
        away = np.maximum(each.start_s - at, at - each.end_s)
        out = np.minimum(out, np.clip(away / FADE_S, 0, 1).astype(np.float32))
    return out


def lay_beside(picture: Path, sound: Sound, *, start_s: float, end_s: float) -> None:
    """Add the sound from `start_s` to `end_s` to our own silent video file, packets of both as they are."""
    target = picture.with_name(f".{picture.name}.part")
    with av.open(str(picture)) as video, av.open(str(sound.path)) as audio:
        pictures, heard = video.streams.video[0], audio.streams.audio[0]
        with av.open(str(target), "w", format="mp4", options=MP4) as out:
            to_video = out.add_stream_from_template(pictures)
            to_audio = out.add_stream_from_template(heard)
            beside = _packets(audio, heard, start_s, end_s)
            waiting = next(beside, None)
            for packet in video.demux(pictures):
                if not packet.size or packet.pts is None:
                    continue
                now = float(packet.pts * packet.time_base)
                while waiting is not None and waiting[0] <= now:
                    _put(out, to_audio, waiting[1])
                    waiting = next(beside, None)
                packet.stream = to_video
                out.mux(packet)
            while waiting is not None:
                _put(out, to_audio, waiting[1])
                waiting = next(beside, None)
    target.replace(picture)


def _packets(
    container: InputContainer, stream: av.AudioStream, start_s: float, end_s: float
) -> Iterator[tuple[float, av.Packet]]:
    """Yield (second from start, packet): the packet nearest to the start is the first, at second 0."""
    first = round(start_s * RATE / PACKET)
    last = max(first + 1, round(end_s * RATE / PACKET))
    for number, packet in enumerate(p for p in container.demux(stream) if p.size):
        if first <= number < last:
            packet.pts = packet.dts = (number - first) * PACKET
            yield (number - first) * PACKET / RATE, packet


def _put(out: OutputContainer, stream: av.AudioStream, packet: av.Packet) -> None:
    packet.stream = stream
    out.mux(packet)


def _samples(
    source: Path, facts: Facts, *, rate: int, channels: int, end_s: float
) -> Iterator[NDArray[np.int16]]:
    """Yield blocks of samples × channels from second 0 of the container on; gaps are silence."""
    import ffmpeg
    import imageio_ffmpeg

    closed = {"enable_drefs": 0, "use_absolute_path": 0} if facts.demuxer == "mov" else {}
    stream = ffmpeg.input(
        "fd:", f=facts.demuxer, protocol_whitelist="fd", codec_whitelist=CODECS, vn=None, **closed
    )
    heard = stream["a:0"].filter("aresample", rate, **{"async": 1, "first_pts": 0})
    built = heard.output("pipe:1", f="s16le", acodec="pcm_s16le", ar=rate, ac=channels, t=f"{end_s:.6f}")
    flags = ["-nostdin", "-hide_banner", "-loglevel", "error"]
    budget = 60 + 2 * end_s
    child = sandbox.start(
        [imageio_ffmpeg.get_ffmpeg_exe(), *flags, *built.get_args()],
        source=source,
        cpu_s=budget,
        timeout=budget,
    )
    size = BLOCK_S * rate * channels * 2
    try:
        while data := child.read(size):
            whole = len(data) // (2 * channels) * 2 * channels
            yield np.frombuffer(data[:whole], "<i2").reshape(-1, channels)
    finally:
        child.close()


def _watched(blocks: Iterator[NDArray[np.int16]], stop: Callable[[], bool]) -> Iterator[NDArray[np.int16]]:
    for block in blocks:
        if stop():
            raise Cancelled("The work was cancelled; nothing was kept.")
        yield block


def _silenced(blocks: Iterator[NDArray[np.int16]], found: list[Spoken]) -> Iterator[NDArray[np.int16]]:
    at = 0
    for block in blocks:
        first, last = at / RATE - FADE_S, (at + len(block)) / RATE + FADE_S
        near = [each for each in found if each.end_s >= first and each.start_s <= last]
        yield (block * gain(at, len(block), near)[:, None]).astype(np.int16)
        at += len(block)


def _encode(blocks: Iterator[NDArray[np.int16]], target: Path) -> None:
    """Write samples as AAC; the encoder's first packet, its run-up, is left out: packet n begins at n × PACKET."""
    with av.open(str(target), "w", format="mp4", options=MP4) as out:
        stream = out.add_stream("aac", rate=RATE, layout="stereo")
        stream.bit_rate = BIT_RATE
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE, frame_size=PACKET)
        at = 0
        for samples in itertools.chain(blocks, [None]):
            for part in resampler.resample(_frame(samples)):
                part.pts, part.time_base, at = at, Fraction(1, RATE), at + part.samples
                _mux(out, stream.encode(part))
        _mux(out, stream.encode(None))


def _frame(samples: NDArray[np.int16] | None) -> av.AudioFrame | None:
    if samples is None:
        return None
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), "s16", "stereo")
    frame.sample_rate = RATE
    return frame


def _mux(out: OutputContainer, packets: Iterable[av.Packet]) -> None:
    for packet in packets:
        if packet.pts is not None and packet.pts >= 0:
            out.mux(packet)
