"""What is in a package: manifest.jsonl for programs, SHA256SUMS for `sha256sum -c`, tombstones.jsonl for what left."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True)
class Entry:
    """One file of a package: its path, length in bytes, hexadecimal SHA-256, media type, and clip if it is one's."""

    path: str
    bytes: int
    sha256: str
    media_type: str
    clip_id: str = ""

    def line(self) -> str:
        """Write the entry as a line of manifest.jsonl."""
        body = {"path": self.path, "bytes": self.bytes, "sha256": self.sha256, "media_type": self.media_type}
        return orjson.dumps({**body, "clip_id": self.clip_id} if self.clip_id else body).decode() + "\n"


def write(entries: Iterable[Entry], *, manifest: Path, sums: Path) -> None:
    """Write both lists, one line at a time, in the order of ``entries``; sums in the text mode of coreutils."""
    with manifest.open("w", encoding="utf-8") as lines, sums.open("w", encoding="utf-8") as digests:
        for entry in entries:
            lines.write(entry.line())
            digests.write(f"{entry.sha256}  {entry.path}\n")


def tombstones(rows: Iterable[dict[str, Any]]) -> bytes:
    """Write tombstones.jsonl: clip_id, name, removed_at, reason_class, replaces (the version that still had it)."""
    return "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows).encode()
