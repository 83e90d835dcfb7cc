"""One JSON file a clip: what it shows, how it was made, where it is covered; 33 landmarks a pose."""

from __future__ import annotations

import orjson

from pipeline.formats.item import Item


def document(item: Item) -> bytes:
    """Write the clip's facts, tags, poses and masked regions."""
    facts = item.facts
    return orjson.dumps(
        {
            "schema": "fairframe-clip/1",
            "clip_id": item.clip_id,
            "media": {"path": item.media, "sha256": item.sha256, **facts["output"]},
            "scene": item.scene,
            "tags": item.tags,
            "quality": facts["quality"],
            "quality_parts": facts["quality_parts"],
            "poses": facts["poses"],
            "redaction": {"models": facts["models"], "masked": facts["masked"]},
        }
    )


def certificate(item: Item) -> bytes:
    """Write the certificate of redaction of the recording that the clip is from."""
    body = {
        "schema": "fairframe-redaction-certificate/1",
        "clip_id": item.clip_id,
        "media_sha256": item.sha256,
        "speaks_of": "the whole recording that this clip was cut from",
        "certificate": item.certificate,
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
