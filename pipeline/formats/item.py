"""What every writer of a format is given: one clip with its facts, and the names that are the same in all formats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Item:
    """One clip of a package.

    ``facts`` is the clip's poses file (pixels of the redacted clip, frames from 0), ``tags`` are dictionaries of id,
    start_s, end_s, event_s, confidence, source; ``scene`` is what the contributor said. ``number`` names the clip in a
    package and never changes from version to version.
    """

    number: int
    clip_id: str
    sha256: str
    bytes: int
    facts: dict[str, Any]
    scene: dict[str, Any]
    tags: list[dict[str, Any]] = field(default_factory=list)
    certificate: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name the clip as its files do: clip_000007."""
        return f"clip_{self.number:06d}"

    @property
    def media(self) -> str:
        """Give the path of its video in the package."""
        return f"media/{self.name}.mp4"

    @property
    def fps(self) -> float:
        return float(self.facts["output"]["fps"])

    @property
    def frames(self) -> int:
        return int(self.facts["output"]["frames"])

    @property
    def size(self) -> tuple[int, int]:
        """Give width and height in pixels."""
        return int(self.facts["output"]["width"]), int(self.facts["output"]["height"])

    @cached_property
    def poses(self) -> list[dict[str, Any]]:
        """List the poses in order of frames."""
        return sorted(self.facts["poses"], key=lambda pose: pose["frame"])

    @cached_property
    def people(self) -> list[Person]:
        """Group the poses by person; a pose that no track follows is a person of one frame."""
        return _people(self.poses)

    @property
    def tag_ids(self) -> list[str]:
        return sorted({tag["id"] for tag in self.tags})

    def frame_at(self, seconds: float) -> int:
        """Give the frame that shows at ``seconds``, inside the clip."""
        return min(max(round(seconds * self.fps), 0), max(self.frames - 1, 0))

    def still(self, frame: int) -> str:
        """Name one frame as annotation formats of images do: 000007_000015, unique over the package."""
        return f"{self.number:06d}_{frame:06d}"


@dataclass(frozen=True)
class Person:
    """Somebody in a clip: a number that counts from 1, whether they were followed, and one pose a frame."""

    uid: int
    followed: bool
    poses: list[dict[str, Any]]


def _people(poses: list[dict[str, Any]]) -> list[Person]:
    tracks: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    alone = []
    for pose in poses:
        track = pose.get("track")
        if track is None or pose["frame"] in tracks[track]:
            alone.append(pose)
        else:
            tracks[track][pose["frame"]] = pose
    groups = [(True, list(tracks[track].values())) for track in sorted(tracks) if tracks[track]]
    groups += [(False, [pose]) for pose in alone]
    return [Person(uid, followed, poses) for uid, (followed, poses) in enumerate(groups, start=1)]


def by_frame(item: Item) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield each frame that has a person, with its poses."""
    frames: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for pose in item.poses:
        frames[pose["frame"]].append(pose)
    yield from sorted(frames.items())


def runs(frames: list[int]) -> list[tuple[int, int]]:
    """Join frame numbers, ascending, to closed intervals."""
    found: list[tuple[int, int]] = []
    for frame in frames:
        if found and frame == found[-1][1] + 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found
