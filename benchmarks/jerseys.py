"""Jersey numbers: recall on the few real ones of the collection and on many drawn onto real athletes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks import engine, moving, tracks
from benchmarks.bench import Bench
from benchmarks.labels import Box, Still, label_rows, size_class, size_classes
from benchmarks.recall import Tally, sum_of
from benchmarks.registry import Figure, Section
from benchmarks.scoring import coverage, wilson
from benchmarks.truth import LEAST, Truth, by_boxes, score

MADE = Path(__file__).resolve().parent / "made" / "jerseys.json"
# The pictures of athletes are small: enlarged like this, a person is as tall as in footage of 720 lines.
ENLARGE = 3
# Shares of the torso that a number takes: from below the shoulders to above the hips.
ACROSS, DOWN = (0.24, 0.76), (0.22, 0.68)
LEAST_SIDE, LEAST_HEIGHT = 28, LEAST["jersey"]
FILM = (960, 540)  # px
JOINTS = ("l_shoulder", "r_shoulder", "r_hip", "l_hip")


def measure(bench: Bench) -> Section:
    """Run `detect` over both; `--quick` takes every third athlete."""
    section = Section(
        title="Jersey numbers on stills",
        about="The collection labels no numbers. Real: all that can be seen on its athletes, drawn around by eye "
        f"(made/jerseys.json). Drawn: upright athletes of LSPET, enlarged {ENLARGE} ×, a number of one or two digits "
        "laid over the torso by its joints; the torso's own shading shows through. Filmed: the drawn ones by a camera "
        "that pans, zooms and shakes, 40 frames each.",
    )
    options = engine.sports_stills(bench)
    if options is None:
        section.lines.append("`detect` has no option for sports footage, so it looks for no numbers.")
    real = [
        Still(bench.media / row["image"], (row["width"], row["height"]), label_rows(row["boxes"]))
        for row in json.loads(MADE.read_text())["images"]
    ]
    drawn = draw_all(bench, step=3 if bench.quick else 1)
    rows = ["| numbers | height px | labels | ≥ 50 % | ≥ 90 % |", "|---|---|---|---|---|"]
    for what, stills in (("real", real), ("drawn", drawn)):
        bench.tell(f"jerseys: {len(stills)} pictures, {what}")
        found, _ = engine.detect(bench, [still.path for still in stills], *(options or ()))
        sizes: dict[str, Tally] = {name: Tally() for name in size_classes()}
        kept = Tally()
        for still in stills:
            masks: list[Box] = [tuple(box["box"]) for box in found.get(str(still.path), [])]
            for label in still.labels:
                share = coverage(label.box, masks)
                sizes[size_class(label.height)].add(share)
                if still.held_out and label.height >= LEAST_HEIGHT:
                    kept.add(share)
        rows += [
            f"| {what} | {name} | {one.labels} | {one.half} | {one.most} |"
            for name, one in sizes.items()
            if one.labels
        ]
        large = sum_of(one for name, one in sizes.items() if name != size_class(0))
        low, high = wilson(large.most, large.labels)
        section.figures += [
            Figure(
                f"recall of {what} jersey numbers ≥ {LEAST_HEIGHT} px high at ≥ 90 % coverage, all",
                large.most / large.labels if large.labels else None,
                note=f"{large.most} of {large.labels}; 95 % interval {low:.3f}–{high:.3f}",
            ),
            Figure(
                f"recall of {what} jersey numbers ≥ {LEAST_HEIGHT} px high at ≥ 90 % coverage, held out",
                kept.most / kept.labels if kept.labels else None,
                note=f"{kept.most} of {kept.labels}",
            ),
        ]  # fmt: skip
    section.lines += ["", *rows] if section.lines else rows
    _filmed(bench, drawn, section)
    return section


def _filmed(bench: Bench, drawn: Sequence[Still], section: Section) -> None:
    """Film the drawn ones with a moving camera, as the tracks' section does with faces, and look for leaks."""
    shots, frames = (10, 25) if bench.quick else (len(drawn), 40)
    bench.tell(f"jerseys: filming {shots} athletes")
    truth = Truth(bench.folder("film") / "jerseys.mp4", FILM, 0, complete=False)
    truth, shown = moving.film(truth, drawn, "jersey", shots=shots, frames=frames)
    bench.tell(f"jerseys: redacting {truth.frames} frames")
    done = engine.process(bench, truth.video, vertical="sports")
    masks = by_boxes(truth, done.masks())
    whole = score(truth, *masks, kind="jersey")
    part = score(truth, *masks, kind="jersey", take=tracks.Held(shown))
    section.figures += tracks.figures("jersey", whole, "all") + tracks.figures("jersey", part, "held out")
    section.figures.append(
        Figure("share of pixels masked, filmed athletes", done.report["certificate"]["masked_share"])
    )
    section.lines += ["", f"Leaking jersey tracks: {', '.join(whole.leaking()) or 'none'}."]


