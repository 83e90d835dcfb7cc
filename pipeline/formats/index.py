"""What the files about all clips need of one clip: kept beside finished clips, so that none is read again.

A publication that was killed goes on from these; they hold text that is ready to be written, and figures.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from pipeline.formats import coco, tables
from pipeline.formats.item import Item


@dataclass(frozen=True)
class Entry:
    """One clip in the index of its package.

    ``row`` is its row of the tables, ``coco`` its text for each of coco.PARTS, ``models`` (name, role, SHA-256);
    ``frames`` and ``doubtful`` are of the whole recording.
    """

    number: int
    row: dict[str, Any]
    coco: list[str]
    models: list[list[str]]
    recording: str
    frames: int
    doubtful: int

    def of_copy(self, *, sha256: str, size: int) -> Entry:
        """Give the same clip with another video file."""
        return replace(self, row={**self.row, "sha256": sha256, "bytes": size})


def entry(item: Item) -> Entry:
    """Take what the index needs of a clip."""
    known = item.certificate
    return Entry(
        number=item.number,
        row=tables.row(item),
        coco=coco.texts(item),
        models=[[model["name"], model["role"], model["sha256"]] for model in item.facts["models"]],
        recording=item.scene["recording"],
        frames=known.get("frames") or 1,
        doubtful=len(known.get("doubtful", [])),
    )


def pack(entries: Iterable[tuple[Entry, Any]]) -> bytes:
    """Write entries, each with what the caller wants to know again of its clip."""
    return zlib.compress(orjson.dumps([[asdict(found), more] for found, more in entries]), 1)


def unpack(data: bytes) -> list[tuple[Entry, Any]]:
    """Read what pack() wrote; raises ValueError when these are other bytes."""
    try:
        return [(Entry(**found), more) for found, more in orjson.loads(zlib.decompress(data))]
    except (zlib.error, orjson.JSONDecodeError, TypeError) as error:
        raise ValueError("not an index") from error
