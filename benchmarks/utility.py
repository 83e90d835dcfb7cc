"""What redaction leaves for training: are people and vehicles still detected as before? And how much is masked?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import engine, media, processes
from benchmarks.bench import Bench
from benchmarks.labels import Box
from benchmarks.registry import Figure, Section
from benchmarks.scoring import average_precision, iou, union_area
from pipeline.video.objects import Objects

# Video, vertical, whether it is a street scene (target for masked pixels: 3 %).
CLIPS = (
    ("street/openpose_paris.avi", "driving", True),
    ("street/aiguys_tokyo_street.mp4", "driving", True),
    ("drive/aiguys_uk_plate.mp4", "driving", True),
    ("drive/udacity_solidWhiteRight.mp4", "driving", True),
    ("sports/chonyy_basketball_shot.mp4", "sports", False),
    ("sports/mmaction_gym_basketball.mp4", "sports", False),
)
CLASSES = {
    "person": "people",
    "car": "vehicles",
    "truck": "vehicles",
    "bus": "vehicles",
    "motorcycle": "vehicles",
}
STREET_PIXELS = 0.03
# A detection of the source counts as there from this score; the detector speaks from the lower one.
SURE, FAINT = 0.45, 0.2
Found = tuple[str, Box, float]


def measure(bench: Bench) -> Section:
    """Detect objects in source, re-encoded source and redacted video; `--quick` takes every 25th frame."""
    step = 25 if bench.quick else 8
    section = Section(
        title="Utility and masked pixels on real clips",
        about="NanoDet looks at every "
        f"{step}th frame of the source and of `redacted.mp4`. What it is sure of in the source is the truth (score ≥ "
        f"{SURE}), average precision at IoU ≥ 0.5 is the agreement. A plain re-encode by BASE shows what the encoder "
        "alone takes away. Rates are 25 a second.",
    )
    detector = Objects(threads=bench.cores, width=640, threshold=FAINT)
    rows = [
        "| clip | frames | masked a frame | of pixels | people | AP | vehicles | AP |",
        "|---|---|---|---|---|---|---|---|",
    ]
    scored: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    positives: dict[str, int] = {}
    masked = pixels = 0
    for name, vertical, street in CLIPS:
        bench.tell(f"utility: {name}")
        source = bench.media / "video" / name
        clip = media.steady(
            source, bench.folder("clip") / f"{source.stem}.mp4", fps=25, seconds=3 if bench.quick else 60
        )
        plain = bench.folder("plain") / "plain.mp4"
        processes.run(media.base_argv(clip, plain), scratch=bench.work)
        done = engine.process(bench, clip, *(engine.redact_only(bench) or ()), vertical=vertical)
        before, encoded, after = (
            _detections(path, detector, step) for path in (clip, plain, done.out / "redacted.mp4")
        )
        cells = []
        for group in ("people", "vehicles"):
            truth = sum(_is(found, group, SURE) for frame in before for found in frame)
            positives[group] = positives.get(group, 0) + truth
            for what, seen in (("encoded", encoded), ("redacted", after)):
                scored.setdefault((what, group), []).extend(agreement(before, seen, group))
            own = average_precision(agreement(before, after, group), truth)
            cells += [str(truth), f"{own:.3f}" if truth else "–"]
        size = (done.report["output"]["width"], done.report["output"]["height"])
        frames = done.report["output"]["frames"]
        under = sum(union_area(masks, *size) for masks in done.masks().values())
        share = under / (frames * size[0] * size[1])
        if street:
            masked, pixels = masked + under, pixels + frames * size[0] * size[1]
        rows.append(
            f"| {Path(name).stem} | {frames} | {under / frames:.0f} px | {100 * share:.2f} % | {' | '.join(cells)} |"
        )
    section.figures.append(
        Figure("share of pixels masked, street clips", masked / pixels, at_most=STREET_PIXELS)
    )
    for group, count in positives.items():
        for what, words in (
            ("redacted", "after redaction"),
            ("encoded", "after a plain re-encode, for contrast"),
        ):
            precision = average_precision(scored[what, group], count) if count else None
            note = f"{count} boxes of the source"
            section.figures.append(Figure(f"agreement (AP) on {group} {words}", precision, note=note))
    section.lines += rows
    return section


def agreement(
    before: Sequence[Sequence[Found]], after: Sequence[Sequence[Found]], group: str
) -> list[tuple[float, bool]]:
    """Return (score, is a detection of before) of what is seen after; each of before is matched once, IoU ≥ 0.5.

    Detections that match a faint one of before are neither right nor wrong and are left out.
    """
    scored = []
    for was, now in zip(before, after, strict=False):
        truth = [found for found in was if _is(found, group, SURE)]
        faint = [found for found in was if _is(found, group, FAINT) and found[2] < SURE]
        free = set(range(len(truth)))
        for found in sorted(
            (found for found in now if _is(found, group, FAINT)), key=lambda found: -found[2]
        ):
            best = max(free, key=lambda i: iou(found[1], truth[i][1]), default=None)
            if best is not None and iou(found[1], truth[best][1]) >= 0.5:
                free.discard(best)
                scored.append((found[2], True))
            elif not any(iou(found[1], one[1]) >= 0.5 for one in faint):
                scored.append((found[2], False))
    return scored


def _is(found: Found, group: str, least: float) -> bool:
    return CLASSES.get(found[0]) == group and found[2] >= least


def _detections(path: Path, detector: Objects, step: int) -> list[list[Found]]:
    return [
        [
            (box.kind, (box.x, box.y, box.w, box.h), box.score)
            for box in detector.find(np.ascontiguousarray(frame))
        ]
        for i, frame in enumerate(media.frames(path))
        if i % step == 0
    ]
