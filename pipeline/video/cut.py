"""Cut footage into clips of 5–60 s where its scenario changes, at keyframes, by copying the encoded stream."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.video.dead import Dropped, duplicates
from pipeline.video.scene import SceneLog
from pipeline.video.tags import Tag

SHORTEST_S, LONGEST_S = 5.0, 60.0
# What one scenario fills may stay whole up to LONGEST_S; longer than this is dear, shorter than that too.
LIKED_S, SHORT_S = 20.0, 10.0
# Axes whose change is a change of scenario. Actors come and go all the time and do not cut.
CUTTING_AXES = ("ego.", "odd.", "traffic.", "sport.drill.")
CUT_GAIN, TAG_GAIN, TAG_REACH_S = 3.0, 1.5, 0.75
# A clip of an event begins and ends so long before and after it; within EVENT_KEEP_S of it nobody cuts.
EVENT_BEFORE_S, EVENT_AFTER_S, EVENT_GAIN, EVENT_KEEP_S, EVENT_LOSS = 6.0, 5.0, 0.8, 2.0, 4.0
MOVFLAGS = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0", "fflags": "+bitexact"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames [start, end) of the master; start is a keyframe."""

    start: int
    end: int


def plan(
    *,
    scene: SceneLog,
    tags: Sequence[Tag],
    keyframes: Sequence[int],
    fps: float,
    dropped: Sequence[Dropped] = (),
) -> tuple[list[Piece], list[Dropped]]:
    """Return the pieces, cut where it costs least, and every stretch that is in none (`dropped` and copies).

    None are left where what may be shown is shorter than the distance of two keyframes.
    """
    total = len(scene)
    points = np.array([*keyframes, total])
    gains = _gains(scene, tags, points, fps)
    pieces = []
    for a, b in _alive(dropped, points, fps):
        pieces += _split(points[a : b + 1], gains[a : b + 1], fps)
    kept = _long_enough(pieces, fps)
    left_out = [Dropped(p.start / fps, p.end / fps, "short") for p in pieces if p not in kept]
    again = set(duplicates(scene, [(p.start, p.end) for p in kept], fps=fps))
    left_out += [*dropped, *(Dropped(kept[i].start / fps, kept[i].end / fps, "duplicate") for i in again)]
    kept = [piece for i, piece in enumerate(kept) if i not in again]
    # Footage in which nothing ever happens still has one clip to look at and refuse, unless it is private.
    if not kept and not any(each.reason == "private" for each in dropped):
        kept = [Piece(0, int(points[points <= LIKED_S * fps][-1]) or total)]
    return kept, sorted(left_out, key=lambda d: d.start_s)


def _long_enough(pieces: list[Piece], fps: float) -> list[Piece]:
    """Leave out what is shorter than a clip may be; where nothing is longer, the longest piece stays."""
    long = [piece for piece in pieces if (piece.end - piece.start) / fps >= SHORTEST_S - 1e-6]
    return long or sorted(pieces, key=lambda piece: piece.start - piece.end)[:1]


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
    """Return what a boundary at each point is worth: much at a cut, something where the scenario changes."""
    changes = np.array(
        sorted({t for tag in tags if tag.id.startswith(CUTTING_AXES) for t in (tag.start_s, tag.end_s)})
    )
    events = np.array(sorted({tag.event_s for tag in tags if tag.event_s is not None}))
    around = np.sort(np.concatenate([events - EVENT_BEFORE_S, events + EVENT_AFTER_S]))
    times = points / fps
    gains = TAG_GAIN * np.clip(1 - _nearest(changes, times) / TAG_REACH_S, 0, None)
    gains = np.maximum(gains, EVENT_GAIN * np.clip(1 - _nearest(around, times) / TAG_REACH_S, 0, None))
    gains -= EVENT_LOSS * (_nearest(events, times) < EVENT_KEEP_S)
    cuts = scene.column("cut")
    gains[:-1] = np.maximum(gains[:-1], CUT_GAIN * cuts[points[:-1]])
    return np.asarray(gains, np.float64)


def _nearest(moments: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each time to the nearest moment; infinite without any."""
    if not len(moments):
        return np.full(len(times), np.inf)
    right = np.clip(np.searchsorted(moments, times), 0, len(moments) - 1)
    left = np.maximum(right - 1, 0)
    return np.minimum(np.abs(moments[right] - times), np.abs(moments[left] - times))


def _alive(dropped: Sequence[Dropped], points: NDArray[np.int64], fps: float) -> list[tuple[int, int]]:
    """Return [a, b] of indexes into points: neighbouring groups of pictures that hold something to see.

    A group goes when a dropped stretch fills it, and when a single picture of it is private.
    """
    frames = int(points[-1])
    gone, private = np.zeros(frames, np.bool_), np.zeros(frames, np.bool_)
    for each in dropped:
        mask = private if each.reason == "private" else gone
        mask[round(each.start_s * fps) : round(each.end_s * fps)] = True
    alive = [not gone[a:b].all() and not private[a:b].any() for a, b in itertools.pairwise(points)]
    out: list[tuple[int, int]] = []
    for i, good in enumerate(alive):
        if good and out and out[-1][1] == i:
            out[-1] = (out[-1][0], i + 1)
        elif good:
            out.append((i, i + 1))
    return out


def _split(points: NDArray[np.int64], gains: NDArray[np.float64], fps: float) -> list[Piece]:
    """Choose boundaries by dynamic programming: few clips, not too long, boundaries where the scenario changes."""
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
            cost = best[i] + 1.0 - gains[i] + _length_cost(float(length))
            if cost < best[j]:
                best[j], back[j] = cost, i
    out = []
    j = len(points) - 1
    while j > 0:
        i = int(back[j])
        out.append(Piece(int(points[i]), int(points[j])))
        j = i
    return out[::-1]


def _length_cost(length: float) -> float:
    if length > LIKED_S:
        return 0.3 * ((length - LIKED_S) / LIKED_S) ** 2
    return 0.6 * (max(0.0, SHORT_S - length) / (SHORT_S - SHORTEST_S)) ** 2
