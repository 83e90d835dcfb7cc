"""How far the scenario tags are right: weather and light on labelled stills, own motion and events on telemetry."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.bench import Bench
from benchmarks.labels import held_out
from benchmarks.registry import Figure, Section
from benchmarks.scoring import wilson
from pipeline.telemetry.ride import Ride, ride
from pipeline.telemetry.track import Floats, Track, make
from pipeline.video import ego, scene, weather
from pipeline.video.motion import WIDTH
from pipeline.video.redact import Planes

# attributes.tsv → the tags that say the same.
WEATHER = {"foggy": "fog"}
LIGHT = {"day": ("day",), "night": ("night_lit", "night_unlit")}
# events.json of the phone recordings → what the engine may call it.
EVENTS = {
    "hard_brake": ("hard_brake",),
    "hard_accel": ("hard_acceleration",),
    "aggressive_lane_change_right": ("swerve", "lane_change"),
    "aggressive_lane_change_left": ("swerve", "lane_change"),
}
NEAR_S = 2.0
GRAVITY = 9.81
# comma2k19's Honda Civic: steering ratio, wheelbase in metres. A wheel turned by a degree turns the car by v/(r·l)°/s.
STEERING_RATIO, WHEELBASE_M = 15.38, 2.70


@dataclass(slots=True)
class Counts:
    """How often a tag was right, said wrongly and left out."""

    right: int = 0
    wrong: int = 0
    left_out: int = 0

    @property
    def precision(self) -> float | None:
        said = self.right + self.wrong
        return self.right / said if said else None

    @property
    def recall(self) -> float | None:
        there = self.right + self.left_out
        return self.right / there if there else None


@dataclass(slots=True)
class Table:
    """Counts a tag, over everything and over the held-out part."""

    everything: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    held_out: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))

    def add(self, tag: str, *, there: bool, said: bool, held: bool) -> None:
        for counts in (self.everything[tag], *([self.held_out[tag]] if held else [])):
            counts.right += there and said
            counts.wrong += said and not there
            counts.left_out += there and not said


def measure(bench: Bench) -> Section:
    """Compare tags with labels; `--quick` takes every third still."""
    table = stills(bench.media, step=3 if bench.quick else 1)
    telemetry, sentences = rides(bench.media)
    section = Section(
        title="Scenario tags",
        about="Weather and light of the labelled stills of `attributes.tsv`, by the same measures that the frames of a "
        "video get; own motion by GPS against a car's own speed and steering (comma2k19), second by second; events by "
        "phone sensors against labelled manoeuvres. Rain, snow, road types and traffic have no labels here, so their "
        "accuracy is not known; the engine says rain, snow and most road types never, and `unknown` instead.",
    )
    for part, counts in (("all", table.everything), ("held out", table.held_out)):
        section.figures += [figure for tag in sorted(counts) for figure in figures(tag, part, counts[tag])]
    section.figures += [figure for tag in sorted(telemetry) for figure in figures(tag, "all", telemetry[tag])]
    section.lines = [*markdown({**table.everything, **telemetry}), "", *sentences]
    return section


def figures(tag: str, part: str, counts: Counts) -> list[Figure]:
    """Return precision and recall of a tag as figures without a target."""
    said, there = counts.right + counts.wrong, counts.right + counts.left_out
    if not said and not there:
        return []  # neither labelled nor said in what there is
    notes = [_note(counts.right, of) for of in (said, there)]
    return [
        Figure(f"precision of {tag}, {part}", counts.precision, note=notes[0]),
        Figure(f"recall of {tag}, {part}", counts.recall, note=notes[1]),
    ]


def _note(right: int, of: int) -> str:
    low, high = wilson(right, of)
    return f"{right} of {of}; 95 % interval {low:.2f}–{high:.2f}" if of else "nothing to count"


def markdown(counts: dict[str, Counts]) -> list[str]:
    """Return a table: a row a tag."""
    lines = [
        "| tag | said rightly | said wrongly | left out | precision | recall |",
        "|---|---|---|---|---|---|",
    ]
    for tag, c in sorted(counts.items()):
        shares = ["–" if share is None else f"{share:.2f}" for share in (c.precision, c.recall)]
        lines.append(f"| {tag} | {c.right} | {c.wrong} | {c.left_out} | {' | '.join(shares)} |")
    return lines


# Stills --------------------------------------------------------------------------------------------------------------


def stills(media: Path, *, step: int) -> Table:
    """Tag every labelled still; a picture of one axis counts against wrong tags of that axis only."""
    table = Table()
    with (media / "attributes.tsv").open(newline="") as listed:
        rows = list(csv.DictReader(listed, delimiter="\t"))[::step]
    for row in rows:
        path = media / row["image"]
        light, said = tag_still(path)
        held = held_out(path)
        for value in WEATHER.values():
            table.add(
                f"odd.weather.{value}",
                there=WEATHER.get(row["weather"]) == value,
                said=said == value,
                held=held,
            )
        if row["timeofday"]:
            for name, values in LIGHT.items():
                there = row["timeofday"] == name
                table.add(f"odd.illumination.{name}", there=there, said=light in values, held=held)
    return table


def tag_still(path: Path) -> tuple[str, str]:
    """Return (illumination, weather) of a picture by the engine's own measures."""
    planes, small = frame(path)
    seen = {**scene.light(planes, small), **scene.air(planes, small)}
    light = weather.illumination(**{name: seen[name] for name in ("luma", "sky", "bright", "spread")})[0]
    return light, weather.weather(seen, light)[0]


