"""Labelled video made from labelled stills by a moving camera; the labels are exact in every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import camera, media
from benchmarks.bench import Bench
from benchmarks.labels import Still, stills
from benchmarks.truth import LEAST, Mark, Truth

FPS = 25


@dataclass(frozen=True, slots=True)
class Film:
    """What is filmed: so many stills of collections, size of the picture; `complete`: all of the kind is labelled."""

    name: str
    kind: str
    groups: tuple[str, ...]
    size: tuple[int, int]
    complete: bool = False
    of: str = ""  # said of its tracks where there is another film of the same kind
    shots: int = 36


FILMS = (
    Film("faces", "face", ("wider", "dlib"), (960, 540), complete=True),
    Film("plates", "plate", ("rl",), (1280, 720)),
    Film("close plates", "plate", ("oi", "oalpr"), (1280, 720), of="close cars", shots=150),
)


def make(bench: Bench, what: Film, *, shots: int, frames: int) -> tuple[Truth, dict[str, Still]]:
    """Film `shots` stills spread over the collections, `frames` frames each, into one video with hard cuts.

    Returns the truth, and the still that every shot shows: track names start with the name of the shot.
    """
    found = [
        still for still in stills(bench.media, kinds=frozenset({what.kind})) if still.group in what.groups
    ]
    target = bench.folder("film") / f"{what.name.replace(' ', '-')}.mp4"
    truth = Truth(target, what.size, 0, complete=what.complete)
    return film(truth, found, what.kind, shots=shots, frames=frames)


def film(
    truth: Truth, found: Sequence[Still], kind: str, *, shots: int, frames: int
) -> tuple[Truth, dict[str, Still]]:
    """Film stills that show this kind, as `make` does, into an empty truth's video."""
    fitting = [
        still
        for still in found
        if any(one.kind == kind and one.counts and one.height >= LEAST[kind] for one in still.labels)
    ]
    chosen = fitting[:: max(1, len(fitting) // shots)][:shots]
    size = truth.size
    shown: dict[str, Still] = {}

    def roll() -> Iterator[NDArray[np.uint8]]:
        for number, still in enumerate(chosen):
            picture = cv2.imread(str(still.path))
            scale = (picture.shape[1] / still.size[0], picture.shape[0] / still.size[1])
            assert scale == (1, 1), f"{still.path.name} has not the size of its labels"
            shown[still.path.stem] = still
            views = camera.path(still.size, size, frames, seed=number)
            for view, frame in zip(views, camera.film(picture, views, size, seed=number), strict=True):
                for index, label, box, counts, cut in camera.labels_of(view, still.labels, size):
                    if label.kind in LEAST:
                        mark = Mark(f"{still.path.stem}#{index}", label.kind, box, counts, cut)
                        truth.marks[truth.frames].append(mark)
                truth.frames += 1
                yield frame

    media.encode(roll(), truth.video, fps=FPS)
    return truth, shown


def shot_of(track: str) -> str:
    """Return the name of the shot that a track belongs to."""
    return track.rsplit("#", 1)[0]


def first_frames(truth: Truth, target: Path, seconds: float) -> Truth:
    """Return the beginning of a labelled video, for tools that are too slow for all of it."""
    media.cut(truth.video, target, seconds=seconds)
    frames = round(seconds * FPS)
    kept = Truth(target, truth.size, frames, truth.complete)
    kept.marks.update({frame: marks for frame, marks in truth.marks.items() if frame < frames})
    return kept
