"""Sports tags: how many athletes, how they are filmed, what they do, the moments worth seeing, and whether it fits."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.video.drills import Drill, drills
from pipeline.video.records import Log
from pipeline.video.scene import SceneLog
from pipeline.video.spans import Span, spans

# Things that a sport is seldom filmed without (COCO names), and things that belong to another one.
BELONGS = {
    "basketball": ("sports ball",), "football": ("sports ball",), "volleyball": ("sports ball",),
    "tennis": ("tennis racket", "sports ball"), "cycling": ("bicycle",), "skateboarding": ("skateboard",),
}  # fmt: skip
# The share of key frames that shows a thing when it plays a part.
PART = 0.05
# Drills that no one does in these sports; most often an arm that is waved.
NOT_IN = {
    "running": {"shot", "swing", "serve", "throw", "kick", "squat"}, "swimming": {"running", "kick", "shot", "squat"},
    "cycling": {"running", "kick", "shot", "squat", "throw", "serve", "swing"},
    "weightlifting": {"shot", "kick", "serve", "swing", "throw"}, "climbing": {"shot", "serve", "swing", "kick"},
    "basketball": {"kick", "swing", "serve", "squat"}, "football": {"swing", "serve", "squat"},
    "tennis": {"kick", "shot", "squat", "throw"}, "golf": {"kick", "shot", "serve", "squat", "running", "throw"},
    "volleyball": {"kick", "swing", "squat"}, "skiing": {"kick", "shot", "serve", "swing", "throw"},
}  # fmt: skip
DRILL_WORDS = {
    "squat": "Squats",
    "running": "Running steps",
    "kick": "Kicks",
    "shot": "Shots",
    "swing": "Swings",
}
# Median height of the nearest person as a share of the picture.
CLOSE, WIDE = 0.75, 0.30
# A highlight stands out by this many deviations, lasts this long and keeps this distance from the next.
OUTSTANDING, HIGHLIGHT_S, APART_S = 2.0, 6.0, 12.0
WINDOW_S = 0.5
# People are counted over so many seconds.
COUNT_S = 2.0
# A drill that nobody does in a sport speaks against it when it fills this share and is repeated so often.
FOREIGN_SHARE, FOREIGN_COUNT = 0.4, 3
LEAST_FOR_HIGHLIGHTS_S = 20.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch worth seeing first, around event_s."""

    start_s: float
    end_s: float
    event_s: float
    confidence: float


def athletes(log: Log, end_s: float) -> list[Span]:
    """Tell how many people are in view at once over time; "none" where nobody is.

    Of every two seconds the upper quartile counts: detectors miss people more often than they invent them.
    """
    poses = Counter(row.frame for row in log.poses)
    seconds: list[list[int]] = [[] for _ in range(max(1, math.ceil(end_s / COUNT_S)))]
    for key in log.keys:
        at = min(len(seconds) - 1, int(key.frame / log.fps / COUNT_S))
        seconds[at].append(max(key.counts["person"], poses.get(key.frame, 0)))
    labels = []
    for counts in seconds:
        several = float(np.percentile(counts, 75)) if counts else 0.0
        value = "none" if several < 1 else "one" if several < 1.5 else "two" if several < 2.5 else "group"
        agree = np.mean([_called(count) == value for count in counts]) if counts else 0.0
        labels.append((value, max(0.3, float(agree))))
    return spans(labels, window_s=COUNT_S, end_s=end_s, shortest_s=2 * COUNT_S)


def _called(count: int) -> str:
    return {0: "none", 1: "one", 2: "two"}.get(count, "group")


def camera(scene: SceneLog, log: Log) -> list[tuple[str, float]]:
    """Tell whether the camera moves, and whether people fill the picture or are small in it."""
    share = moving_share(scene, log.fps)
    found = [("moving" if share > 0.25 else "static", max(share, 1 - share))]
    heights = [
        max((h for kind, _, _, _, h, _ in key.boxes if kind == "person"), default=0.0) for key in log.keys
    ]
    seen = np.array([h for h in heights if h > 0]) / max(1, log.height)
    if len(seen) >= max(3, 0.3 * len(heights)):
        middle = float(np.median(seen))
        if middle > CLOSE:
            found.append(("close", float(np.mean(seen > CLOSE))))
        elif middle < WIDE:
            found.append(("wide", float(np.mean(seen < WIDE))))
    return found


