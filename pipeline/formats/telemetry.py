"""Telemetry of a clip as Parquet: one row a sample, aligned to frames, no coordinate finer than the coarse cell."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.formats.item import Item

TYPES = {"frame": pa.int32(), "cell": pa.string(), "t_s": pa.float64()}


def table(item: Item) -> bytes | None:
    """Write the clip's samples with source, clock offset and place as the file's metadata; None without telemetry."""
    found = item.facts.get("telemetry")
    if not found or not found.get("samples"):
        return None
    schema = pa.schema([(name, TYPES.get(name, pa.float32())) for name in found["columns"]])
    about = {key: value for key, value in found.items() if key not in ("samples", "columns")}
    schema = schema.with_metadata(
        {"fairframe": json.dumps({"clip_id": item.clip_id, **about}, sort_keys=True)}
    )
    columns = [
        pa.array([row[index] for row in found["samples"]], field.type) for index, field in enumerate(schema)
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), out, compression="zstd")
    return out.getvalue()
