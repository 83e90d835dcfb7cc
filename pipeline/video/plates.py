"""The shape of number plates, and what a search for letters leaves out of them."""

from __future__ import annotations

from dataclasses import replace

from pipeline.video.boxes import Box

LEAST_HEIGHT = 5.0  # px: nobody reads smaller ones
SHAPE = (1.0, 8.0)  # width ÷ height of a plate, motorcycles' square ones included
LARGEST = 0.45  # of the picture's width
# Of long plates (European: 4.7 : 1) the search for letters leaves out both ends, the blue strip on the left more. Width
# ÷ height from and to which a line is made up, heights to add at most, share of the left; and heights to add above and
# below.
LONG, LONGEST, MISSING, LEFT, RIM = 2.4, 4.7, 0.7, 0.6, 0.04


def whole_plate(letters: Box) -> Box:
    """Add the ends of a long plate to the box of its letters."""
    box = letters
    if box.w > LONG * box.h:
        missing = min(MISSING, max(0.0, LONGEST - box.w / box.h)) * box.h
        rim = RIM * box.h
        box = replace(box, x=box.x - LEFT * missing, y=box.y - rim, w=box.w + missing, h=box.h + 2 * rim)
    return box


def plausible(box: Box, width: float) -> bool:
    """Say whether a box can be a plate in a picture of this width."""
    shape = box.w / box.h if box.h > 0 else 0.0
    return box.h >= LEAST_HEIGHT and SHAPE[0] <= shape <= SHAPE[1] and box.w <= LARGEST * width
