"""Scenario tags from telemetry, brightness, motion of the camera, objects seen, poses. Unknown is a value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.telemetry.private import Hidden
from pipeline.telemetry.ride import RATE_HZ, Ride
from pipeline.video import ego, encounters, sports
from pipeline.video.drills import drills
from pipeline.video.records import Log
from pipeline.video.scene import SceneLog
from pipeline.video.spans import Span, runs, spans
from pipeline.video.weather import light_spans, weather_spans

# Version of marketplace/taxonomy.json that these ids are from; a test keeps the two together.
TAXONOMY_VERSION = 2
# Detector classes (COCO) behind each actor of the taxonomy.
ACTORS = {
    "car": ("car",), "truck": ("truck",), "bus": ("bus",), "motorcycle": ("motorcycle",), "bicycle": ("bicycle",),
    "pedestrian": ("person",),
    "animal": ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "animal"),
}  # fmt: skip
# An actor counts when it is seen in so many key frames near each other: one is often a mistake.
ACTOR_SIGHTINGS = 3
ACTOR_GAP_S = 1.5
VEHICLES = ("car", "truck", "bus", "motorcycle")
RULES = (
    "tags.py",
    "sports.py",
    "ego.py",
    "encounters.py",
    "weather.py",
    "drills.py",
    "scene.py",
    "spans.py",
    "motion.py",
)
# Metres a second from which nobody drives except on a motorway, over at least so long.
MOTORWAY_MPS, MOTORWAY_S = 27.0, 10.0
# Degrees turned at one junction, and around a roundabout; the slowest and fastest way through.
JUNCTION_DEGREES, ROUNDABOUT_DEGREES = 55.0, 200.0


@dataclass(frozen=True, slots=True)
class Tag:
    """One assignment: what, from when to when, how sure, and who says so."""

    id: str
    start_s: float
    end_s: float
    event_s: float | None
    confidence: float
    source: str
    moments: tuple[float, ...] = ()  # of repetitions, where counting makes sense

    def public(self) -> dict[str, Any]:
        """Return the tag as the report shows it; `count` and `moments` only where repetitions are counted."""
        shown = asdict(self)
        moments = shown.pop("moments")
        return shown | ({"count": len(moments), "moments": list(moments)} if moments else {})


@cache
def rules_source() -> str:
    """Return the source name of tags that rules assign to pictures: the digest of the rules' own code."""
    digest = hashlib.sha256()
    for name in RULES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return f"model:{digest.hexdigest()}"


def assign(
    *,
    scene: SceneLog,
    log: Log,
    vertical: str,
    discipline: str | None,
    detector: str,
    end_s: float,
    ride: Ride | None = None,
    levels: NDArray[np.float32] | None = None,
) -> list[Tag]:
    """Return every tag of a footage.

    `detector` is the sha256 of the model that sees objects, `ride` what telemetry says, `levels` the loudness in dB
    of every half second.
    """
    rules = rules_source()
    light = light_spans(scene, log.fps, end_s)
    found = _from_spans("odd.illumination", light, rules)
    found += _actors(log, f"model:{detector}" if detector else rules, end_s)
    if vertical == "driving":
        found += _driving(scene, log, light, ride, rules, end_s)
    else:
        found += _sports(scene, log, discipline, levels, rules, end_s)
    if ride is not None:
        found = _outside(found, ride.hidden)
    return sorted((_rounded(tag, end_s) for tag in found), key=lambda t: (t.start_s, t.id))


def _outside(found: list[Tag], hidden: Sequence[Hidden]) -> list[Tag]:
    """Cut tags to what may be seen: how somebody drives home is as private as where."""
    for away in hidden:
        kept: list[Tag] = []
        for tag in found:
            if tag.event_s is not None and away.start_s <= tag.event_s <= away.end_s:
                continue
            if tag.end_s <= away.start_s or tag.start_s >= away.end_s:
                kept.append(tag)
                continue
            for start, end in ((tag.start_s, away.start_s), (away.end_s, tag.end_s)):
                if end > start and (tag.event_s is None or start <= tag.event_s <= end):
                    kept.append(replace(tag, start_s=start, end_s=end))
        found = kept
    return found


def _from_spans(axis: str, found: list[Span], source: str) -> list[Tag]:
    return [Tag(f"{axis}.{s.value}", s.start_s, s.end_s, None, s.confidence, source) for s in found]


def _driving(
    scene: SceneLog, log: Log, light: list[Span], ride: Ride | None, rules: str, end_s: float
) -> list[Tag]:
    """Return own motion, events, traffic, weather and road; telemetry speaks before pictures."""
    motion, events = ego.by_flow(scene, log.fps, end_s)
    brakes = events
    said: list[Tag] = []
    if ride is not None:
        measured, measured_events = ego.by_telemetry(ride, end_s)
        source = f"telemetry:{ride.source}"
        if measured_events and not measured:
            said += _from_events(measured_events, source)
            events = [e for e in events if e.value != "swerve"]
        if measured:
            motion, brakes = measured, measured_events
            said += _from_spans("ego", measured, source) + _from_events(measured_events, source)
            # What the sensors say of the own car, pictures need not guess.
            events = []
            said += _from_spans("odd.road", _fast_roads(ride, end_s), source)
    if not any(tag.id.startswith("ego.") for tag in said):
        said += _from_spans("ego", motion, rules)
    met = encounters.events(
        log.keys, fps=log.fps, width=log.width, height=log.height, ego=motion, brakes=brakes
    )
    said += _from_events([*events, *met], rules)
    said += _from_spans("traffic", _traffic(log, motion, end_s), rules)
    said += _from_spans("odd.weather", weather_spans(scene, log.fps, end_s, light), rules)
    said += _roads(said, scene, log, ride, rules, end_s)
    return said


