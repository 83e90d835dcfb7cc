"""Tables of clips: clips.parquet (one row a clip) and metadata.jsonl beside the videos (Hugging Face VideoFolder)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.formats.item import Item

GROUP = 2000  # rows that are held in memory
COLUMNS = pa.schema(
    [
        ("name", pa.string()),
        ("clip_id", pa.string()),
        ("media", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("vertical", pa.string()),
        ("discipline", pa.string()),
        ("country", pa.string()),
        ("place", pa.string()),
        ("month", pa.string()),
        ("seconds", pa.float64()),
        ("frames", pa.int32()),
        ("fps", pa.float64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("quality", pa.float64()),
        ("tags", pa.list_(pa.string())),
        ("events", pa.list_(pa.float64())),
        ("poses", pa.int32()),
        ("people", pa.int32()),
        ("has_telemetry", pa.bool_()),
        ("consent_class", pa.string()),
        ("contributor", pa.string()),
        ("redacted_regions", pa.int32()),
        ("masked_share", pa.float64()),
        ("doubtful_tracks", pa.int32()),
    ]
)


def row(item: Item) -> dict[str, Any]:
    """Describe one clip in one row: what a filter asks for, and no path into the media's bytes."""
    facts, scene, certificate = item.facts, item.scene, item.certificate
    width, height = item.size
    telemetry = facts.get("telemetry")
    return {
        "name": item.name,
        "clip_id": item.clip_id,
        "media": item.media,
        "sha256": item.sha256,
        "bytes": item.bytes,
        "vertical": scene["vertical"],
        "discipline": scene["discipline"],
        "country": scene["country"],
        "place": scene["place"],
        "month": scene["month"],
        "seconds": facts["output"]["duration_s"],
        "frames": item.frames,
        "fps": item.fps,
        "width": width,
        "height": height,
        "quality": facts["quality"],
        "tags": item.tag_ids,
        "events": [tag["event_s"] for tag in item.tags if tag.get("event_s") is not None],
        "poses": len(facts["poses"]),
        "people": len({pose.get("track") for pose in facts["poses"]}),
        "has_telemetry": bool(telemetry and telemetry.get("samples")),
        "consent_class": scene["consent_class"],
        "contributor": scene["contributor"],
        "redacted_regions": len(facts["masked"]),
        "masked_share": certificate.get("masked_share"),
        "doubtful_tracks": len(certificate.get("doubtful", [])),
    }


class Writer:
    """Write both tables clip by clip; memory holds one group of rows."""

    def __init__(self, folder: Path) -> None:
        self.parquet, self.jsonl = folder / "clips.parquet", folder / "metadata.jsonl"
        self._parquet = pq.ParquetWriter(self.parquet, COLUMNS, compression="zstd")
        self._jsonl = self.jsonl.open("wb")
        self._rows: list[dict[str, Any]] = []

    def add(self, found: dict[str, Any]) -> None:
        """Write one clip by its row."""
        self._rows.append(found)
        if len(self._rows) >= GROUP:
            self._flush()
        caption = ", ".join(found["tags"])
        line = {"file_name": f"{found['name']}.mp4", **{k: v for k, v in found.items() if k != "media"}}
        self._jsonl.write(orjson.dumps({**line, "caption": caption}, option=orjson.OPT_APPEND_NEWLINE))

    def _flush(self) -> None:
        if self._rows:
            self._parquet.write_table(pa.Table.from_pylist(self._rows, schema=COLUMNS))
            self._rows = []

    def close(self) -> tuple[Path, Path]:
        """Finish both files and give their paths: Parquet, JSON lines."""
        self._flush()
        self._parquet.close()
        self._jsonl.close()
        return self.parquet, self.jsonl
