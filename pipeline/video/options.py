"""What a caller may choose about one footage, checked once and carried to every segment and worker."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

VERTICALS = ("driving", "sports")
AUDIO = ("drop", "mute-speech")
FILLS = ("flat", "quantised")
# A person marks what was missed: more marks than this are a sign that the footage should be refused.
MOST_MANUAL = 200


@dataclass(frozen=True, slots=True)
class Manual:
    """One region a person marked: where it is at `start_s`, in pixels of the master, and until when it is followed."""

    box: tuple[float, float, float, float]
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of one run.

    `audio`: no sound, or sound with speech silenced. `fill`: the colour around a region, or the coarse mean of the
    region itself. `jersey` and `screens`: cover numbers and names on clothes, screens and burnt-in text. `only_redact`:
    the master alone, without poses, tags, clips and previews. `manual`: regions that a person marked.
    """

    vertical: str
    discipline: str | None = None
    audio: str = "drop"
    fill: str = "flat"
    jersey: bool = False
    screens: bool = True
    only_redact: bool = False
    manual: tuple[Manual, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        vertical: str,
        discipline: str | None = None,
        audio: str = "drop",
        fill: str = "flat",
        jersey: bool | None = None,
        screens: bool = True,
        only_redact: bool = False,
        manual: Iterable[Mapping[str, Any] | Manual] = (),
    ) -> Options:
        """Check what a caller asks for; raise ValueError with a sentence. `jersey` None: on for sports."""
        for name, value, known in (
            ("vertical", vertical, VERTICALS),
            ("audio", audio, AUDIO),
            ("fill", fill, FILLS),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}.")
        return cls(
            vertical=vertical,
            discipline=_slug(discipline),
            audio=audio,
            fill=fill,
            jersey=vertical == "sports" if jersey is None else jersey,
            screens=screens,
            only_redact=only_redact,
            manual=manual_of(manual),
        )

    def public(self) -> dict[str, Any]:
        """Return the choices as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_public(cls, values: Mapping[str, Any]) -> Options:
        """Return the choices that `public` wrote."""
        return replace(cls(**{**values, "manual": ()}), manual=manual_of(values["manual"]))


def manual_of(given: Iterable[Mapping[str, Any] | Manual]) -> tuple[Manual, ...]:
    """Check the regions that a person marked; raise ValueError with a sentence that names the one that is wrong."""
    checked = []
    for number, entry in enumerate(given, start=1):
        values = asdict(entry) if isinstance(entry, Manual) else entry
        try:
            x, y, w, h = (float(v) for v in values["box"])
            start, end = float(values["start_s"]), float(values["end_s"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"Region {number} needs a box of four numbers, a start_s and an end_s in seconds."
            ) from error
        if not all(math.isfinite(v) for v in (x, y, w, h, start, end)):
            raise ValueError(f"Region {number} holds a number that is not finite.")
        if w <= 0 or h <= 0 or not 0 <= start < end:
            raise ValueError(f"Region {number} needs a width, a height and an end after its start.")
        checked.append(Manual(box=(x, y, w, h), start_s=start, end_s=end))
    if len(checked) > MOST_MANUAL:
        raise ValueError(f"{len(checked)} regions are too many; mark at most {MOST_MANUAL}.")
    return tuple(checked)


def _slug(discipline: str | None) -> str | None:
    name = re.sub(r"[^a-z0-9]+", "_", (discipline or "").lower()).strip("_")
    return name or None
