"""Where and how a recording moved: read from its file or a sidecar, trimmed, coarsened, aligned to frames."""

from pipeline.telemetry.private import MOST_TRIM_M, TRIM_M, Hidden, Privacy, Zone, frames
from pipeline.telemetry.reading import Reading, Request, read
from pipeline.telemetry.ride import Ride
from pipeline.telemetry.track import TelemetryError

__all__ = [
    "MOST_TRIM_M", "TRIM_M", "Hidden", "Privacy", "Reading", "Request", "Ride", "TelemetryError", "Zone",
    "frames", "read",
]  # fmt: skip
