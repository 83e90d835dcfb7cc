"""A perceptual fingerprint of a video: a difference hash of 64 bits a half second, of redacted pictures only.

Method: the dHash of N. Krawetz (neighbours in a 9 × 8 grey picture compared), here of block means, of the picture, of
its mirror image, and of its middle, which is what a copy shows whose edges were cut. It survives re-encoding, scaling,
trimming, small overlays and crops of up to 14 % around the middle; not one towards a corner. Pictures that look like
the one before add nothing: a camera that stands still would else be taken for every other recording of the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

EVERY_S = 0.5
CONTRAST = 12.0  # grey levels of spread; a flatter picture could be anything
RISE = 1.5  # grey levels between neighbours, so that noise in an even sky decides nothing
NEW_BITS = 4  # bits that differ from the picture kept before
SIDE = 8
BLOCK = 16  # pixels of a cell
MIDDLE = 0.9  # of width and height


class Print(NamedTuple):
    """One picture's hash, and the hashes of its mirror image and of its middle, as signed 64-bit numbers."""

    bits: int
    mirrored: int
    middle: int


def of_video(path: Path) -> list[Print]:
    """Return the fingerprints of our own redacted file in order; maybe none."""
    kept: list[Print] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONREF"  # pictures that no other needs: half the work, none missed
        due = 0.0
        for frame in container.decode(stream):
            if frame.time is None or frame.time + 1e-6 < due:
                continue
            due += EVERY_S
            width, height = BLOCK * (SIDE + 1), BLOCK * SIDE
            grey = frame.reformat(width=width, height=height, format="gray").to_ndarray()
            made = of_picture(grey[:, :width])
            if made is not None and (not kept or distance(made.bits, kept[-1].bits) >= NEW_BITS):
                kept.append(made)
    return kept


def of_picture(grey: NDArray[np.uint8]) -> Print | None:
    """Return the fingerprint of a 128 × 144 grey picture; None for one without contrast."""
    small = grey.reshape(SIDE, BLOCK, SIDE + 1, BLOCK).mean(axis=(1, 3))
    if float(small.std()) < CONTRAST:
        return None
    height, width = grey.shape
    top, left = round(height * (1 - MIDDLE) / 2), round(width * (1 - MIDDLE) / 2)
    inside = grey[top : height - top, left : width - left].astype(np.float32)
    middle = cv2.resize(inside, (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA)
    return Print(_hash(small), _hash(small[:, ::-1]), _hash(middle))


def _hash(small: NDArray[Any]) -> int:
    # Column by column: a quarter of the bits is then a strip from sky to road, and no strip is the same in all rides.
    rising = (small[:, 1:] > small[:, :-1] + RISE).T.flatten()
    return int.from_bytes(np.packbits(rising).tobytes(), "big", signed=True)


def distance(a: int, b: int) -> int:
    """Return how many bits differ."""
    return ((a ^ b) & 0xFFFFFFFFFFFFFFFF).bit_count()


def distances(mine: Sequence[int], theirs: Sequence[int]) -> NDArray[np.int64]:
    """Return how many bits differ, len(mine) × len(theirs)."""
    a, b = (np.array(bits, np.int64).view(np.uint8).reshape(-1, 8) for bits in (mine, theirs))
    return np.unpackbits(a[:, None] ^ b[None], axis=2).sum(axis=2, dtype=np.int64)