def _from_events(events: list[ego.Event], source: str) -> list[Tag]:
    return [Tag(f"event.{e.value}", e.start_s, e.end_s, e.event_s, e.confidence, source) for e in events]


def _fast_roads(ride: Ride, end_s: float) -> list[Span]:
    """Return where the speed alone says motorway."""
    fast = np.nan_to_num(ride.speed) > MOTORWAY_MPS
    return [
        Span("motorway", a / RATE_HZ, min(end_s, b / RATE_HZ), 0.7)
        for a, b in runs(fast)
        if (b - a) / RATE_HZ >= MOTORWAY_S
    ]


def _roads(
    said: list[Tag], scene: SceneLog, log: Log, ride: Ride | None, rules: str, end_s: float
) -> list[Tag]:
    """Return junctions and roundabouts by how far the car turns, and unknown for all the rest."""
    if ride is not None and np.isfinite(ride.yaw_rate).mean() > 0.8:
        step, turn, source = 1 / RATE_HZ, np.nan_to_num(ride.yaw_rate), f"telemetry:{ride.source}"
    else:
        motion = ego.grid(scene, log.fps)
        step, turn, source = motion.step_s, motion.turn, rules
    found: list[Tag] = []
    for sign in (1, -1):
        for a, b in runs(sign * turn > 5.0):
            turned = abs(float(turn[a:b].sum())) * step
            if turned >= JUNCTION_DEGREES and any(t.id.startswith("ego.turning") for t in said):
                value = "roundabout" if turned >= ROUNDABOUT_DEGREES else "intersection"
                start, end = max(0.0, a * step - 2.0), min(end_s, b * step + 1.0)
                found.append(Tag(f"odd.road.{value}", start, end, None, 0.5, source))
    taken = sorted((t.start_s, t.end_s) for t in [*said, *found] if t.id.startswith("odd.road."))
    at = 0.0
    for start, end in [*taken, (end_s, end_s)]:
        if start - at > 1.0 or (at == 0.0 and not taken):
            found.append(Tag("odd.road.unknown", at, start, None, 0.0, rules))
        at = max(at, end)
    return found


def _sports(
    scene: SceneLog,
    log: Log,
    discipline: str | None,
    levels: NDArray[np.float32] | None,
    rules: str,
    end_s: float,
) -> list[Tag]:
    """Return what the contributor said, and what pictures, poses and sound say of it."""
    found: list[Tag] = []
    if discipline:
        found.append(
            Tag(
                f"sport.discipline.{discipline}",
                0.0,
                end_s,
                None,
                sports.fits(log, discipline),
                "contributor",
            )
        )
    several = [span for span in sports.athletes(log, end_s) if span.value != "none"]
    found += _from_spans("sport.athlete_count", several, rules)
    found += [
        Tag(f"sport.camera_view.{value}", 0.0, end_s, None, sure, rules)
        for value, sure in sports.camera(scene, log)
    ]
    steady = sports.moving_share(scene, log.fps) <= 0.25
    done = sports.plausible(drills(log.poses, fps=log.fps, discipline=discipline, steady=steady), discipline)
    found += [
        Tag(f"sport.drill.{d.value}", d.start_s, d.end_s, d.event_s, d.confidence, rules, d.times)
        for d in done
    ]
    found += [
        Tag("sport.highlight.peak", m.start_s, m.end_s, m.event_s, m.confidence, rules)
        for m in sports.highlights(scene, done, log.fps, end_s, levels)
    ]
    return found


def _traffic(log: Log, motion: list[Span], end_s: float) -> list[Span]:
    window, labels = 1.0, []
    seconds = max(1, int(end_s))
    per_second: list[list[int]] = [[] for _ in range(seconds)]
    for key in log.keys:
        second = min(seconds - 1, int(key.frame / log.fps))
        per_second[second].append(sum(key.counts[kind] for kind in VEHICLES))
    for second, counts in enumerate(per_second):
        vehicles = float(np.mean(counts)) if counts else 0.0
        still = any(s.value == "stopped" and s.start_s <= second < s.end_s for s in motion)
        if still and vehicles >= 3:
            labels.append(("stationary", 0.5))
        elif vehicles >= 5:
            labels.append(("dense", 0.6))
        else:
            labels.append(("free", 0.6 if vehicles < 3 else 0.45))
    return spans(labels, window_s=window, end_s=end_s, shortest_s=3.0)


def _actors(log: Log, source: str, end_s: float) -> list[Tag]:
    found = []
    for actor, kinds in ACTORS.items():
        sightings = [(k.frame / log.fps, max(k.best.get(kind, 0.0) for kind in kinds)) for k in log.keys
                     if any(k.counts[kind] for kind in kinds)]  # fmt: skip
        group: list[tuple[float, float]] = []
        for time_s, score in [*sightings, (float("inf"), 0.0)]:
            if group and time_s - group[-1][0] > ACTOR_GAP_S:
                if len(group) >= min(ACTOR_SIGHTINGS, len(log.keys)):
                    confidence = float(np.mean([s for _, s in group]))
                    found.append(
                        Tag(f"actor.{actor}", group[0][0], group[-1][0] + 0.1, None, confidence, source)
                    )
                group = []
            group.append((time_s, score))
    return found


def _rounded(tag: Tag, end_s: float) -> Tag:
    event = None if tag.event_s is None else round(min(tag.event_s, end_s), 3)
    start = round(min(max(0.0, tag.start_s), end_s), 3)
    return Tag(
        tag.id,
        start,
        round(min(max(tag.end_s, start), end_s), 3),
        event,
        round(tag.confidence, 3),
        tag.source,
        tuple(round(moment, 3) for moment in tag.moments if moment <= end_s),
    )
