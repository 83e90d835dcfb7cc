"""Runs inside the sandbox: read the container on standard input, print its facts as one JSON line.

Why PyAV and not ffmpeg's own text output: tag values may hold line breaks and can imitate any line of that text;
the imageio-ffmpeg wheel has no ffprobe. Tag values never leave this child, only the fact that they exist.
"""

import itertools
import json
import statistics
import sys

LOCATION = ("location", "gps", "iso6709", "xyz", "latitude", "longitude", "geo")
CREATION = ("creation", "date", "time")
DEVICE = ("make", "model", "device", "software", "encoder", "manufacturer", "android", "quicktime", "serial")
PACKETS = 600


def tags_seen(*groups):
    keys = [str(key).lower() for group in groups for key in group]
    return {
        "has_location": any(mark in key for key in keys for mark in LOCATION),
        "has_creation_time": any(mark in key for key in keys for mark in CREATION),
        "has_device_tags": any(mark in key for key in keys for mark in DEVICE),
    }


def colour(value):
    return int(value) if value is not None else 2  # 2 = unspecified in ISO/IEC 23091-2


def first_frame(container, stream):
    """Return what only a decoded frame tells: rotation, interlacing; packet times on the way."""
    times: list[float] = []
    found: dict[str, object] = {}
    for count, packet in enumerate(container.demux(stream)):
        if packet.pts is not None:
            times.append(float(packet.pts * packet.time_base))
        if not found:
            try:
                for frame in packet.decode():
                    found = {
                        "rotation": round(frame.rotation) % 360,
                        "interlaced": bool(frame.interlaced_frame),
                        "width": frame.width,
                        "height": frame.height,
                        "color_range": colour(frame.color_range),
                        "colorspace": colour(frame.colorspace),
                        "color_trc": colour(frame.color_trc),
                        "color_primaries": colour(frame.color_primaries),
                    }
                    break
            except Exception as error:  # a damaged packet: the next one may decode
                found = {} if count < 60 else {"error": type(error).__name__}
        if count > PACKETS:
            break
    times.sort()
    steps = [b - a for a, b in itertools.pairwise(times) if b > a]
    return found, {
        "packets": len(times),
        "step_s": statistics.median(steps) if steps else None,
        "step_max_s": max(steps) if steps else None,
        "step_min_s": min(steps) if steps else None,
    }


def facts(demuxer, codecs):
    import av

    av.logging.set_level(None)
    options = {"protocol_whitelist": "pipe", "codec_whitelist": codecs}
    container = av.open(sys.stdin.buffer, format=demuxer, options=options, metadata_errors="replace")
    kinds = [(stream.type, stream) for stream in container.streams]
    videos = [
        s for kind, s in kinds if kind == "video" and not s.disposition & 0x400
    ]  # 0x400: attached picture
    out = {
        "container": container.format.name,
        "duration_s": container.duration / 1e6 if container.duration else None,
        "streams": [kind for kind, _ in kinds],
        "chapters": len(container.chapters()),
        "has_cover_art": any(kind == "video" and s.disposition & 0x400 for kind, s in kinds),
        **tags_seen(container.metadata, *(stream.metadata for _, stream in kinds)),
        "video": None,
    }
    named = [s for s in videos if s.codec_context is not None and s.codec_context.width > 0]
    if not named:
        out["unknown_video"] = bool(videos)
        return out
    stream = max(named, key=lambda s: s.codec_context.width * s.codec_context.height)
    context = stream.codec_context
    video = {
        "index": stream.index,
        "codec": context.codec.name if context.codec else context.name,
        "coded_width": context.width,
        "coded_height": context.height,
        "pix_fmt": context.pix_fmt,
        "bit_depth": max((part.bits for part in context.format.components), default=8)
        if context.format
        else 8,
        "sar": str(stream.sample_aspect_ratio or context.sample_aspect_ratio or 1),
        "average_rate": str(stream.average_rate or 0),
        "guessed_rate": str(stream.guessed_rate or 0),
        "frames": stream.frames,
        "duration_s": float(stream.duration * stream.time_base) if stream.duration else None,
        "color_range": colour(context.color_range),
        "colorspace": colour(context.colorspace),
        "color_trc": colour(context.color_trc),
        "color_primaries": colour(context.color_primaries),
        "field_order": str(getattr(context.field_order, "name", context.field_order)),
    }
    out["first"], out["times"] = first_frame(container, stream)
    out["video"] = video
    return out


if __name__ == "__main__":
    sys.path[:0] = sys.argv[3:]
    print(json.dumps(facts(sys.argv[1], sys.argv[2])))  # noqa: T201 (its one line of output)
