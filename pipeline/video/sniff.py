"""Tell from its first bytes what a file is, so that the demuxer is ours to choose, never the file's."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pipeline.video import limits
from pipeline.video.errors import BadInput

ACCEPTED = "MP4, MOV, MKV, WebM, AVI, FLV, MPEG or TS"
HEAD_BYTES = 4096
# First boxes seen in ISO media files, also damaged ones (ISO/IEC 14496-12).
MOV_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"uuid"}
# Text that sends a player somewhere else: HLS, concat, DASH, SDP, PLS, ASX, AviSynth, IMF, shortcuts.
PLAYLISTS = (
    b"#extm3u", b"ffconcat", b"file ", b"file'", b"# ffconcat", b"v=0", b"[playlist]", b"<asx", b"<smil",
    b"[internetshortcut]", b"#!avs", b"[reference]", b"rtsptext",
)  # fmt: skip
XML_PLAYLISTS = (b"<mpd", b"<assetmap", b"<smil", b"<asx", b"<compositionplaylist", b"<smoothstreamingmedia")


def demuxer(source: Path) -> str:
    """Return ffmpeg's name of the demuxer for this file; raise BadInput when it is no video of ours."""
    size = source.stat().st_size
    if size == 0:
        raise BadInput(
            "The file is empty (0 bytes). Nothing was kept. Copy it from the camera again and upload that."
        )
    if size > limits.MAX_BYTES:
        raise BadInput(
            f"The file is {size / 1024**3:.1f} GiB; the most we take is {limits.MAX_BYTES / 1024**3:.0f} GiB. "
            "Nothing was kept. Split the recording and upload the parts."
        )
    with source.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
    if found := _container(head):
        return found
    if _is_playlist(head):
        raise BadInput(
            "This is a playlist that points at other files, not a video. Nothing was kept. "
            "Upload the video file itself."
        )
    raise BadInput(
        f"This file is not a video that we can read{_looks_like(head)}. Nothing was kept. "
        f"Upload the {ACCEPTED} file as the camera wrote it."
    )


def _container(head: bytes) -> str | None:
    if head[4:8] in MOV_BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    for step, first in ((188, 0), (192, 4)):  # plain packets, and those with a time stamp before them (M2TS)
        marks = head[first::step][: max(2, len(head) // step)]
        if len(marks) >= 2 and set(marks) == {0x47}:
            return "mpegts"
    return None


def _is_playlist(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").lower()
    if text.startswith(PLAYLISTS):
        return True
    return text.startswith(b"<") and any(mark in text for mark in XML_PLAYLISTS)


def _looks_like(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return " (it looks like a JPEG picture)"
    import puremagic

    with contextlib.suppress(Exception):  # puremagic raises several types for unknown bytes
        matches = [match for match in puremagic.magic_string(head) if match.confidence >= 0.4 and match.name]
        if matches:
            return f" (it looks like a {matches[0].extension.lstrip('.').upper()} file)"
    return ""
