"""What a footage's telemetry says, and changing the file or its clock without sending the video again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from contributors import running, sidecars
from contributors.models import TelemetryFile
from contributors.sidecars import Sidecar
from marketplace import countries
from marketplace.models import Footage
from marketplace.models.event import record
from marketplace.states import FootageState, MoveRefused
from pipeline import covering

# Who read it, in words: the engine's name of a source is that of a format.
SOURCES = {
    "gpmf": "the GoPro's own GPS",
    "camm": "Android's camera-motion track",
    "novatek": "the dashcam's own GPS",
    "70mai": "the dashcam's own GPS",
    "blackvue": "the dashcam's own GPS",
    "garmin": "the dashcam's own GPS",
    "phone": "one position that the phone stored",
    "gpx": "the GPX file",
    "nmea": "the NMEA file",
    "csv": "the CSV file",
}
WAITS = (FootageState.STOPPED, FootageState.FAILED)


@dataclass(frozen=True)
class Told:
    """What the page shows: the file that came with it, what was read, and whether it can be changed now."""

    file: TelemetryFile | None
    facts: list[tuple[str, str]]
    may_change: bool
    starts: bool


def of(footage: Footage) -> Told:
    """Say what is known of a footage's telemetry."""
    file = _file(footage)
    waits = footage.state in WAITS
    open_now = bool(footage.original_key) and (waits or footage.state == FootageState.REVIEW)
    return Told(file=file, facts=_facts(footage, file), may_change=open_now, starts=waits)


def change(
    *, footage: Footage, person: Any, sidecar: Sidecar | None, without: bool, clock_offset_s: float
) -> str:
    """Take another file, none, or another offset, and start the work with it; gives the sentence to show.

    Raises MoveRefused when this is not the time for it or nothing would be different. Nothing is changed then.
    """
    if sidecar is not None and not without and of(footage).may_change:
        sidecars.store(
            footage=footage, sidecar=sidecar
        )  # bytes before rows: a worker never meets rows without
    with transaction.atomic():
        fresh = Footage.objects.select_for_update(no_key=True).get(pk=footage.pk)
        if not of(fresh).may_change:
            raise MoveRefused(
                "Telemetry can be changed while the footage waits for you and its original is kept. "
                "Nothing was changed."
            )
        before = _file(fresh)
        offset = before.clock_offset_s if before else 0.0
        if sidecar is None and not (without and before) and (before is None or clock_offset_s == offset):
            raise MoveRefused(
                "Choose a file, another offset, or to go on without a file. Nothing was changed."
            )
        if without:
            sidecars.forget(footage=fresh)
        elif sidecar is not None:
            sidecars.keep(footage=fresh, sidecar=sidecar, clock_offset_s=clock_offset_s)
        else:
            TelemetryFile.objects.filter(footage=fresh).update(clock_offset_s=clock_offset_s)
        record(
            "footage.telemetry_changed",
            subject=fresh,
            actor=person,
            data={"file": bool(sidecar), "without": without, "clock_offset_s": clock_offset_s},
        )
        if fresh.state in WAITS:
            running.again(footage=fresh, person=person)
            return "Changed. The work starts again with it; your video did not have to be sent again."
        covering.ask_anew(footage=fresh, person=person)
        return "Changed. The footage is processed with it; the clips below stay until the new ones are whole."


def apply_places(*, footage: Footage, person: Any) -> str:
    """Process the footage again with the private places of today; raises MoveRefused when it is not the time."""
    covering.ask_anew(footage=footage, person=person)
    return (
        "It is processed with the private places of today; the clips below stay until the new ones are whole."
    )


def _file(footage: Footage) -> TelemetryFile | None:
    try:
        return TelemetryFile.objects.get(footage=footage)
    except ObjectDoesNotExist:
        return None


def _facts(footage: Footage, file: TelemetryFile | None) -> list[tuple[str, str]]:
    facts = []
    if file is not None:
        facts = [("File", file.name), ("Positions in it", f"{file.fixes}")]
    said = footage.certificate.get("telemetry")
    if isinstance(said, dict):
        source = str(said.get("source", ""))
        facts.append(("Read from", SOURCES.get(source, source)))
        if said.get("top_mps") is not None:
            facts.append(("Fastest shown", f"{said['top_mps'] * 3.6:.0f} km/h"))
        if said.get("metres") is not None:
            facts.append(("Way shown", f"{said['metres'] / 1000:.1f} km"))
        place = said.get("place") or {}
        if place.get("country"):
            facts.append(("Place as sold", f"{countries.name(place['country'])}, cells of about a kilometre"))
    if file is not None or (isinstance(said, dict) and said.get("clock_offset_s")):
        seconds = file.clock_offset_s if file is not None else float(said["clock_offset_s"])
        facts.append(("Clock offset", f"{seconds:+g} s"))
    return facts