def draw_all(bench: Bench, *, step: int) -> list[Still]:
    """Write the athletes whose torso is large and seen from front or back, with numbers; return them labelled."""
    folder = bench.folder("jerseys")
    stills = []
    for path in sorted((bench.media / "labels").glob("lspet_*.json"))[::step]:
        read = json.loads(path.read_text())
        corners = torso(read["keypoint_names"], read["persons"][0]["keypoints"])
        if corners is None:
            continue
        picture = cv2.imread(str(bench.media / read["image"]))
        picture = cv2.resize(picture, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_CUBIC)
        random = np.random.default_rng(int.from_bytes(path.stem.encode()[-6:], "big"))
        box = draw(np.asarray(picture, np.uint8), corners * ENLARGE, str(random.integers(1, 100)))
        target = folder / Path(read["image"]).name  # the name decides whether it is held out
        cv2.imwrite(str(target), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
        row = {"frame": 0, "kind": "jersey", "box": box}
        stills.append(Still(target, (picture.shape[1], picture.shape[0]), label_rows([row])))
    return stills


def torso(names: Sequence[str], points: Sequence[Sequence[float]]) -> NDArray[np.float32] | None:
    """Return shoulders and hips as 4 × 2 pixels from the upper left on; none where hidden, edge-on or head down."""
    known = dict(zip(names, points, strict=True))
    if not all(known[name][2] > 0 for name in JOINTS):
        return None
    corners = np.array([known[name][:2] for name in JOINTS], np.float32)
    area = float(cv2.contourArea(corners, oriented=True))
    if area < 0:  # seen from behind: left and right change places
        corners = corners[[1, 0, 3, 2]]
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    down = corners[2:].mean(axis=0) - corners[:2].mean(axis=0)
    upright = down[1] >= 0.5 * float(np.linalg.norm(down))  # leaning by 60° at most
    flat = bool(cv2.isContourConvex(corners.round().astype(np.int32)))
    return corners if upright and flat and sides.min() * ENLARGE >= LEAST_SIDE else None


def draw(picture: NDArray[np.uint8], corners: NDArray[np.float32], number: str) -> Box:
    """Lay a number over a torso, in place, and return the box around its digits."""
    size = (120, 120)
    image = Image.new("L", size, 0)
    font = ImageFont.load_default(size=110 if len(number) == 1 else 92)
    ImageDraw.Draw(image).text((60, 60), number, fill=255, font=font, anchor="mm", stroke_width=4)
    digits = np.asarray(image, np.uint8)
    (left, right), (top, bottom) = ACROSS, DOWN
    places = ((left, top), (right, top), (right, bottom), (left, bottom))
    goal = np.array([_at(corners, x, y) for x, y in places], np.float32)
    frame = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(frame, goal)
    alpha = cv2.warpPerspective(digits, matrix, picture.shape[1::-1], flags=cv2.INTER_AREA) / 255.0
    under = alpha > 0.5
    light = picture[under].mean() < 110
    ink = np.array([235, 235, 235] if light else [30, 25, 25], np.float64)
    shade = cv2.GaussianBlur(picture.mean(axis=2), (0, 0), 3)
    shade = np.clip(shade / max(1.0, float(shade[under].mean())), 0.75, 1.25)[..., None]
    mixed = picture * (1 - alpha[..., None]) + np.clip(ink * shade, 0, 255) * alpha[..., None]
    picture[:] = np.clip(mixed, 0, 255).astype(np.uint8)
    ys, xs = np.nonzero(under)
    return float(xs.min()), float(ys.min()), float(xs.max() + 1 - xs.min()), float(ys.max() + 1 - ys.min())


def _at(corners: NDArray[np.float32], across: float, down: float) -> NDArray[np.float32]:
    upper = corners[0] * (1 - across) + corners[1] * across
    lower = corners[3] * (1 - across) + corners[2] * across
    point: NDArray[np.float32] = upper * (1 - down) + lower * down
    return point
