"""A package as a tree of files: which writer makes which path. No database and no store: the caller has those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.formats import (
    card,
    clip_json,
    coco,
    croissant,
    cvat,
    mot,
    openlabel,
    tables,
    telemetry,
    yolo_pose,
)
from pipeline.formats.index import Entry
from pipeline.formats.item import Item

JSON, TEXT = "application/json", "text/plain; charset=utf-8"
PARQUET, TAR = "application/x-parquet", "application/x-tar"


@dataclass(frozen=True)
class Doc:
    """One small file: its path in the package, its bytes, its media type; ``same`` when every clip has these bytes."""

    path: str
    data: bytes
    media_type: str
    same: bool = False


@dataclass(frozen=True)
class Whole:
    """One file about all clips, in the scratch folder; ``id`` is its name in croissant.json."""

    path: str
    file: Path
    media_type: str


def facts_path(name: str) -> str:
    """Give the path of what we say of a clip."""
    return f"annotations/clips/{name}.json"


def of_clip(item: Item) -> Iterator[Doc]:
    """Write every file of one clip but its video; the first is the one that shards hold too."""
    yield Doc(facts_path(item.name), clip_json.document(item), JSON)
    yield Doc(f"annotations/openlabel/{item.name}.json", openlabel.document(item), JSON)
    yield Doc(f"annotations/cvat/{item.name}.xml", cvat.document(item), "application/xml")
    for name, data in mot.files(item).items():
        yield Doc(f"annotations/mot/{item.name}/{name}", data, TEXT, same=name == mot.LABELS)
    yield Doc(f"certificates/{item.name}.json", clip_json.certificate(item), JSON)
    if (labels := yolo_pose.archive(item)) is not None:
        yield Doc(f"annotations/yolo_pose/{item.name}.tar", labels, TAR)
    if (table := telemetry.table(item)) is not None:
        yield Doc(f"telemetry/{item.name}.parquet", table, PARQUET)


class Wholes:
    """The files that speak of every clip, written clip by clip into a scratch folder."""

    def __init__(self, folder: Path, *, title: str, version: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._coco = coco.Writer(folder, description=title, version=version)
        self._tables = tables.Writer(folder)
        self._croissant = croissant.Writer(folder)

    def add(self, entry: Entry) -> None:
        """Take one clip into all of them."""
        self._coco.add(entry.coco)
        self._tables.add(entry.row)
        self._croissant.add(entry.row)

    def close(self) -> list[Whole]:
        """Finish all but croissant.json, which names the checksums of these."""
        parquet, jsonl = self._tables.close()
        labels = self._folder / "data.yaml"
        labels.write_bytes(yolo_pose.data_yaml())
        return [
            Whole("annotations/coco_keypoints.json", self._coco.close(), JSON),
            Whole("annotations/yolo_pose/data.yaml", labels, "application/yaml"),
            Whole("clips.parquet", parquet, PARQUET),
            Whole("media/metadata.jsonl", jsonl, "application/jsonl"),
        ]

    def describe(self, about: dict[str, Any], files: list[tuple[str, str, int, str]]) -> list[Whole]:
        """Write croissant.json and README.md; ``files`` are (path, sha256, bytes, media type) of the other wholes."""
        named = [(path.rpartition("/")[2], path, sha256, size, kind) for path, sha256, size, kind in files]
        readme = self._folder / "README.md"
        readme.write_bytes(card.document(about))
        return [
            Whole("croissant.json", self._croissant.close(about, files=named), "application/ld+json"),
            Whole("README.md", readme, "text/markdown; charset=utf-8"),
        ]
