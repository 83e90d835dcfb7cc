"""One JSON file a clip: what it shows, how it was made, how well it is redacted."""

from __future__ import annotations

import json
from typing import Any


def document(*, clip_id: str, media: str, sha256: str, facts: dict[str, Any], scene: dict[str, Any]) -> bytes:
    """Write the clip's facts, tags, poses and masked regions; ``scene`` is what the contributor said."""
    return json.dumps(
        {
            "schema": "fairframe-clip/1",
            "clip_id": clip_id,
            "media": {"path": media, "sha256": sha256, **facts["output"]},
            "scene": scene,
            "tags": facts["tags"],
            "quality": facts["quality"],
            "quality_parts": facts["quality_parts"],
            "poses": facts["poses"],
            "redaction": {
                "models": facts["models"],
                "certificate": facts["certificate"],
                "masked": facts["masked"],
            },
        },
        separators=(",", ":"),
    ).encode()
