"""First honest scenario tags: from brightness, motion of the camera, objects seen, poses. Unknown is a value."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.telemetry.ride import Ride
from pipeline.video.drills import drills
from pipeline.video.records import Log
from pipeline.video.scene import SceneLog
from pipeline.video.spans import Span, spans, windows

# Version of marketplace/taxonomy.json that these ids are from; a test keeps the two together.
TAXONOMY_VERSION = 1
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
# Top third of the picture on labelled webcam images: night stays under 92, day over 104 (of 16..235).
NIGHT_SKY, DAY_SKY = 92.0, 104.0
# Share of pixels over 210 that lamps make at night.
LAMPS = 0.006
# Picture widths a second. Stopped: flow noise at 320 pixels. Turning: a junction turns 15–40°/s, a motorway bend
# under 4°/s, and dashcams see 70–130° across.
STOPPED_SPEED = 0.025
TURNING_PAN = 0.10
SLOWEST_EGO_FPS = 4.0


@dataclass(frozen=True, slots=True)
class Tag:
    """One assignment: what, from when to when, how sure, and who says so."""

    id: str
    start_s: float
    end_s: float
    event_s: float | None
    confidence: float
    source: str

    def public(self) -> dict[str, Any]:
        return asdict(self)


@cache
def rules_source() -> str:
    """Return the source name of tags that rules assign: the digest of the rules' own code."""
    digest = hashlib.sha256()
    for name in ("tags.py", "drills.py", "scene.py", "spans.py", "motion.py"):
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
) -> list[Tag]:
    """Return every tag of a footage; `detector` is the sha256 of the model that sees objects."""
    rules = rules_source()
    found = _from_spans("odd.illumination", _illumination(scene, log.fps, end_s), rules)
    found += _actors(log, f"model:{detector}" if detector else rules, end_s)
    if vertical == "driving":
        motion = _ego(scene, log.fps, end_s)
        found += _from_spans("ego", motion, rules)
        found += _from_spans("traffic", _traffic(log, motion, end_s), rules)
        # Weather and road type need a model that is not here yet; silence would look like "none".
        found += [Tag(f"odd.{axis}.unknown", 0.0, end_s, None, 0.0, rules) for axis in ("weather", "road")]
    else:
        if discipline:
            found.append(Tag(f"sport.discipline.{discipline}", 0.0, end_s, None, 1.0, "contributor"))
        found += _athletes(log, rules, end_s)
        found += _camera(scene, log.fps, rules, end_s)
        found += [
            Tag(f"sport.drill.{d.value}", d.start_s, d.end_s, d.event_s, d.confidence, rules)
            for d in drills(log.poses, fps=log.fps, discipline=discipline, steady=not _moving(scene, log.fps))
        ]
    return sorted((_rounded(tag, end_s) for tag in found), key=lambda t: (t.start_s, t.id))


def _from_spans(axis: str, found: list[Span], source: str) -> list[Tag]:
    return [Tag(f"{axis}.{s.value}", s.start_s, s.end_s, None, s.confidence, source) for s in found]


def _illumination(scene: SceneLog, fps: float, end_s: float) -> list[Span]:
    columns = [windows(scene.column(name), fps, 1.0) for name in ("luma", "sky", "bright", "spread")]
    labels = []
    for luma, sky, bright, spread in zip(*([float(w.mean()) for w in c] for c in columns), strict=True):
        labels.append(illumination(luma=luma, sky=sky, bright=bright, spread=spread))
    return spans(labels, window_s=1.0, end_s=end_s, shortest_s=4.0)


def illumination(*, luma: float, sky: float, bright: float, spread: float) -> tuple[str, float]:
    """Return (value, confidence) from mean luma, mean of the top third, share of bright pixels and contrast."""
    if spread < 3:
        return "unknown", 0.3  # one flat colour: a covered lens or a test picture
    # A dim picture without a single lamp in it is a grey day or dusk, not a lit night.
    if sky < NIGHT_SKY and luma < 96 and (luma < 60 or bright > LAMPS):
        lit = bright > LAMPS or luma > 45
        return ("night_lit" if lit else "night_unlit"), float(
            np.clip(0.55 + (NIGHT_SKY - sky) / 120, 0.5, 0.9)
        )
    if sky >= DAY_SKY and luma >= 80:
        return "day", float(np.clip(0.55 + (sky - DAY_SKY) / 120, 0.5, 0.9))
    if 55 <= luma < 110:
        return "dawn_dusk", 0.4
    return "unknown", 0.3


def _ego(scene: SceneLog, fps: float, end_s: float) -> list[Span]:
    window = 0.5
    if fps < SLOWEST_EGO_FPS or float(scene.column("cut").mean()) > 0.1:
        return []  # time-lapse: the pictures are too far apart to tell how the camera moved
    pans, speeds = windows(scene.column("pan"), fps, window), windows(scene.column("speed"), fps, window)
    labels = []
    for pan_values, speed_values in zip(pans, speeds, strict=True):
        pan, speed = float(np.median(pan_values)) * fps, float(np.median(speed_values)) * fps
        if speed < STOPPED_SPEED and abs(pan) < STOPPED_SPEED:
            labels.append(("stopped", float(np.clip(0.9 - 10 * speed, 0.6, 0.9))))
        elif abs(pan) > TURNING_PAN:
            # The scene moves to the right when the camera turns left.
            labels.append(
                ("turning_left" if pan > 0 else "turning_right", float(np.clip(0.4 + abs(pan), 0.5, 0.85)))
            )
        else:
            labels.append(("straight", float(np.clip(0.8 - 2 * abs(pan), 0.5, 0.8))))
    return spans(labels, window_s=window, end_s=end_s, shortest_s=1.0)


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


def _athletes(log: Log, source: str, end_s: float) -> list[Tag]:
    """Tell how many people are in view at once, as the upper quartile over the key frames."""
    counts = [key.counts["person"] for key in log.keys]
    poses = Counter(row.frame for row in log.poses)
    posed = [poses.get(key.frame, 0) for key in log.keys]
    both = np.maximum(counts, posed) if counts else np.zeros(1)
    several = float(np.percentile(both, 75))
    if several < 1:
        return []
    value = "one" if several < 1.5 else "two" if several < 2.5 else "group"
    agree = float(
        np.mean((both >= 0.5) & (both < 1.5) if value == "one" else both >= (2 if value == "two" else 3))
    )
    return [Tag(f"sport.athlete_count.{value}", 0.0, end_s, None, max(0.3, agree), source)]


def _camera(scene: SceneLog, fps: float, source: str, end_s: float) -> list[Tag]:
    share = _moving_share(scene, fps)
    value = "moving" if _moving(scene, fps) else "static"
    return [Tag(f"sport.camera_view.{value}", 0.0, end_s, None, max(share, 1 - share), source)]


def _moving(scene: SceneLog, fps: float) -> bool:
    return _moving_share(scene, fps) > 0.25


def _moving_share(scene: SceneLog, fps: float) -> float:
    pan, tilt = np.abs(scene.column("pan")) * fps, np.abs(scene.column("tilt")) * fps
    return float(np.mean((pan > 0.02) | (tilt > 0.03)))


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
    )
