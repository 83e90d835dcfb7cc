"""What may be uploaded: names, types, sizes. Whether it is a video is for the pipeline to say, from its bytes."""

from __future__ import annotations

import re
import unicodedata

from django.conf import settings

from pipeline.video import limits

# The containers that the engine opens (pipeline/video/sniff.py), by the ends of names that cameras give.
TYPES = {
    "mp4": "video/mp4",
    "m4v": "video/x-m4v",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "ts": "video/mp2t",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
}
SHOWN_TYPES = "MP4, MOV, M4V, MKV, WebM, AVI, TS, MTS, MPG, FLV or 3GP"
NAME_MOST = 255
MOST_PARTS = 10_000  # of one S3 multipart upload
LEAST_PART = 5 * 1024**2  # S3 joins no smaller parts, but for the last


def most_bytes() -> int:
    """Give the largest file that we take: the engine's own limit, so that nothing is sent that it would refuse."""
    return limits.MAX_BYTES


def clean_name(raw: str) -> str:
    """Reduce a file name to what can be shown: no folders, no control or direction characters, one line."""
    # NFC first, so that a composed letter of macOS counts once; Cf holds the marks that turn the reading direction.
    name = unicodedata.normalize("NFC", re.split(r"[\\/]", raw)[-1])
    name = "".join(
        letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    )
    name = name.strip()
    if len(name) > NAME_MOST:
        stem, dot, end = name.rpartition(".")
        name = f"{stem[: NAME_MOST - len(end) - 1]}.{end}" if dot and len(end) <= 8 else name[:NAME_MOST]
    return name


def media_type(name: str) -> str:
    """Give the media type that the end of a name stands for, or nothing when we do not take it."""
    return TYPES.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def part_bytes(size: int) -> int:
    """Choose the size of a part: the setting, but no smaller than S3 joins and never more than 10 000 parts."""
    return max(settings.UPLOAD_PART_BYTES, LEAST_PART, -(-size // MOST_PARTS))


def part_count(size: int, each: int) -> int:
    """Count the parts of a file."""
    return -(-size // each)


def part_length(number: int, *, size: int, each: int) -> int:
    """Say how long part ``number`` (from 1) of a file is."""
    return min(each, size - (number - 1) * each)
