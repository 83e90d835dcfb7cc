"""CVAT for video 1.1 XML, one file a clip: a box and a skeleton track for each person, redacted regions as boxes.

Format: cvat.ai documentation, "CVAT for video 1.1". The points inside a skeleton name their frame again, which CVAT
ignores and datumaro needs.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from pipeline.formats.coco import KEYPOINTS, SKELETON
from pipeline.formats.item import Item

REDACTED = "redacted"
SKELETON_LABEL = "skeleton"


def document(item: Item) -> bytes:
    """Write the clip's tracks."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<annotations>",
        "<version>1.1</version>",
        *_meta(item),
    ]
    track = 0
    for person in item.people:
        frames = [pose["frame"] for pose in person.poses]
        boxes = [(pose["frame"], pose["box"]) for pose in person.poses]
        lines += _boxes(track, "person", boxes, item)
        lines.append(f'<track id="{track + 1}" label="{SKELETON_LABEL}" source="auto">')
        for pose in person.poses:
            lines += _skeleton(pose["frame"], pose["keypoints17"], outside=0)
        if frames[-1] + 1 < item.frames:  # else CVAT draws the last pose to the end of the clip
            lines += _skeleton(frames[-1] + 1, person.poses[-1]["keypoints17"], outside=1)
        lines.append("</track>")
        track += 2
    for region in item.facts.get("masked", []):
        rows = [(row[0], row[1:]) for row in region["boxes"] if 0 <= row[0] < item.frames]
        if rows:
            lines += _boxes(track, REDACTED, rows, item, kind=region["kind"])
            track += 1
    return ("\n".join([*lines, "</annotations>"]) + "\n").encode()


def _meta(item: Item) -> list[str]:
    width, height = item.size
    edges = "".join(
        f'<line data-type="edge" data-node-from="{a}" data-node-to="{b}"></line>' for a, b in SKELETON
    )
    nodes = "".join(
        f'<circle r="1.5" cx="{5 + n}" cy="{5 + n}" data-type="element node" data-element-id="{n}" '
        f'data-node-id="{n}" data-label-name="{name}"></circle>'
        for n, name in enumerate(KEYPOINTS, start=1)
    )
    kinds = "\n".join(sorted({region["kind"] for region in item.facts.get("masked", [])}) or ["face"])
    return [
        "<meta>", "<task>",
        f"<name>{item.name}</name>", f"<size>{item.frames}</size>", "<mode>interpolation</mode>",
        "<overlap>0</overlap>", "<start_frame>0</start_frame>", f"<stop_frame>{max(item.frames - 1, 0)}</stop_frame>",
        "<labels>",
        "<label><name>person</name><type>rectangle</type><attributes></attributes></label>",
        f"<label><name>{SKELETON_LABEL}</name><type>skeleton</type><attributes></attributes>"
        f"<svg>{escape(edges + nodes)}</svg></label>",
        *(f"<label><name>{name}</name><type>points</type><attributes></attributes>"
          f"<parent>{SKELETON_LABEL}</parent></label>" for name in KEYPOINTS),
        f"<label><name>{REDACTED}</name><type>rectangle</type><attributes><attribute><name>kind</name>"
        f"<mutable>False</mutable><input_type>select</input_type><default_value>{kinds.splitlines()[0]}</default_value>"
        f"<values>{kinds}</values></attribute></attributes></label>",
        "</labels>", "</task>",
        f"<original_size><width>{width}</width><height>{height}</height></original_size>",
        f"<source>{item.name}.mp4</source>", "</meta>",
    ]  # fmt: skip


def _boxes(
    track: int, label: str, rows: list[tuple[int, list[float]]], item: Item, *, kind: str = ""
) -> list[str]:
    """Write a track of boxes; it is outside in the frames where it has none."""
    lines = [f'<track id="{track}" label="{label}" source="auto">']
    attribute = f'<attribute name="kind">{escape(kind)}</attribute>' if kind else ""
    for index, (frame, box) in enumerate(rows):
        lines.append(_box(frame, box, attribute, outside=0))
        following = rows[index + 1][0] if index + 1 < len(rows) else item.frames
        # People are looked for every few frames: between two looks CVAT may draw on, after the last it may not.
        if index + 1 == len(rows) and following > frame + 1:
            lines.append(_box(frame + 1, box, attribute, outside=1))
    return [*lines, "</track>"]


def _box(frame: int, box: list[float], attribute: str, *, outside: int) -> str:
    x, y, w, h = box
    return (
        f'<box frame="{frame}" keyframe="1" outside="{outside}" occluded="0" xtl="{x:.1f}" ytl="{y:.1f}" '
        f'xbr="{x + w:.1f}" ybr="{y + h:.1f}" z_order="0">{attribute}</box>'
    )


def _skeleton(frame: int, points: list[list[float]], *, outside: int) -> list[str]:
    lines = [f'<skeleton frame="{frame}" keyframe="1" z_order="0">']
    for name, (x, y, v) in zip(KEYPOINTS, points, strict=True):
        lines.append(
            f'<points label={quoteattr(name)} frame="{frame}" keyframe="1" outside="{1 if outside or not v else 0}" '
            f'occluded="{1 if v == 1 else 0}" points="{x:.1f},{y:.1f}"></points>'
        )
    return [*lines, "</skeleton>"]
