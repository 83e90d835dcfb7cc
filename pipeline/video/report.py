"""report.json: what was done to the footage, and the certificate of its redaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.video import cover, extent, look, measured, redact, sandbox, schedule, tracks
from pipeline.video.options import Options
from pipeline.video.probe import Facts
from pipeline.video.records import Lazy, Log, TrackRecord

SCHEMA = "fairframe.report/1"
METHODS = {
    "flat": "flat fill with the mean colour around the region, feathered outside the padded box; no metadata",
    "quantised": "flat fill in one of three greys by the region's mean, feathered outside the padded box; no metadata",
}


def track_entry(track: TrackRecord) -> dict[str, Any]:
    """Return a track as the report shows it: boxes as filled, in output pixels and frames."""
    return {
        "id": track.id,
        "kind": track.kind,
        "boxes": track.rows.tolist(),
        "detected": track.hits.tolist(),
        "score": round(track.score, 3),
        "review": track.review,
    }


def certificate(
    *,
    log: Log,
    options: Options,
    models: Sequence[dict[str, Any]],
    encoder: str,
    stride: int,
    frames: int,
    segments: int,
    reused: bool,
    warnings: Sequence[str],
) -> dict[str, Any]:
    """Return what a buyer may rely on and what a person should look at."""
    pixels = np.array(log.masked_pixels, np.float64)
    area = log.width * log.height
    kinds = sorted({track.kind for track in log.tracks})
    return {
        "models": list(models),
        "method": METHODS[options.fill],
        "encoder": encoder,
        "thresholds": {
            "padding": {kind: list(share) for kind, share in cover.SHARE.items()},
            "hold_s": tracks.HOLD_S,
            "established_hold_s": tracks.ESTABLISHED_HOLD_S,
            "lost_growth_per_s": {**tracks.LOST_GROWTH_PER_S, "others": tracks.OTHERS_GROWTH_PER_S},
            "left_in": tracks.LEFT_IN,
            "glimpse_s": tracks.GLIMPSE_S,
            "sure": tracks.SURE,
            "reach": tracks.REACH,
            "another_face": extent.ANOTHER["face"],
            "another_plate": extent.ANOTHER["plate"],
            "fill_quantum": redact.QUANTUM.tolist(),
            "fill_greys": redact.GREYS.tolist(),
            "pose_min_height": look.POSE_MIN_HEIGHT,
        },
        "stride": stride,
        "look_every_s": {"key frames": schedule.KEY_EVERY_S, **schedule.EVERY_S[options.vertical]},
        "look_every_s_while_quiet": schedule.QUIET_S[options.vertical],
        "look_every_s_while_still": schedule.STILL_S,
        "frames": frames,
        "segments": segments,
        "reused_detections": reused,
        "tracks": {
            kind: {
                "found": sum(t.kind == kind for t in log.tracks),
                "frames_covered": sum(len(t.rows) for t in log.tracks if t.kind == kind),
                "frames_detected": sum(len(t.hits) for t in log.tracks if t.kind == kind),
                "frames_bridged": sum(t.bridged(stride) for t in log.tracks if t.kind == kind),
                "frames_held": sum(t.held() for t in log.tracks if t.kind == kind),
            }
            for kind in kinds
        },
        "masked_share": round(float(pixels.mean() / area), 6) if len(pixels) else 0.0,
        "masked_share_max": round(float(pixels.max() / area), 6) if len(pixels) else 0.0,
        "doubtful": [
            {
                "track": t.id,
                "kind": t.kind,
                "start_s": round(float(t.rows[0, 0]) / log.fps, 3),
                "end_s": round(float(t.rows[-1, 0] + 1) / log.fps, 3),
                "score": round(t.score, 3),
                "reasons": t.review,
            }
            for t in log.tracks
            if t.review
        ],
        "coverage": measured.coverage(),
        "warnings": list(warnings),
        "isolation": sandbox.describe(),
    }


def source_entry(facts: Facts) -> dict[str, Any]:
    return facts.public()


def lazy_lists(log: Log) -> tuple[Lazy, Lazy]:
    """Return (tracks, poses) as lists whose entries are made when asked for."""
    return Lazy(log.tracks, track_entry), Lazy(log.poses, lambda row: row.public())


class Compact(dict[str, Any]):
    """A value of the report that is written without line breaks: telemetry is ten rows a second."""


def write(report: dict[str, Any], path: Path) -> None:
    """Write the report as JSON, long lists entry by entry so that memory stays flat."""
    with path.open("w", encoding="utf-8") as out:
        out.write("{")
        for i, (key, value) in enumerate(report.items()):
            out.write(f"{',' if i else ''}\n{json.dumps(key)}: ")
            if isinstance(value, Lazy):
                out.write("[")
                for j, entry in enumerate(value):
                    out.write(",\n" if j else "\n")
                    json.dump(entry, out, separators=(",", ":"), allow_nan=False)
                out.write("]")
            elif isinstance(value, Compact):
                json.dump(value, out, separators=(",", ":"), allow_nan=False)
            else:
                json.dump(value, out, indent=1, ensure_ascii=False, allow_nan=False)
        out.write("\n}\n")
