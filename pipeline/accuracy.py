"""What `make bench` measured, as a package tells it: stored with a version when it is published."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

# Sections about our machines and not about the data.
NOT_ABOUT_DATA = {"cost", "resources", "load"}
UNKNOWN = "The accuracy of tags, poses and redaction had not been measured when this version was published."


def measured() -> dict[str, Any]:
    """Read benchmarks/results.json: date, commit and the figures about data; empty where nothing was measured."""
    path = settings.BASE_DIR / "benchmarks" / "results.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        sections = found["sections"].items()
        figures = [
            {
                "section": section["title"],
                **{k: f.get(k) for k in ("name", "value", "unit", "target", "held")},
            }
            for name, section in sections
            if name not in NOT_ABOUT_DATA
            for f in section["figures"]
            if f.get("value") is not None
        ]
        return {"date": found["date"], "commit": found["commit"], "figures": figures} if figures else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def sentence(accuracy: dict[str, Any]) -> str:
    """Say when and on what the figures were measured, or that they were not."""
    if not accuracy:
        return UNKNOWN
    return (
        f"Measured on {accuracy['date']} with commit {accuracy['commit'] or 'unknown'}, on labelled footage "
        "that is not part of this package; figures that miss their target are printed too."
    )


def rows(accuracy: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Give (what, value with unit, target) for a table."""
    return [
        (f"{f['section']}: {f['name']}", f"{f['value']:g} {f['unit'] or ''}".strip(), f["target"] or "")
        for f in accuracy.get("figures", [])
    ]
