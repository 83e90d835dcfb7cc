"""Which H.264 encoder writes the files: NVENC where it is and works, libx264 everywhere else.

A footage is cut and joined by copying packets, so all of it comes from one encoder with one header. `auto` takes
NVENC for footage of one piece: one process opens its encoders at once, all or none. The segments of long footage are
spread over processes and machines, and drivers of consumer cards give few sessions: there it must be asked for by
name, and a part that some worker had to write with libx264 makes `segments.join` do the others again like it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.codec.codec import UnknownCodecError

from pipeline.video import machine

log = logging.getLogger(__name__)

LIBX264, NVENC = "libx264", "h264_nvenc"
# What opening an encoder, or its first frame, fails with: no driver, no card, no session left, a size it refuses.
FAILURES = (av.error.FFmpegError, UnknownCodecError)
# Keyframes are ours to place (every second and at cuts), the same in both files: clips are cut by copying.
# One B-frame and 5 frames of lookahead: 60 MiB less at 1080p. Superfast with mbtree, which it leaves out of itself, is
# veryfast's quality for 1 to 7 % more bytes and 45 % less CPU (docs/decisions/0010-encoder-preset.md).
X264_PARAMS = "scenecut=0:open-gop=0:keyint=600:min-keyint=1:rc-lookahead=5:bframes=1:mbtree=1"
# x264's AVX-512 code reads memory that nobody wrote where a picture is not of whole 64 pixels: the same frames become
# other bytes from run to run. Its AVX2 code costs the same (docs/decisions/0013-avx512.md).
WITHOUT_AVX512 = ":asm=avx2"
# Side of the picture that is tried: the smallest that any card refuses is under it.
TRIED = 256


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a file is: preset of libx264 and of NVENC, and the number that both hold constant."""

    x264: str
    nvenc: str
    crf: int


def options(codec: str, quality: Quality) -> dict[str, str]:
    """Return an encoder's options: keyframes where we say and nowhere else, one B-frame, constant quality."""
    if codec == LIBX264:
        crf = str(quality.crf)
        params = X264_PARAMS + (WITHOUT_AVX512 if machine.has_avx512() else "")
        return {"preset": quality.x264, "crf": crf, "x264-params": params, "forced-idr": "1"}
    return {
        "preset": quality.nvenc,
        "tune": "hq",
        "profile": "high",
        # One quality throughout, no rate to hold: NVENC's number is read like x264's.
        "rc": "vbr",
        "cq": str(quality.crf),
        "b": "0",
        "spatial-aq": "1",
        # As X264_PARAMS.
        "forced-idr": "1",
        "no-scenecut": "1",
        "g": "600",
        "rc-lookahead": "5",
        "bf": "1",
        "b_adapt": "0",
        "b_ref_mode": "disabled",
    }


def choose(wanted: str, *, pieces: int, works: Callable[[], bool]) -> str:
    """Choose the encoder of a footage in so many pieces; `works` is asked where NVENC is wanted at all."""
    if wanted == LIBX264 or (wanted != NVENC and pieces > 1):
        return LIBX264
    return NVENC if works() else LIBX264


def encoder(*, pieces: int) -> str:
    """Choose by the environment's FAIRFRAME_ENCODER: `libx264`, `h264_nvenc`, or anything else for `auto`."""
    return choose(os.environ.get("FAIRFRAME_ENCODER", "").strip().lower(), pieces=pieces, works=nvenc_works)


@cache
def nvenc_works() -> bool:
    """Encode a frame with NVENC, once a process, and say whether that went well."""
    frame = av.VideoFrame.from_ndarray(np.full((TRIED * 3 // 2, TRIED), 128, np.uint8), "yuv420p")
    try:
        context = av.VideoCodecContext.create(NVENC, "w")
        context.width = context.height = TRIED
        context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
        return any(packet.size for packet in [*context.encode(frame), *context.encode(None)])
    except FAILURES as error:
        log.info("NVENC does not work here, libx264 encodes: %s.", _why(error))
        return False


def fell_back(codec: str, error: Exception) -> None:
    """Say that an encoder which was chosen could not be had."""
    log.warning("%s gave no session, libx264 encodes this: %s.", codec, _why(error))


def _why(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
