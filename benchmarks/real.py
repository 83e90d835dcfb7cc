"""Faces and plates followed by eye through the collection's real clips (made/videos.json)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.truth import Mark, Masks, Truth

MADE = Path(__file__).resolve().parent / "made" / "videos.json"


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled real clip and what kind of footage it is."""

    truth: Truth
    vertical: str

    @property
    def kinds(self) -> list[str]:
        return sorted({mark.kind for marks in self.truth.marks.values() for mark in marks})


def clips(bench: Bench, path: Path = MADE) -> list[Clip]:
    """Return the labelled clips; track names hold the name of the clip."""
    found = []
    for row in json.loads(path.read_text())["videos"]:
        video = bench.media / row["video"]
        truth = Truth(video, (row["width"], row["height"]), row["frames"], row["complete"])
        for track in row["tracks"]:
            for frame, x, y, w, h in track["boxes"]:
                mark = Mark(f"{video.stem}: {track['id']}", track["kind"], (x, y, w, h), True)
                truth.marks[frame].append(mark)
        found.append(Clip(truth, row["vertical"]))
    return found


def at_source_frames(masks: Masks, output: dict[str, float], truth: Truth) -> Masks:
    """Return masks in frames and pixels of the source, where the output has other ones: same moment, same place."""
    ratio = output["frames"] / truth.frames
    sx, sy = truth.size[0] / output["width"], truth.size[1] / output["height"]
    return {
        frame: [
            (x * sx, y * sy, w * sx, h * sy)
            for x, y, w, h in masks.get(min(round(frame * ratio), int(output["frames"]) - 1), ())
        ]
        for frame in range(truth.frames)
    }
