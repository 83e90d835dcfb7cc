"""How much around a detection is covered, so that nothing of it shows at the rim."""

from __future__ import annotations

from dataclasses import replace

from pipeline.video.boxes import Box

# Shares of the box's own size added on either side, above and below. A face box of the detectors ends at brow and
# chin, more often too low than too high: hairline and ears stay recognisable without it. A plate box cuts its rim
# obliquely on slanted plates. pipeline.md: masked area at most 2 × the true area.
SHARE: dict[str, tuple[float, float, float]] = {
    "face": (0.13, 0.17, 0.09),
    "plate": (0.08, 0.14, 0.14),
    "jersey": (0.06, 0.06, 0.06),
    "screen": (0.02, 0.02, 0.02),
    "manual": (0.0, 0.0, 0.0),
}
OTHERS = (0.1, 0.1, 0.1)
# Never less than this many pixels: compression and chroma subsampling smear the rim by about a pixel.
MIN_PIXELS = 2.0


def region(box: Box) -> Box:
    """Return the padded box that redaction fills for this detection."""
    least = 0.0 if box.kind == "manual" else MIN_PIXELS
    beside, above, below = SHARE.get(box.kind, OTHERS)
    dx, up, down = max(least, beside * box.w), max(least, above * box.h), max(least, below * box.h)
    return replace(box, x=box.x - dx, y=box.y - up, w=box.w + 2 * dx, h=box.h + up + down)
