"""Leaks on labelled video: a face that shows in one frame of a track is a face that shows."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import camera, engine, moving, painted, peers, processes, real
from benchmarks.bench import Bench
from benchmarks.labels import Still, held_out
from benchmarks.registry import Figure, Section
from benchmarks.scoring import wilson
from benchmarks.truth import LEAST, READABLE, Masks, Score, Truth, by_boxes, score

RECALL = {"face": 0.995, "plate": 0.97}
LEAKS, AREA = 0.02, 2.0
CUT = f"{camera.CUT:g} to {camera.INSIDE:g} of it in the picture"


def measure(bench: Bench) -> Section:
    """Film labelled stills with a moving camera, redact the film, and compare every frame; then the peers."""
    frames = 25 if bench.quick else 40
    section = Section(
        title="Leaks on labelled video",
        about="Labelled stills of crowds, dashcam rides and close cars (Open Images, openalpr), filmed by a camera "
        f"that pans, zooms and shakes; so the labels are exact in every frame ({frames} frames a still, hard cuts "
        "between). A track leaks when one frame of it is covered less than 90 %. The plate head was taught with stills "
        "of rides and close cars that are not held out. Below them real clips whose faces and plates were followed by "
        "eye (made/videos.json).",
    )
    rows = [
        "| video | tool | tracks | leak | boxes | ≥ 90 % | ≥ 50 % | masked ÷ true | of all pixels |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines: list[str] = []
    for what in moving.FILMS:
        kind, shots = what.kind, 10 if bench.quick else what.shots
        bench.tell(f"tracks: filming {shots} stills with {what.name}")
        truth, shown = moving.make(bench, what, shots=shots, frames=frames)
        bench.tell(f"tracks: redacting {truth.frames} frames")
        masks = engine.process(bench, truth.video).masks()
        whole = score(truth, *by_boxes(truth, masks), kind=kind)
        part = score(truth, *by_boxes(truth, masks), kind=kind, take=Held(shown))
        edge = score(truth, *by_boxes(truth, masks), kind=kind, cut=True)
        close = f"{what.of}, " if what.of else ""
        section.figures += figures(kind, whole, f"{close}all") + figures(kind, part, f"{close}held out")
        section.figures += figures(kind, edge, close + CUT, targets=False)
        if truth.complete:
            section.figures.append(
                Figure(f"masked ÷ true area, {kind}s", whole.masked / whole.true, "×", at_most=AREA)
            )
        rows.append(row(f"moving, {what.name}", "Fairframe", whole, truth.complete))
        lines += [f"Leaking tracks, {what.name}: {', '.join(whole.leaking()[:40]) or 'none'}.", ""]
        if kind == "face":
            rows += _peers(bench, truth, shots * frames / moving.FPS / 4, masks, section)
    rows += _real(bench, section, lines)
    section.lines += [*rows, "", *lines]
    return section


def _real(bench: Bench, section: Section, lines: list[str]) -> list[str]:
    """Score the clips whose faces and plates were followed by eye; all of them are few, so `--quick` takes all."""
    rows = []
    total: dict[tuple[str, str], Score] = {}
    small = Score()
    for clip in real.clips(bench):
        bench.tell(f"tracks: {clip.truth.video.name}")
        done = engine.process(bench, clip.truth.video, vertical=clip.vertical)
        masks = real.at_source_frames(done.masks(), done.report["output"], clip.truth)
        for kind in clip.kinds:
            found = score(clip.truth, *by_boxes(clip.truth, masks), kind=kind)
            rows.append(row(f"{clip.truth.video.stem}, {kind}s", "Fairframe", found, clip.truth.complete))
            total.setdefault((kind, "real clips"), Score()).add(found)
            far = score(clip.truth, *by_boxes(clip.truth, masks), kind=kind, heights=(READABLE, LEAST[kind]))
            if kind == "plate" and far.covered:
                what = f"{clip.truth.video.stem}, plates {READABLE}–{LEAST[kind]} px high"
                rows.append(row(what, "Fairframe", far, complete=False))
                small.add(far)
            if held_out(clip.truth.video):
                total.setdefault((kind, "real clips held out"), Score()).add(found)
    for (kind, part), found in sorted(total.items()):
        section.figures += figures(kind, found, part)
        lines += [f"Leaking {kind} tracks of {part}: {', '.join(found.leaking()) or 'none'}.", ""]
    return rows


@dataclass(frozen=True, slots=True)
class Held:
    """Tells the tracks of held-out stills."""

    shown: dict[str, Still]

    def __call__(self, track: str) -> bool:
        return self.shown[moving.shot_of(track)].held_out


def figures(kind: str, found: Score, part: str, *, targets: bool = True) -> list[Figure]:
    """Return what the targets ask of one kind; numbers on clothes have none, nor has what `targets` are not for."""
    targets = targets and kind in RECALL
    bare = len(found.leaking())
    low, high = wilson(bare, len(found.covered))
    return [
        Figure(
            f"{kind}s ≥ {LEAST[kind]} px in video: frame recall at ≥ 90 % coverage, {part}", found.frame_recall(),
            at_least=RECALL[kind] if targets else None, note=f"{found.boxes} boxes",
        ),
        Figure(
            f"{kind} tracks with a leaked frame, {part}", found.leak_rate(),
            at_most=LEAKS if targets else None,
            note=f"{bare} of {len(found.covered)}; 95 % interval {low:.3f}–{high:.3f}",
        ),
    ]  # fmt: skip


def _peers(bench: Bench, truth: Truth, seconds: float, masks: Masks, section: Section) -> list[str]:
    """Score the peers on the beginning of the film, with black boxes instead of blur so that masks can be read."""
    short = moving.first_frames(truth, bench.folder("short") / "faces.mp4", seconds)
    rows = [row("its beginning", "Fairframe", score(short, *by_boxes(short, masks), kind="face"), True)]
    installed, lines = peers.available(bench)
    for peer in installed:
        bench.tell(f"tracks: {peer.label}")
        try:
            made, _ = peer.redact(bench, short.video, black=True)
        except processes.Failed as why:
            lines = [*lines, f"{peer.label}: {why}"]
            continue
        found = score(short, *painted.by_pixels(painted.black_boxes(short.video, made)), kind="face")
        rows.append(row("its beginning", peer.label, found, True))
        section.figures.append(
            Figure(f"{peer.peer.name}: face tracks with a leaked frame", found.leak_rate())
        )
    section.lines += [*lines, ""] if lines else []
    return rows


def row(video: str, tool: str, found: Score, complete: bool) -> str:
    """Return one row of the table."""
    area = f"{found.masked / found.true:.2f}" if complete and found.true else "–"
    return (
        f"| {video} | {tool} | {len(found.covered)} | {len(found.leaking())} | {found.boxes} | "
        f"{found.frame_recall() or 0:.3f} | {found.frame_recall(0.5) or 0:.3f} | {area} | "
        f"{100 * found.masked / max(1, found.pixels):.1f} % |"
    )
