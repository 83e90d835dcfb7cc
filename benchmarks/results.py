"""RESULTS.md for people and results.json for machines; sections that did not run keep their last figures."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.bench import ROOT
from benchmarks.registry import SECTIONS, Section

FOLDER = Path(__file__).resolve().parent


def describe_machine() -> str:
    """Return processor, cores, memory and system in one line."""
    import psutil

    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{name}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def commit() -> str:
    """Return the commit of the checkout, "+" behind it when files differ from it; empty outside a checkout."""
    git = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/RESULTS.md",
             ":!benchmarks/results.json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def write(sections: dict[str, Section], *, quick: bool, folder: Path = FOLDER) -> None:
    """Put the sections that ran into both files, beside those of earlier runs."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    old = json.loads(path.read_text()) if path.exists() else {}
    kept: dict[str, Any] = old.get("sections", {})
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    here, machine = commit(), describe_machine()
    for name, section in sections.items():
        kept[name] = {
            "title": section.title, "about": section.about, "lines": section.lines, "quick": quick,
            "commit": here, "date": now, "machine": machine,
            "figures": [figure.public() for figure in section.figures],
        }  # fmt: skip
    ordered = {name: kept[name] for name in SECTIONS if name in kept}
    figures = [
        {"section": name, **figure} for name, section in ordered.items() for figure in section["figures"]
    ]
    made = {"commit": here, "date": now, "machine": machine, "figures": figures, "sections": ordered}
    path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n")
    (folder / "RESULTS.md").write_text(markdown(made))


def markdown(made: dict[str, Any]) -> str:
    """Return the report: first what was promised, then every section."""
    lines = ["# What was measured", ""]
    lines += [f"Machine: {made['machine']}. Last run: {made['date']}, commit `{made['commit']}`.", ""]
    lines += [
        "Written by `make bench`; the media are real people, cars and players of a collection that is not part of",
        "this project. The held-out part of it was never looked at while the engine was tuned. A section that an",
        "`--only` run left out keeps its last figures and says when they were measured.", "",
    ]  # fmt: skip
    aimed = [figure for figure in made["figures"] if figure["target"]]
    missed = [figure for figure in aimed if figure["held"] is False]
    unknown = [figure for figure in aimed if figure["held"] is None]
    lines += ["## Targets", ""]
    lines += [
        f"{len(aimed) - len(missed) - len(unknown)} of {len(aimed)} are held, {len(missed)} are missed, "
        f"{len(unknown)} could not be measured.", "",
    ]  # fmt: skip
    lines += _table(aimed, target=True)
    for name, section in made["sections"].items():
        when = f"{section['date']}, commit `{section['commit']}`"
        lines += ["", f"## {section['title']}", "", f"{section['about']}", ""]
        lines += [
            f"*Section `{name}`, {when}{', quick run: a part of the media' if section['quick'] else ''}.*",
            "",
        ]
        lines += _table(section["figures"], target=False)
        lines += ["", *section["lines"]] if section["lines"] else []
    return "\n".join(lines).rstrip() + "\n"


def _table(figures: list[dict[str, Any]], *, target: bool) -> list[str]:
    if not figures:
        return []
    head = "| what | value | target | verdict |" if target else "| what | value | target | note |"
    rows = [head, "|---|---|---|---|"]
    for figure in figures:
        value = "not measured" if figure["value"] is None else f"{_number(figure['value'])} {figure['unit']}"
        last = _verdict(figure) if target else figure["note"]
        rows.append(f"| {figure['name']} | {value.strip()} | {figure['target'] or '–'} | {last} |")
    return rows


def _verdict(figure: dict[str, Any]) -> str:
    if figure["held"] is None:
        return figure["note"] or "not measured"
    return "held" if figure["held"] else f"**missed by {_number(figure['missed_by'])}**"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.4g}" if abs(value) < 1 else f"{value:.3g}"
