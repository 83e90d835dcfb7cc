"""Recall in bad light: labelled stills darkened, hazed and tinted, through `detect` and the peers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import engine, painted, peers, processes
from benchmarks.bench import Bench
from benchmarks.labels import Still, stills
from benchmarks.recall import TARGETS, Tally
from benchmarks.registry import Figure, Section
from benchmarks.scoring import coverage

Pixels = NDArray[np.float32]
EVERY = {"face": 8, "plate": 24}  # stills of which one is taken
NOISE = 2.0  # levels of a sensor's noise, by deviation
LAMPS, LAMP_PX = 14, (8, 28)  # street lamps in the upper third, radius in pixels of a picture of 720 lines
# What is left of blue, green and red.
WINDSCREEN, BLUE_GLASS = (0.55, 1.0, 0.6), (1.0, 0.7, 0.45)


def measure(bench: Bench) -> Section:
    """Spoil the light of some stills in each way and compare; `--quick` takes every fourth of them."""
    chosen = {
        kind: list(stills(bench.media, kinds=frozenset({kind})))[:: every * (4 if bench.quick else 1)]
        for kind, every in EVERY.items()
    }
    installed, missing = peers.available(bench)
    section = Section(
        title="Recall in bad light",
        about=f"Every {EVERY['face']}th still with faces and every {EVERY['plate']}th with plates, as it is and with "
        "its light spoilt, each with a sensor's noise: whoever brightens a recording sees what was not found. Covered "
        "to nine tenths: all, and of those the held-out ones. The peers see the faces.",
        lines=[
            f"| light | faces | held out | plates | held out | {' | '.join(f'faces, {p.label}' for p in installed)} |",
            f"|---|---|---|---|---|{'---|' * len(installed)}",
        ],
    )
    for name, spoil in LIGHTS.items():
        bench.tell(f"light: {name}")
        cells: list[str] = []
        for kind, pictures in chosen.items():
            spoilt = _spoilt(bench.folder(f"light-{kind}"), pictures, spoil)
            found, _ = engine.detect(bench, spoilt)
            masks = [[tuple(box["box"]) for box in found.get(str(path), [])] for path in spoilt]
            both, held = Tally(), Tally()
            for still, mask in zip(pictures, masks, strict=True):
                for box in _wanted(still, kind):
                    share = coverage(box, mask)
                    both.add(share)
                    if still.held_out:
                        held.add(share)
            cells += [_of(both), _of(held)]
            section.figures.append(
                Figure(
                    f"recall of {kind}s ≥ {TARGETS[kind][0]} px high at ≥ 90 % coverage, {name}",
                    both.most / both.labels if both.labels else None,
                    note=f"{both.most} of {both.labels}, held out {held.most} of {held.labels}",
                )
            )
            if kind == "face":
                beside = [_peer(bench, peer, pictures, spoilt) for peer in installed]
        section.lines.append(f"| {name} | {' | '.join([*cells, *beside])} |")
    section.lines += ["", *missing] if missing else []
    return section


def _peer(bench: Bench, peer: peers.Installed, pictures: Sequence[Still], spoilt: Sequence[Path]) -> str:
    try:
        made, _ = peer.redact_stills(bench, spoilt)
    except processes.Failed as why:
        return str(why)
    theirs = Tally()
    for still, before, after in zip(pictures, spoilt, made, strict=True):
        shared, _ = painted.by_pixels([_paint(before, after)] if after else [])
        for box in _wanted(still, "face"):
            theirs.add(shared(0, box))
    return _of(theirs)


def _paint(before: Path, after: Path) -> NDArray[np.bool_]:
    was, now = (np.asarray(cv2.imread(str(path)), np.uint8) for path in (before, after))
    return painted.painted_exactly(was, now)


def _wanted(still: Still, kind: str) -> list[tuple[float, float, float, float]]:
    least, _ = TARGETS[kind]
    return [one.box for one in still.labels if one.kind == kind and one.counts and one.height >= least]


def _of(one: Tally) -> str:
    return f"{one.most} of {one.labels}"


def _spoilt(folder: Path, pictures: Sequence[Still], spoil: Callable[[Pixels], Pixels]) -> list[Path]:
    """Write the pictures with their light spoilt; return where they are."""
    paths = []
    for still in pictures:
        picture = np.asarray(cv2.imread(str(still.path)), np.float32)
        noise = np.random.default_rng(int(picture.sum()) % 2**32).normal(0, NOISE, picture.shape)
        paths.append(folder / f"{still.path.stem}.png")
        cv2.imwrite(str(paths[-1]), np.clip(spoil(picture) + noise, 0, 255).astype(np.uint8))
    return paths


def under_lamps(picture: Pixels, share: float) -> Pixels:
    """Return the picture with this share of its light, and street lamps in it."""
    height, width = picture.shape[:2]
    lit = np.ascontiguousarray(picture * share)
    random = np.random.default_rng(height * width)
    for _ in range(LAMPS):
        x, y = int(random.integers(width)), int(random.integers(height // 3))
        cv2.circle(lit, (x, y), max(1, int(random.integers(*LAMP_PX) * height / 720)), (255, 255, 255), -1)
    return np.asarray(lit, np.float32)


def half_in_shade(picture: Pixels, share: float) -> Pixels:
    """Return the picture with this share of the light in its right half, as under a bridge."""
    across = np.linspace(-10, 10, picture.shape[1], dtype=np.float32)
    left = 1 - (1 - share) / (1 + np.exp(-across))
    return np.asarray(picture * left[None, :, None], np.float32)


LIGHTS: dict[str, Callable[[Pixels], Pixels]] = {
    "as they are": lambda picture: picture,
    "a tenth of the light": lambda picture: picture * 0.1,
    "a tenth, with street lamps": lambda picture: under_lamps(picture, 0.1),
    "a twentieth, with street lamps": lambda picture: under_lamps(picture, 0.05),
    "half in the shade": lambda picture: half_in_shade(picture, 0.1),
    "fog": lambda picture: 110 + 0.25 * picture,
    "a green windscreen": lambda picture: picture * np.array(WINDSCREEN, np.float32),
    "blue glass": lambda picture: picture * np.array(BLUE_GLASS, np.float32),
}
