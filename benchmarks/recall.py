"""Recall on labelled stills: which share of faces and plates would redaction cover, by size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import engine, painted, peers, processes
from benchmarks.bench import Bench
from benchmarks.labels import Box, Still, size_class, size_classes, stills
from benchmarks.registry import Figure, Section
from benchmarks.scoring import coverage, wilson

# Kind → (smallest height that counts for the target, target at 90 % coverage), pipeline.md.
TARGETS = {"face": (20, 0.995), "plate": (12, 0.97)}
PARTS = ("all", "held out")


@dataclass(slots=True)
class Tally:
    """How many labels there were and how many were covered to a half and to nine tenths."""

    labels: int = 0
    half: int = 0
    most: int = 0

    def add(self, covered: float) -> None:
        self.labels += 1
        self.half += covered >= 0.5
        self.most += covered >= 0.9


def measure(bench: Bench) -> Section:
    """Run `detect` over the labelled stills and compare; `--quick` takes every sixth."""
    kinds = frozenset(TARGETS)
    chosen = list(stills(bench.media, kinds=kinds))[:: 6 if bench.quick else 1]
    found, usage = engine.detect(bench, [still.path for still in chosen])
    masks = {path: [tuple(box["box"]) for box in boxes] for path, boxes in found.items()}
    tallies = tally(chosen, masks, kinds)
    section = Section(
        title="Recall on labelled stills",
        about=f"{len(chosen)} pictures through `detect`: {usage.cpu_s / len(chosen):.2f} CPU s a picture, models "
        "loaded once. A label counts as found when that share of its box is under the masks. Not every face and "
        "plate of the pictures is labelled, so precision cannot be told from them. The plate head was taught with "
        "Open Images' and dashcam pictures of the part that is not held out.",
    )
    for kind, (least, target) in TARGETS.items():
        for part in PARTS:
            both = sum_of(tallies[kind, part, name] for name in size_classes() if _low(name) >= least)
            low, high = wilson(both.most, both.labels)
            section.figures += [
                Figure(
                    f"recall of {kind}s ≥ {least} px high at ≥ 90 % coverage, {part}",
                    both.most / both.labels if both.labels else None,
                    at_least=target,
                    note=f"{both.most} of {both.labels}; 95 % interval {low:.3f}–{high:.3f}",
                ),
                Figure(
                    f"recall of {kind}s ≥ {least} px high at ≥ 50 % coverage, {part}",
                    both.half / both.labels if both.labels else None,
                    note=f"{both.half} of {both.labels}",
                ),
            ]
    section.lines = [*by_size(tallies), "", *by_group(chosen, masks, kinds)]
    _beside_peers(bench, chosen, masks, section)
    return section


def _beside_peers(bench: Bench, chosen: list[Still], masks: dict[str, list[Box]], section: Section) -> None:
    """Add the recall of the peers on the faces of the same pictures; they paint black boxes, read from the pixels."""
    least, _ = TARGETS["face"]
    pictures = [still for still in chosen if any(label.kind == "face" for label in still.labels)]
    wanted = [
        [one for one in s.labels if one.kind == "face" and one.counts and one.height >= least]
        for s in pictures
    ]
    rows = ["", "| tool, face stills | labels | ≥ 50 % | ≥ 90 % | CPU s a picture |", "|---|---|---|---|---|"]
    ours = Tally()
    for still, labels in zip(pictures, wanted, strict=True):
        for label in labels:
            ours.add(coverage(label.box, masks.get(str(still.path), [])))
    rows.append(f"| Fairframe | {_counts(ours)} | – |")
    installed, lines = peers.available(bench)
    for peer in installed:
        bench.tell(f"recall: {peer.label} on {len(pictures)} pictures")
        try:
            made, usage = peer.redact_stills(bench, [still.path for still in pictures])
        except processes.Failed as why:
            lines = [*lines, f"{peer.label}: {why}"]
            continue
        theirs = Tally()
        for still, labels, path in zip(pictures, wanted, made, strict=True):
            shared, _ = painted.by_pixels([_paint(still.path, path)] if path else [])
            for label in labels:
                theirs.add(shared(0, label.box))
        rows.append(f"| {peer.label} | {_counts(theirs)} | {usage.cpu_s / len(pictures):.2f} |")
        section.figures.append(
            Figure(
                f"{peer.peer.name}: recall of faces ≥ {least} px high at ≥ 90 % coverage",
                theirs.most / theirs.labels if theirs.labels else None,
            )
        )
    section.lines += [*rows, "", *lines] if lines else rows


def _paint(before: Path, after: Path) -> NDArray[np.bool_]:
    """Return H × W: what a peer painted over a picture."""
    was, now = (np.asarray(cv2.imread(str(path)), np.uint8) for path in (before, after))
    if now.shape != was.shape:
        now = np.asarray(cv2.resize(now, was.shape[1::-1]), np.uint8)
    return painted.painted(was, now)


def _counts(one: Tally) -> str:
    return f"{one.labels} | {_share(one.half, one.labels)} | {_share(one.most, one.labels)}"


def tally(
    chosen: Iterable[Still], masks: dict[str, list[Box]], kinds: frozenset[str]
) -> dict[tuple[str, str, str], Tally]:
    """Return {(kind, part, size class): counts}."""
    tallies: dict[tuple[str, str, str], Tally] = defaultdict(Tally)
    for still in chosen:
        for label in still.labels:
            if label.kind not in kinds or not label.counts:
                continue
            share = coverage(label.box, masks.get(str(still.path), []))
            tallies[label.kind, "all", size_class(label.height)].add(share)
            if still.held_out:
                tallies[label.kind, "held out", size_class(label.height)].add(share)
    return tallies


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """Return the counts added up."""
    total = Tally()
    for one in tallies:
        total.labels, total.half, total.most = (
            total.labels + one.labels,
            total.half + one.half,
            total.most + one.most,
        )
    return total


def by_size(tallies: dict[tuple[str, str, str], Tally]) -> list[str]:
    """Return a Markdown table: a row a kind and size class."""
    lines = [
        "| kind | height px | labels | ≥ 50 % | ≥ 90 % | labels held out | ≥ 50 % | ≥ 90 % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind in sorted({key[0] for key in tallies}):
        for name in size_classes():
            cells = []
            for part in PARTS:
                one = tallies.get((kind, part, name), Tally())
                cells += [str(one.labels), _share(one.half, one.labels), _share(one.most, one.labels)]
            if cells[0] != "0":
                lines.append(f"| {kind} | {name} | {' | '.join(cells)} |")
    return lines


def by_group(chosen: Iterable[Still], masks: dict[str, list[Box]], kinds: frozenset[str]) -> list[str]:
    """Return a Markdown table: a row a collection, boxes large enough for the target only."""
    groups: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for still in chosen:
        for label in still.labels:
            if label.kind in kinds and label.counts and label.height >= TARGETS[label.kind][0]:
                share = coverage(label.box, masks.get(str(still.path), []))
                groups[label.kind, still.group].add(share)
    lines = ["| kind | collection | labels of target size | ≥ 50 % | ≥ 90 % |", "|---|---|---|---|---|"]
    for (kind, group), one in sorted(groups.items()):
        lines.append(
            f"| {kind} | {group} | {one.labels} | {_share(one.half, one.labels)} | {_share(one.most, one.labels)} |"
        )
    return lines


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _low(name: str) -> int:
    return int(name.removeprefix("≥ ").split("–")[0])
