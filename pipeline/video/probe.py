"""Facts of an uploaded file, from a sandboxed child, and the reasons to refuse it."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipeline.video import limits, sandbox, sniff
from pipeline.video.errors import BadInput, ChildFailed

# Decoders that cameras need. A decoder that is not named here never meets the bytes.
CODECS = (
    "h264,hevc,vvc,av1,libdav1d,vp8,vp9,mpeg4,mpeg1video,mpeg2video,mpegvideo,mjpeg,h263,h263i,flv,prores,dnxhd,"
    "msmpeg4,msmpeg4v2,wmv2,rawvideo,aac,mp3,mp3float,mp2,mp2float,ac3,eac3,opus,vorbis,flac,alac,amrnb,amrwb,pcm_s16le,pcm_s16be,"
    "pcm_mulaw,pcm_alaw,pcm_u8,adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,mov_text,subrip"
)
HDR_TRANSFERS = {16: "PQ", 18: "HLG"}  # ISO/IEC 23091-2 transfer characteristics
STANDARD_RATES = [Fraction(n, d) for n, d in (
    (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (50, 1), (60000, 1001), (60, 1), (15, 1), (10, 1),
)]  # fmt: skip
DAMAGED = (
    "The file is damaged: {what}. Nothing was kept. Copy it from the camera again, or play it once in the camera "
    "so that it repairs the recording, and upload that."
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the engine knows of a source; width and height as a person sees it (upright, square pixels)."""

    container: str
    demuxer: str
    codec: str
    stream: int
    width: int
    height: int
    coded_width: int
    coded_height: int
    fps: float
    rate: str
    duration_s: float
    frames: int
    rotation: int
    sar: str
    pix_fmt: str
    bit_depth: int
    interlaced: bool
    variable_rate: bool
    hdr: str | None
    full_range: bool
    colorspace: int
    has_audio: bool
    has_data: bool
    has_subtitles: bool
    has_attachments: bool
    has_chapters: bool
    has_location: bool
    has_creation_time: bool
    has_device_tags: bool
    bytes: int

    def public(self) -> dict[str, Any]:
        """Return the facts that a report carries."""
        return asdict(self)


def probe(source: Path, *, max_duration_s: float | None = None) -> Facts:
    """Return the facts of `source`; raise BadInput with a sentence for a person."""
    source = Path(source)
    demuxer = sniff.demuxer(source)
    seen = _ask(source, demuxer)
    video = seen["video"]
    if video is None:
        raise BadInput(_no_video(seen))
    first, times = seen.get("first") or {}, seen.get("times") or {}
    width, height = first.get("width") or video["coded_width"], first.get("height") or video["coded_height"]
    if width * height > limits.MAX_PIXELS or max(width, height) > limits.MAX_SIDE:
        raise BadInput(
            f"The picture is {width} × {height} pixels; the most we take is {limits.MAX_PIXELS // 1_000_000} "
            "megapixels. Nothing was kept. Export it at 4K or less and upload that."
        )
    sar, rotation = _aspect(video["sar"]), first.get("rotation", 0)
    shown_w, shown_h = _shown(width, height, sar, rotation)
    if min(shown_w, shown_h) < limits.MIN_SIDE:
        raise BadInput(
            f"The picture is only {shown_w} × {shown_h} pixels; we need at least {limits.MIN_SIDE} on each side. "
            "Nothing was kept. Upload the original of the camera."
        )
    if not first or not times.get("packets"):
        raise BadInput(DAMAGED.format(what="not one picture of it can be read"))
    rate = frame_rate(video, times)
    duration = (
        video["duration_s"] or seen["duration_s"] or (video["frames"] or times["packets"]) / float(rate)
    )
    _check_duration(duration, limits.MAX_DURATION_S if max_duration_s is None else max_duration_s)
    trc = first.get("color_trc", 2) if first.get("color_trc", 2) != 2 else video["color_trc"]
    step, widest = times.get("step_s"), times.get("step_max_s")
    return Facts(
        container=seen["container"],
        demuxer=demuxer,
        codec=video["codec"],
        stream=video["index"],
        width=shown_w,
        height=shown_h,
        coded_width=width,
        coded_height=height,
        fps=round(float(rate), 4),
        rate=f"{rate.numerator}/{rate.denominator}",
        duration_s=round(duration, 3),
        frames=video["frames"],
        rotation=rotation,
        sar=f"{sar.numerator}:{sar.denominator}",
        pix_fmt=video["pix_fmt"] or "unknown",
        bit_depth=video["bit_depth"],
        interlaced=bool(first.get("interlaced"))
        or video["field_order"].lower() in {"tt", "bb", "tb", "bt", "2", "3", "4", "5"},
        variable_rate=bool(step and widest and (widest > 1.6 * step or times["step_min_s"] < 0.4 * step)),
        hdr=HDR_TRANSFERS.get(trc),
        full_range=2 in (first.get("color_range"), video["color_range"])
        or str(video["pix_fmt"]).startswith("yuvj"),
        colorspace=first.get("colorspace", 2) if first.get("colorspace", 2) != 2 else video["colorspace"],
        has_audio="audio" in seen["streams"],
        has_data="data" in seen["streams"],
        has_subtitles="subtitle" in seen["streams"],
        has_attachments="attachment" in seen["streams"] or seen["has_cover_art"],
        has_chapters=bool(seen["chapters"]),
        has_location=seen["has_location"],
        has_creation_time=seen["has_creation_time"],
        has_device_tags=seen["has_device_tags"],
        bytes=source.stat().st_size,
    )


