"""MOTChallenge: one folder a clip with gt/gt.txt, gt/labels.txt and seqinfo.ini.

Format: motchallenge.net: frame and track count from 1, box as left, top, width, height in pixels. A person whom no
track follows has a track of one frame.
"""

from __future__ import annotations

from pipeline.formats.item import Item

LABELS = "gt/labels.txt"


def files(item: Item) -> dict[str, bytes]:
    """Write the clip's files by their name inside its folder."""
    rows = [
        (pose["frame"] + 1, person.uid, *pose["box"], pose.get("score", 1.0))
        for person in item.people
        for pose in person.poses
    ]
    lines = [
        f"{frame},{uid},{x:.1f},{y:.1f},{w:.1f},{h:.1f},1,1,{score:.3f}\n"
        for frame, uid, x, y, w, h, score in sorted(rows)
    ]
    width, height = item.size
    info = (
        f"[Sequence]\nname={item.name}\nimDir=img1\nframeRate={item.fps:g}\nseqLength={item.frames}\n"
        f"imWidth={width}\nimHeight={height}\nimExt=.jpg\n"
    )
    return {
        "gt/gt.txt": "".join(lines).encode(),
        LABELS: b"pedestrian\n",
        "seqinfo.ini": info.encode(),
    }