def frame(path: Path) -> tuple[Planes, np.ndarray]:
    """Return a picture as the planes of a frame, and its luma at the width that motion is measured at."""
    bgr = cv2.imread(str(path))
    height, width = (side // 4 * 4 for side in bgr.shape[:2])
    buffer = cv2.cvtColor(np.ascontiguousarray(bgr[:height, :width]), cv2.COLOR_BGR2YUV_I420).ravel()
    planes = Planes.of(buffer, width, height)
    small = cv2.resize(planes.y, (WIDTH, max(8, round(height * WIDTH / width))), interpolation=cv2.INTER_AREA)
    return planes, small


# Telemetry -----------------------------------------------------------------------------------------------------------


def rides(media: Path) -> tuple[dict[str, Counts], list[str]]:
    """Compare own motion and events of every ride; return counts and sentences on what they rest on."""
    counts: dict[str, Counts] = defaultdict(Counts)
    sentences = []
    folder = media / "telemetry" / "comma2k19_example1"
    if folder.is_dir():
        sentences.append(car(folder, counts))
    for folder in sorted((media / "telemetry").glob("driverbehavior_*")):
        phone(folder, counts)
    sentences.append(
        "The phone recordings hold sensors and no position, so these are the events of a ride without GPS; the rules "
        "for it were made on trip 17, in which all of the braking and acceleration is. Not every manoeuvre is labelled."
    )
    return counts, sentences


def car(folder: Path, counts: dict[str, Counts]) -> str:
    """Compare a GPS ride with the car's own speed and steering wheel, second by second."""
    fixes, times = _array(folder, "GNSS_live_gnss_qcom_value"), _array(folder, "GNSS_live_gnss_qcom_t")
    start = float(times[0])
    rows = [
        (float(t - start), float(f[0]), float(f[1]), float(f[2]), float("nan"))
        for t, f in zip(times, fixes, strict=True)
    ]
    measured = _ride(make("gpmf", rows), float(times[-1] - start))
    end_s = float(times[-1] - start)
    spans, events = ego.by_telemetry(measured, end_s)
    seconds = np.arange(0.5, end_s)
    speed_t, speed_v = _array(folder, "CAN_speed_t") - start, _array(folder, "CAN_speed_value")[:, 0]
    speed = np.interp(seconds, speed_t, speed_v)
    wheel_t, wheel_v = (
        _array(folder, "CAN_steering_angle_t") - start,
        _array(folder, "CAN_steering_angle_value"),
    )
    turn = speed * np.interp(seconds, wheel_t, wheel_v) / (STEERING_RATIO * WHEELBASE_M)
    turning = np.where(turn > ego.TURNING_DPS, "turning_left", "straight")
    turning = np.where(turn < -ego.TURNING_DPS, "turning_right", turning)
    truth = np.where(speed < ego.STOPPED_MPS, "stopped", turning)
    for second, there in zip(seconds, truth, strict=True):
        said = next((s.value for s in spans if s.start_s <= second < s.end_s), "")
        for value in ("stopped", "straight", "turning_left", "turning_right"):
            compare(counts[f"ego.{value}"], there=there == value, said=said == value)
    braking = -np.gradient(np.interp(np.arange(0, end_s, 0.1), speed_t, speed_v), 0.1).min()
    error = float(np.median(np.abs(np.interp(seconds, measured.t, measured.speed) - speed)))
    return (
        f"comma2k19: one fix every two seconds over {end_s:.0f} s; the speed is off by {error:.2f} m/s in the middle; "
        f"the car brakes by {braking:.1f} m/s² at most, {len(events)} events are said."
    )


def _array(folder: Path, name: str) -> Floats:
    return np.asarray(np.load(folder / f"{name}.npy", allow_pickle=False), np.float64)


def _ride(track: Track | None, end_s: float) -> Ride:
    measured = None if track is None else ride(track, duration_s=end_s)
    if measured is None:
        raise ValueError("the recording holds neither fixes nor sensors")
    return measured


def phone(folder: Path, counts: dict[str, Counts]) -> None:
    """Compare the events that the sensors alone tell with labelled manoeuvres."""
    labelled = json.loads((folder / "events.json").read_text())
    accel = sensor(folder / "aceleracaoLinear_terra.csv.gz", labelled["t0_uptimeNanos"])
    gyro = sensor(folder / "giroscopio_terra.csv.gz", labelled["t0_uptimeNanos"])
    accel[:, 3] += GRAVITY  # the phone took it off
    nothing = np.zeros(0)
    track = Track("gpmf", nothing, nothing, nothing, nothing, nothing, accel=accel, gyro=gyro)
    end_s = float(accel[-1, 0])
    measured = ride(track, duration_s=end_s)
    assert measured is not None
    said = ego.by_telemetry(measured, end_s)[1]
    score_events(counts, labelled["events"], said)
    score_turns(counts, labelled["events"], measured)


def score_events(
    counts: dict[str, Counts], labelled: Sequence[dict[str, float]], said: Sequence[ego.Event]
) -> None:
    """Count each labelled manoeuvre that an event says near it, and each event that nothing is near to."""
    used: set[int] = set()
    for row in labelled:
        values = EVENTS.get(str(row["event"]))
        if values is None:
            continue
        hit = next(
            (i for i, e in enumerate(said) if i not in used and e.value in values
             and row["start_s"] - NEAR_S <= e.event_s <= row["end_s"] + NEAR_S),
            None,
        )  # fmt: skip
        name = f"event.{' or '.join(values)}"
        compare(counts[name], there=True, said=hit is not None)
        used |= set() if hit is None else {hit}
    for i, event in enumerate(said):
        if i not in used:
            name = next(n for n in (f"event.{' or '.join(v)}" for v in EVENTS.values()) if event.value in n)
            compare(counts[name], there=False, said=True)


def score_turns(counts: dict[str, Counts], labelled: Sequence[dict[str, float]], measured: Ride) -> None:
    """Count labelled hard turns in which the turning rate passes the engine's threshold the right way."""
    for row in labelled:
        way = {"hard_right_turn": -1, "hard_left_turn": 1}.get(str(row["event"]))
        if way is not None:
            inside = (measured.t >= row["start_s"]) & (measured.t <= row["end_s"])
            said = bool((way * measured.yaw_rate[inside] > ego.TURNING_DPS).mean() > 0.4)
            compare(counts["turning rate in a hard turn"], there=True, said=said)


def compare(counts: Counts, *, there: bool, said: bool) -> None:
    """Count one decision."""
    counts.right += bool(there and said)
    counts.wrong += bool(said and not there)
    counts.left_out += bool(there and not said)


def sensor(path: Path, start_ns: int) -> Floats:
    """Read timestamp, nanoseconds, x, y, z into rows of (seconds, x, y, z)."""
    with gzip.open(path, "rt") as lines:
        table = np.genfromtxt(lines, delimiter=",", skip_header=1, usecols=(1, 2, 3, 4))
    table[:, 0] = (table[:, 0] - start_ns) / 1e9
    return np.asarray(table, np.float64)
