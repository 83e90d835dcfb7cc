"""One footage processed once for all tests that only look at its outputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.video.process import process
from tests.media import Truth, make_video

CANARIES = (
    "+48.8577+002.295",
    "CANARYMAKE",
    "CANARYMODEL",
    "CANARYTITLE",
    "CANARYCOMMENT",
    "2019-03-04T05:06:07",
)


@dataclass(frozen=True)
class Done:
    """A processed footage: what went in, what came out, what was drawn."""

    source: Path
    out: Path
    truth: Truth
    report: dict[str, Any]

    def files(self) -> list[Path]:
        return sorted(path for path in self.out.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def alices_ride(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Alice's ride: eleven seconds, two scenes, a moving plate, sound, and everything a camera writes about itself."""
    folder = tmp_path_factory.mktemp("ride")
    gps, make, model, title, comment, created = CANARIES
    tags = {
        "location": gps,
        "com.apple.quicktime.make": make,
        "model": model,
        "title": title,
        "comment": comment,
    }
    extra = ["-movflags", "use_metadata_tags", "-metadata", f"creation_time={created}Z"]
    for key, value in tags.items():
        extra += ["-metadata", f"{key}={value}"]
    source = folder / "ride.mp4"
    truth = make_video(source, 11, (640, 360), 25, plate="A12345", scenes=2, audio=True, extra=extra)
    process(source, folder / "out", vertical="driving", workers=2)
    report = json.loads((folder / "out" / "report.json").read_text())
    return Done(source=source, out=folder / "out", truth=truth, report=report)
