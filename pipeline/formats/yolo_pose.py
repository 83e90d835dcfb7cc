"""YOLO-pose labels: one text file a frame with people, in one tar a clip; data.yaml names the 17 points.

Format: Ultralytics' pose datasets: class, box centre and size, 17 × (x, y, v), all but v as shares of the picture.
"""

from __future__ import annotations

import io
import tarfile
from typing import Any

from pipeline.formats.coco import KEYPOINTS
from pipeline.formats.item import Item, by_frame

FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


def archive(item: Item) -> bytes | None:
    """Pack the clip's label files as <clip>/<still>.txt; None when nobody is in the clip."""
    width, height = item.size
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for frame, poses in by_frame(item):
            data = "".join(line(pose, width, height) for pose in poses).encode()
            entry = tarfile.TarInfo(f"{item.name}/{item.still(frame)}.txt")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue() if item.poses else None


def line(pose: dict[str, Any], width: int, height: int) -> str:
    """Write one person; what lies outside the picture is cut at its edge."""
    x, y, w, h = pose["box"]
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + w, width), min(y + h, height)
    box = [
        (left + right) / 2 / width,
        (top + bottom) / 2 / height,
        (right - left) / width,
        (bottom - top) / height,
    ]
    words = ["0", *(f"{_share(value):.6f}" for value in box)]
    for px, py, v in pose["keypoints17"]:
        inside = v and 0 <= px < width and 0 <= py < height
        words += [f"{px / width:.6f}", f"{py / height:.6f}", str(int(v))] if inside else ["0", "0", "0"]
    return " ".join(words) + "\n"


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def data_yaml() -> bytes:
    """Describe the labels for a training run; the stills come from the videos, one a label file."""
    names = "".join(f"    - {name}\n" for name in KEYPOINTS)
    return (
        "# Labels: unpack the tar files here. Stills: cut the frame in a label's name (second number, from 0) out of\n"
        "# ../../media/<clip>.mp4, for example: ffmpeg -i clip_000000.mp4 -vf select='eq(n,15)' 000000_000015.jpg\n"
        "path: .\ntrain: images\nval: images\nnames:\n  0: person\n"
        f"kpt_shape: [{len(KEYPOINTS)}, 3]\nflip_idx: {FLIP}\nkpt_names:\n  0:\n{names}"
    ).encode()
