"""The redaction certificate in plain words, for the person who filmed and for the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketplace.models import Clip, Footage

KIND_WORDS = {
    "face": "face",
    "plate": "number plate",
    "jersey": "jersey number or name",
    "screen": "screen or burnt-in text",
    "manual": "region that a person drew",
    "head": "head turned away",
}
# What the thresholds of the engine mean; one that is not named here is shown under its own name.
THRESHOLD_WORDS = {
    "hold_s": "A region stays covered this many seconds before and after it was seen",
    "established_hold_s": "… and this many when it was seen for long",
    "lost_growth_per_s": "A covered region that is lost grows by this share every second",
    "left_in": "What leaves the picture is covered until less than this share of its width or height is in it",
    "glimpse_s": "Seen for less than this many seconds, a region counts as doubtful",
    "sure": "A detection counts as sure from this score on (0 to 1)",
    "reach": "Two detections are one thing within this many of its own sizes",
    "another_face": "… but not two faces that share less than this of what both cover",
    "another_plate": "… and not two number plates that share less than this",
}


@dataclass(frozen=True)
class Count:
    """What was done to one kind of thing."""

    word: str
    found: int
    covered: int
    detected: int
    bridged: int
    held: int


@dataclass(frozen=True)
class Doubt:
    """A place where the engine was not sure, and where to see it."""

    kind: str
    start_ms: int
    end_ms: int
    reasons: str
    clip: Clip | None

    @property
    def at_s(self) -> str:
        """Give the moment in the clip, in seconds, as the player takes it."""
        begin = self.clip.start_ms if self.clip else 0
        return f"{max(0, self.start_ms - begin) / 1000:.3f}"

    @property
    def start_s(self) -> str:
        """Give the moment in the footage, in seconds."""
        return f"{self.start_ms / 1000:.3f}"


@dataclass(frozen=True)
class Certificate:
    """Everything that the page shows."""

    counts: list[Count]
    masked_share: float
    masked_share_max: float
    stride: int
    frames: int
    method: str
    encoder: str
    models: list[dict[str, Any]]
    thresholds: list[tuple[str, str]]
    doubts: list[Doubt]
    coverage: list[tuple[str, str]]
    warnings: list[str]
    isolation: str


def of(footage: Footage) -> Certificate | None:
    """Read the certificate of a footage; None when nothing was covered yet."""
    raw = footage.certificate
    if not raw:
        return None
    return Certificate(
        counts=_counts(raw.get("tracks", {})),
        masked_share=float(raw.get("masked_share", 0)),
        masked_share_max=float(raw.get("masked_share_max", 0)),
        stride=int(raw.get("stride", 1)),
        frames=int(raw.get("frames", 0)),
        method=str(raw.get("method", "")),
        encoder=str(raw.get("encoder", "")),
        models=[model for model in raw.get("models", []) if isinstance(model, dict)],
        thresholds=[
            (THRESHOLD_WORDS.get(name, name.replace("_", " ").capitalize()), _value(value))
            for name, value in raw.get("thresholds", {}).items()
        ],
        doubts=_doubts(footage, raw.get("doubtful", [])),
        coverage=_flat(raw.get("coverage", {})),
        warnings=[str(text) for text in raw.get("warnings", [])],
        isolation=str(raw.get("isolation", "")),
    )


def kind_word(kind: str) -> str:
    """Name a kind of track."""
    return KIND_WORDS.get(kind, kind)


def _counts(tracks: dict[str, Any]) -> list[Count]:
    rows = [
        Count(
            word=kind_word(kind),
            found=int(facts.get("found", 0)),
            covered=int(facts.get("frames_covered", 0)),
            detected=int(facts.get("frames_detected", 0)),
            bridged=int(facts.get("frames_bridged", 0)),
            held=int(facts.get("frames_held", 0)),
        )
        for kind, facts in tracks.items()
    ]
    return sorted(rows, key=lambda row: -row.found)


def _doubts(footage: Footage, found: Any) -> list[Doubt]:
    clips = list(footage.clips.order_by("start_ms"))
    shown = []
    for raw in found if isinstance(found, list) else []:
        start, end = round(raw["start_s"] * 1000), round(raw["end_s"] * 1000)
        at = next((clip for clip in clips if start < clip.end_ms and end > clip.start_ms), None)
        reasons = ", ".join(raw.get("reasons", []))
        shown.append(Doubt(kind_word(raw["kind"]), start, end, reasons, at))
    return shown


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{kind_word(name)} {_value(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return " × ".join(_value(inner) for inner in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(values: Any, before: str = "") -> list[tuple[str, str]]:
    """Write nested figures as lines; a figure that is not there makes no line."""
    if not isinstance(values, dict):
        return [(before, _value(values))] if before and values not in (None, "", []) else []
    lines = []
    for name, value in values.items():
        lines += _flat(value, f"{before}, {name}".strip(", ").replace("_", " "))
    return lines