def frame_rate(video: dict[str, Any], times: dict[str, Any]) -> Fraction:
    """Return the constant rate of the output: the source's own where it has one, halved until it is at most 60."""
    rate = Fraction(video["average_rate"])
    step = times.get("step_s")
    if rate <= 0 or rate > 1000:
        rate = Fraction(1 / step).limit_denominator(1001) if step else Fraction(video["guessed_rate"])
    if rate <= 0 or rate > 1000:
        rate = Fraction(25)
    while rate > Fraction(limits.MAX_FPS) * Fraction(101, 100):
        rate /= 2
    rate = max(rate, Fraction(limits.MIN_FPS))
    for standard in STANDARD_RATES:
        if abs(rate / standard - 1) < Fraction(1, 2000):  # tells 29.97 from 30
            return standard
    return rate.limit_denominator(1001)


def _ask(source: Path, demuxer: str) -> dict[str, Any]:
    script = Path(__file__).with_name("probe_child.py")
    av_spec = importlib.util.find_spec("av")
    if av_spec is None or av_spec.origin is None:
        raise RuntimeError("PyAV is not installed")
    site = Path(av_spec.origin).parent.parent
    libraries = [path for path in (site / "av", site / "av.libs") if path.exists()]
    python = Path(sys.executable).resolve()
    argv = [str(python), "-I", "-S", str(script), demuxer, CODECS, str(site)]
    try:
        answer = sandbox.run(
            argv, source=source, timeout=limits.PROBE_S, readable=[Path(sys.base_prefix), script, *libraries]
        )
        return dict(json.loads(answer))
    except ChildFailed as error:
        if error.timed_out:
            raise BadInput(DAMAGED.format(what="reading its index does not come to an end")) from error
        if re.search(r"ImportError|ModuleNotFoundError|bwrap:|can't open file", error.stderr):
            raise  # the machine's fault, not the file's
        raise BadInput(DAMAGED.format(what="its index is missing or cut off")) from error


def _no_video(seen: dict[str, Any]) -> str:
    if seen.get("unknown_video"):
        what = "The picture is in a format that we cannot read"
        return f"{what}. Nothing was kept. Export it as MP4 (H.264) and upload that."
    what = "only sound, no picture" if "audio" in seen["streams"] else "neither picture nor sound"
    return f"The file holds {what}. Nothing was kept. Upload the recording that has the picture."


def _check_duration(duration: float, longest: float) -> None:
    if duration > longest:
        raise BadInput(
            f"The recording is {duration / 60:.0f} minutes long; the most we take is {longest / 60:.0f} minutes. "
            "Nothing was kept. Split it and upload the parts."
        )
    if duration < limits.MIN_DURATION_S:
        raise BadInput(
            f"The recording is only {duration:.2f} seconds long; we need at least {limits.MIN_DURATION_S} seconds. "
            "Nothing was kept. Upload a longer one."
        )


def _aspect(text: str) -> Fraction:
    sar = Fraction(text)
    return sar if Fraction(1, 10) <= sar <= 10 else Fraction(1)  # outside: a broken header


def _shown(width: int, height: int, sar: Fraction, rotation: int) -> tuple[int, int]:
    """Return the upright size in square pixels: the side that the aspect stretches grows, so nothing is lost."""
    w, h = (round(width * sar), height) if sar >= 1 else (width, round(height / sar))
    return (h, w) if rotation in (90, 270) else (w, h)