def moving_share(scene: SceneLog, fps: float) -> float:
    """Return the share of frames in which the camera pans or tilts."""
    pan, tilt = np.abs(scene.column("pan")) * fps, np.abs(scene.column("tilt")) * fps
    return float(np.mean((pan > 0.02) | (tilt > 0.03)))


def fits(log: Log, discipline: str) -> float:
    """Return how well what was seen fits the contributor's sport: 1 confirmed, 0.7 nothing against it, less: doubt."""
    if not log.keys:
        return 0.7
    shares = {
        kind: float(np.mean([k.counts[kind] > 0 for k in log.keys])) for kind in ("person", "bicycle", "car")
    }
    if shares["person"] < 0.1 and not log.poses:
        return 0.2
    belongs = BELONGS.get(discipline, ())
    if any(np.mean([key.counts[kind] > 0 for key in log.keys]) >= PART for kind in belongs):
        return 1.0
    return 0.5 if discipline in ("cycling", "skateboarding") else 0.7


def doubt(log: Log, discipline: str | None, end_s: float) -> str | None:
    """Return a sentence for the contributor when the footage does not look like its sport."""
    if discipline is None:
        return None
    sure = fits(log, discipline)
    name = discipline.replace("_", " ")
    if sure <= 0.2:
        return f"No person could be found in this recording. Is it really {name}?"
    for drill in drills(log.poses, fps=log.fps, discipline=discipline, steady=False):
        long = drill.end_s - drill.start_s >= FOREIGN_SHARE * end_s and drill.count >= FOREIGN_COUNT
        if long and drill.value in NOT_IN.get(discipline, set()):
            word = DRILL_WORDS.get(drill.value, drill.value)
            return f"{word} fill much of this recording, which is not {name}. Correct the sport if it is another."
    if sure < 0.7:
        return f"Nothing in the picture shows that this is {name}. Correct the sport if it is another one."
    return None


def plausible(found: list[Drill], discipline: str | None) -> list[Drill]:
    """Drop drills that nobody does in this sport."""
    return [drill for drill in found if drill.value not in NOT_IN.get(discipline or "", set())]


def highlights(
    scene: SceneLog, found: list[Drill], fps: float, end_s: float, levels: NDArray[np.float32] | None
) -> list[Moment]:
    """Find moments that stand out by motion, by a crowd or a ball that is heard, and by what an athlete does."""
    if end_s < LEAST_FOR_HIGHLIGHTS_S:
        return []
    size = max(1, round(fps * WINDOW_S))
    count = len(scene) // size
    motion = scene.column("difference")[: count * size].reshape(count, size)
    motion = np.where(scene.column("cut")[: count * size].reshape(count, size) > 0, 0.0, motion).mean(axis=1)
    score = _standing_out(motion)
    if levels is not None:
        heard = np.interp(np.arange(count), np.arange(len(levels)), levels)
        score = score + _standing_out(heard)
    for drill in found:
        if drill.value not in ("running", "squat"):
            window = min(count - 1, int(drill.event_s / WINDOW_S))
            score[max(0, window - 1) : window + 2] += 1.0
    out: list[Moment] = []
    for i in np.argsort(-score):
        at = (float(i) + 0.5) * WINDOW_S
        if score[i] < OUTSTANDING or len(out) >= max(1, end_s / 30):
            break
        if all(abs(at - other.event_s) >= APART_S for other in out):
            first, last = max(0.0, at - HIGHLIGHT_S / 2), min(end_s, at + HIGHLIGHT_S / 2)
            out.append(Moment(first, last, min(at, end_s), float(np.clip(0.3 + 0.08 * score[i], 0.3, 0.7))))
    return sorted(out, key=lambda moment: moment.event_s)


def _standing_out(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how many robust deviations each value is above the middle, never below zero, at most four."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle))) + 1e-6
    spread = max(spread, 0.05 * abs(middle) + 1e-3)
    return np.clip((np.asarray(values, np.float64) - middle) / spread, 0, 4)
