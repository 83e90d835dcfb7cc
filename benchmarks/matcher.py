"""The matcher attack on plates that we draw and on labelled faces."""

from __future__ import annotations

import string

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.attack import FRAMES, METHODS, Outcome, Picture, attack, scene
from benchmarks.bench import Bench
from benchmarks.labels import stills
from benchmarks.registry import Figure, Section

CANDIDATES = 1000
ABOVE_CHANCE = 0.01
OURS = ("flat", "quantised")
# Drawn size of a plate, size in the footage, canvas around it; the same of a face.
DRAWN, PLATE, AROUND_PLATE = (288, 72), (72, 18), (104, 40)
FACE, AROUND_FACE = (32, 40), (64, 72)


def measure(bench: Bench) -> Section:
    """Attack every method; `--quick` leaves the contrast methods out."""
    section = Section(
        title="Matcher attack",
        about=f"Which of the candidates is behind the redaction, {FRAMES} frames, an attacker that knows font, "
        "geometry, light and method and redacts its own templates (benchmarks/attack.py)? `flat` and `quantised` are "
        "the engine's own code; the others are drawn here for contrast. Plates are 72 × 18 px, faces are labelled "
        "ones at 32 × 40 px. Equally near candidates share the point; chance is one by the number of candidates.",
    )
    rows = ["| what | method | candidates | found | chance | 95 % interval |", "|---|---|---|---|---|---|"]
    for where, things in (
        (scene("plate", AROUND_PLATE, PLATE, seed=5), plates(CANDIDATES, seed=11)),
        (scene("face", AROUND_FACE, FACE, seed=6), faces(bench, CANDIDATES)),
    ):
        kind, film = where.kind, where.film(things)
        for method in OURS if bench.quick else METHODS:
            bench.tell(f"matcher: {kind}s, {method}")
            found = attack(where, film, METHODS[method], seed=7)
            rows.append(_row(kind, method, found))
            most = found.chance + ABOVE_CHANCE if method in OURS else None
            section.figures.append(
                Figure(
                    f"matcher attack on {kind}s, {method}", found.rate, at_most=most,
                    note=f"chance {found.chance:.4f}, {found.candidates} candidates",
                )
            )  # fmt: skip
    section.lines += rows
    return section


def plates(count: int, *, seed: int) -> list[Picture]:
    """Draw different plates in one font, two letters, two digits, three letters."""
    random = np.random.default_rng(seed)
    font = ImageFont.load_default(size=60)
    letters, digits = list(string.ascii_uppercase), list(string.digits)
    texts: dict[str, None] = {}
    while len(texts) < count:
        start, number, end = random.choice(letters, 2), random.choice(digits, 2), random.choice(letters, 3)
        texts["".join([*start, *number, " ", *end])] = None
    made = []
    for text in texts:
        image = Image.new("RGB", DRAWN, (235, 235, 228))
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, DRAWN[0] - 1, DRAWN[1] - 1), outline=(20, 20, 20), width=4)
        draw.text((DRAWN[0] / 2, DRAWN[1] / 2), text, fill=(15, 15, 20), font=font, anchor="mm")
        made.append(np.asarray(image, np.uint8)[:, :, ::-1].copy())
    return made


def faces(bench: Bench, most: int) -> list[Picture]:
    """Return the labelled faces that are large enough, at one size, the largest first."""
    found: list[tuple[float, Picture]] = []
    for still in stills(bench.media, kinds=frozenset({"face"})):
        picture = None
        for label in still.labels:
            if label.kind != "face" or not label.counts or label.height < FACE[1] / 2:
                continue
            picture = cv2.imread(str(still.path)) if picture is None else picture
            x, y, w, h = (round(value) for value in label.box)
            part = picture[max(0, y) : y + h, max(0, x) : x + w]
            if part.size:
                drawn = (4 * FACE[0], 4 * FACE[1])
                found.append((label.height, np.asarray(cv2.resize(part, drawn), np.uint8)))
    return [face for _, face in sorted(found, key=lambda pair: -pair[0])[:most]]


def _row(kind: str, method: str, found: Outcome) -> str:
    low, high = found.interval
    return (
        f"| {kind} | {method} | {found.candidates} | {found.rate:.4f} | {found.chance:.4f} | "
        f"{low:.4f}–{high:.4f} |"
    )
