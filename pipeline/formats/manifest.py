"""What is in a package: manifest.jsonl for programs, SHA256SUMS for `sha256sum -c`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One file of a package: its path, length in bytes, hexadecimal SHA-256, media type, and clip if it is one's."""

    path: str
    bytes: int
    sha256: str
    media_type: str
    clip_id: str = ""


def jsonl(entries: Iterable[Entry]) -> bytes:
    """Write one JSON object a line: path, bytes, sha256, media_type and, for a clip's own file, clip_id."""
    lines = []
    for entry in sorted(entries, key=lambda e: e.path):
        line = {
            "path": entry.path,
            "bytes": entry.bytes,
            "sha256": entry.sha256,
            "media_type": entry.media_type,
        }
        lines.append(json.dumps({**line, "clip_id": entry.clip_id} if entry.clip_id else line))
    return ("\n".join(lines) + "\n").encode()


def sha256sums(entries: Iterable[Entry]) -> bytes:
    """Write the text-mode format of coreutils' sha256sum: digest, two spaces, path."""
    return "".join(f"{e.sha256}  {e.path}\n" for e in sorted(entries, key=lambda e: e.path)).encode()
