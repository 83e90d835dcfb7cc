"""Cut footage into clips of 4–20 s where its scenario changes, at keyframes, by copying the encoded stream."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.video.scene import SceneLog
from pipeline.video.tags import Tag

SHORTEST_S, LONGEST_S, LIKED_S = 4.0, 20.0, 10.0
# Nothing happens in a picture that stays black or frozen for this long; it is left out.
DEAD_S = 2.0
# Axes whose change is a change of scenario. Actors come and go all the time and do not cut.
CUTTING_AXES = ("ego.", "odd.illumination.", "traffic.", "sport.drill.")
CUT_GAIN, TAG_GAIN, TAG_REACH_S = 3.0, 1.5, 0.75
MOVFLAGS = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0", "fflags": "+bitexact"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames [start, end) of the master; start is a keyframe."""

    start: int
    end: int


def plan(*, scene: SceneLog, tags: Sequence[Tag], keyframes: Sequence[int], fps: float) -> list[Piece]:
    """Return the pieces: all footage that is neither black nor frozen, cut where it costs least."""
    total = len(scene)
    points = np.array([*keyframes, total])
    gains = _gains(scene, tags, points, fps)
    pieces = []
    for a, b in _alive(scene, points, fps):
        pieces += _split(points[a : b + 1], gains[a : b + 1], fps)
    kept = [p for p in pieces if (p.end - p.start) / fps >= min(1.0, total / fps)]
    # Footage in which nothing ever happens still has one clip to look at and refuse.
    return kept or [Piece(0, int(points[points <= LONGEST_S * fps][-1]) or total)]


def copy(video: Path, pieces: Sequence[Piece], targets: Sequence[Path]) -> None:
    """Write each piece of our own encoded file to its target without decoding."""
    with av.open(str(video)) as source:
        stream = source.streams.video[0]
        rate, base = stream.average_rate, stream.time_base
        if rate is None or base is None:
            raise RuntimeError("our own output has no frame rate")
        tick = 1 / (rate * base)
        packets = (packet for packet in source.demux(stream) if packet.pts is not None and packet.size)
        packet = next(packets, None)
        for piece, target in zip(pieces, targets, strict=True):
            with av.open(str(target), "w", format="mp4", options=MOVFLAGS) as out:
                copied = out.add_stream_from_template(stream)
                offset = round(piece.start * tick)
                # Groups are closed, so packets of one piece follow each other and none belongs to two.
                while packet is not None:
                    frame = round(packet.pts / tick)
                    if frame >= piece.end:
                        break
                    if frame >= piece.start:
                        packet.pts -= offset
                        packet.dts = None if packet.dts is None else packet.dts - offset
                        packet.stream = copied
                        out.mux(packet)
                    packet = next(packets, None)


def tags_of(piece: Piece, tags: Sequence[Tag], fps: float) -> list[str]:
    """Return the ids of the tags that hold for a good part of the piece, or happen in it."""
    start, end = piece.start / fps, piece.end / fps
    enough = min(1.0, 0.25 * (end - start))
    ids = []
    for tag in tags:
        shared = min(end, tag.end_s) - max(start, tag.start_s)
        happens = tag.event_s is not None and start <= tag.event_s < end
        if shared >= enough or happens or (tag.id.startswith("actor.") and shared > 0.25):
            ids.append(tag.id)
    return sorted(set(ids))


def _gains(
    scene: SceneLog, tags: Sequence[Tag], points: NDArray[np.int64], fps: float
) -> NDArray[np.float64]:
    changes = sorted({t for tag in tags if tag.id.startswith(CUTTING_AXES) for t in (tag.start_s, tag.end_s)})
    cuts = scene.column("cut")
    gains = np.zeros(len(points))
    for i, point in enumerate(points[:-1]):
        near = min((abs(point / fps - change) for change in changes), default=np.inf)
        gains[i] = max(CUT_GAIN * cuts[point], TAG_GAIN * max(0.0, 1 - near / TAG_REACH_S))
    return gains


def _alive(scene: SceneLog, points: NDArray[np.int64], fps: float) -> list[tuple[int, int]]:
    """Return [a, b] of indexes into points for the stretches without long black or frozen picture."""
    dead = ((scene.column("luma") < 21) & (scene.column("spread") < 5)) | (scene.column("same") > 0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dead.astype(np.int8), [0]])))
    long_dead = np.zeros(len(dead), np.bool_)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if (stop - start) / fps >= DEAD_S:
            long_dead[start:stop] = True
    alive = [not long_dead[a:b].all() for a, b in itertools.pairwise(points)]
    out: list[tuple[int, int]] = []
    for i, good in enumerate(alive):
        if good and out and out[-1][1] == i:
            out[-1] = (out[-1][0], i + 1)
        elif good:
            out.append((i, i + 1))
    return out


def _split(points: NDArray[np.int64], gains: NDArray[np.float64], fps: float) -> list[Piece]:
    """Choose boundaries by dynamic programming: lengths near 10 s, boundaries where the scenario changes."""
    seconds = points / fps
    if seconds[-1] - seconds[0] < 2 * SHORTEST_S:
        return [Piece(int(points[0]), int(points[-1]))]
    best = np.full(len(points), np.inf)
    back = np.zeros(len(points), np.int64)
    best[0] = 0.0
    for j in range(1, len(points)):
        for i in range(j - 1, -1, -1):
            length = seconds[j] - seconds[i]
            if length > LONGEST_S + 1e-6:
                break
            if length < SHORTEST_S - 1e-6:
                continue
            cost = best[i] + 1.0 - gains[i] + 0.3 * ((length - LIKED_S) / LIKED_S) ** 2 * 4
            if cost < best[j]:
                best[j], back[j] = cost, i
    out = []
    j = len(points) - 1
    while j > 0:
        i = int(back[j])
        out.append(Piece(int(points[i]), int(points[j])))
        j = i
    return out[::-1]
