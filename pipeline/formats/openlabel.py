"""ASAM OpenLABEL 1.0.0, one file a clip: people with boxes and keypoints, redacted regions, scenario tags.

Standard: ASAM OpenLABEL 1.0.0. A bbox is [centre x, centre y, width, height]; uids are numbers; events are instants,
actions last; a context says what holds around the camera.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson

from pipeline.formats.coco import KEYPOINTS
from pipeline.formats.item import Item, runs

FRAME_SYSTEM = "picture"
# The first word of a tag's id → the OpenLABEL element that means it.
ELEMENTS = {"event": "events", "ego": "actions", "sport": "actions", "drill": "actions"}


def document(item: Item) -> bytes:
    """Write the clip's annotations."""
    width, height = item.size
    objects: dict[str, Any] = {}
    frames: dict[int, dict[str, Any]] = defaultdict(lambda: {"objects": {}})
    uid = 0
    for person in item.people:
        names = ["shape", *KEYPOINTS]
        _declare(objects, uid, f"person {person.uid}", "person", [p["frame"] for p in person.poses], names)
        for pose in person.poses:
            frames[pose["frame"]]["objects"][str(uid)] = {"object_data": _pose(pose)}
        uid += 1
    for region in item.facts.get("masked", []):
        rows = {row[0]: row for row in region["boxes"] if 0 <= row[0] < item.frames}
        if not rows:
            continue
        _declare(objects, uid, f"redacted {region['kind']}", "redacted_region", sorted(rows), ["shape"])
        for frame, (_, *box) in rows.items():
            frames[frame]["objects"][str(uid)] = {"object_data": {"bbox": [_box(box)]}}
        uid += 1
    body: dict[str, Any] = {
        "metadata": {
            "schema_version": "1.0.0",
            "name": item.name,
            "annotator": "Fairframe pipeline and moderators",
            "tagged_file": f"../../{item.media}",
            "clip_id": item.clip_id,
        },
        "ontologies": {
            "0": "https://openlabel.asam.net/V1-0-0/ontologies/openlabel_ontology_scenario_tags.ttl"
        },
        "coordinate_systems": {FRAME_SYSTEM: {"type": "sensor_cs", "parent": "", "children": []}},
        "streams": {
            "camera": {
                "type": "camera",
                "uri": f"../../{item.media}",
                "description": f"{width} x {height} pixels, {item.fps:g} frames a second, redacted",
            }
        },
        "frame_intervals": [{"frame_start": 0, "frame_end": max(item.frames - 1, 0)}],
        "frames": {str(frame): frames[frame] for frame in range(max(item.frames, 1))},
    }
    if objects:
        body["objects"] = objects
    body.update(_scenario(item))
    return orjson.dumps({"openlabel": body})


def _declare(
    objects: dict[str, Any], uid: int, name: str, kind: str, frames: list[int], data: list[str]
) -> None:
    intervals = [{"frame_start": first, "frame_end": last} for first, last in runs(frames)]
    objects[str(uid)] = {
        "name": name,
        "type": kind,
        "coordinate_system": FRAME_SYSTEM,
        "frame_intervals": intervals,
        "object_data_pointers": {
            label: {"type": "bbox" if label == "shape" else "point2d", "frame_intervals": intervals}
            for label in data
        },
    }


def _box(box: list[float]) -> dict[str, Any]:
    x, y, w, h = box
    return {"name": "shape", "val": [round(x + w / 2, 1), round(y + h / 2, 1), round(w, 1), round(h, 1)]}


def _pose(pose: dict[str, Any]) -> dict[str, Any]:
    points = [
        {
            "name": name,
            "id": index,
            "val": [round(x, 1), round(y, 1)],
            "attributes": {"num": [{"name": "visibility", "val": v}]},
        }
        for index, (name, (x, y, v)) in enumerate(zip(KEYPOINTS, pose["keypoints17"], strict=True))
    ]
    return {"bbox": [_box(pose["box"])], "point2d": points}


def _scenario(item: Item) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for uid, tag in enumerate(item.tags):
        container = ELEMENTS.get(tag["id"].partition(".")[0], "contexts")
        first, last = item.frame_at(tag["start_s"]), item.frame_at(tag["end_s"])
        data: dict[str, Any] = {
            "num": [{"name": name, "val": tag[name]} for name in ("confidence", "count") if name in tag],
            "text": [{"name": "source", "val": tag["source"]}],
        }
        if container == "events" and tag.get("event_s") is not None:
            first = last = item.frame_at(tag["event_s"])
            data["num"] += [{"name": name, "val": tag[name]} for name in ("start_s", "end_s", "event_s")]
        found[container][str(uid)] = {
            "name": tag["id"],
            "type": tag["id"],
            "frame_intervals": [{"frame_start": first, "frame_end": max(first, last)}],
            f"{container[:-1]}_data": data,
        }
    return found
