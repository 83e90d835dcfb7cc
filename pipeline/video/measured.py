"""What the benchmark last measured of this engine on labelled footage: stated with every redaction, never made up."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

# Written by `make bench`; absent until it has run.
RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results.json"
# The sections that say what redaction finds, what leaks and what stays readable.
SECTIONS = frozenset({"recall", "tracks", "matcher", "jerseys"})


@cache
def coverage(results: Path = RESULTS) -> dict[str, Any]:
    """Return date, commit and every figure of these sections that has a target, by its name; empty without a run."""
    try:
        made = json.loads(results.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    figures = {
        figure["name"]: f"{figure['value']:g} {figure['unit']}".strip() + f" (target {figure['target']})"
        for figure in made["figures"]
        if figure["section"] in SECTIONS and figure["target"] and figure["value"] is not None
    }
    return {"measured": made["date"], "commit": made["commit"], **figures} if figures else {}
