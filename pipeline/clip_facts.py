"""One clip of a report: its tags, poses and masked regions, with times from the clip's start."""

from __future__ import annotations

from typing import Any

from pipeline.telemetry.clip import of_clip


def clip_tags(report: dict[str, Any], clip: dict[str, Any]) -> list[dict[str, Any]]:
    """Cut the footage's tags to a clip; times count from the clip's start, in seconds."""
    start, end = clip["start_s"], clip["end_s"]
    cut = []
    for tag in report["tags"]:
        first, last = max(tag["start_s"], start), min(tag["end_s"], end)
        event, moments = tag.get("event_s"), tag.get("moments", [])
        if moments:  # repetitions: a clip has those that happen in it
            moments = [moment for moment in moments if start <= moment < end]
            event = moments[0] if moments else tag["event_s"]
        if last <= first or (event is not None and not start <= event < end):
            continue
        moved: dict[str, Any] = {
            "start_s": first - start,
            "end_s": last - start,
            "event_s": None if event is None else event - start,
        }
        if moments:
            moved |= {"count": len(moments), "moments": [round(moment - start, 3) for moment in moments]}
        cut.append({**tag, **moved})
    return cut


def clip_facts(report: dict[str, Any], clip: dict[str, Any]) -> dict[str, Any]:
    """Collect one clip's poses, tags and masked regions; frames count from the clip's start."""
    first, last = clip["start_frame"], clip["end_frame"]
    return {
        "schema": 1,
        "output": {
            **report["output"],
            "frames": clip["frames"],
            "duration_s": clip["end_s"] - clip["start_s"],
        },
        "models": report["models"],
        "tags": clip_tags(report, clip),
        "telemetry": of_clip(
            report.get("telemetry"), start_s=clip["start_s"], end_s=clip["end_s"], start_frame=first
        ),
        "quality": clip["quality"],
        "quality_parts": clip.get("quality_parts", {}),
        "poses": [
            {**pose, "frame": pose["frame"] - first}
            for pose in report["poses"]
            if first <= pose["frame"] < last
        ],
        "masked": [
            {
                "kind": track["kind"],
                "boxes": [[box[0] - first, *box[1:]] for box in track["boxes"] if first <= box[0] < last],
            }
            for track in report["tracks"]
            if any(first <= box[0] < last for box in track["boxes"])
        ],
    }
