"""How much around a detection is covered, so that nothing of it shows at the rim."""

from __future__ import annotations

from pipeline.video.boxes import Box, pad

# Share of the box's own size added on each side. A face box of the detectors ends at brow and chin: hairline and
# ears stay recognisable without it. A plate box cuts its rim obliquely on slanted plates. pipeline.md: masked
# area at most 2 × the true area, so 1 + 2 × share stays under √2 on both axes.
SHARE: dict[str, tuple[float, float]] = {
    "face": (0.12, 0.12),
    "plate": (0.08, 0.14),
    "jersey": (0.06, 0.06),
    "screen": (0.02, 0.02),
    "manual": (0.0, 0.0),
}
# Never less than this many pixels: compression and chroma subsampling smear the rim by about a pixel.
MIN_PIXELS = 2.0


def region(box: Box) -> Box:
    """Return the padded box that redaction fills for this detection."""
    sx, sy = SHARE.get(box.kind, (0.1, 0.1))
    least = 0.0 if box.kind == "manual" else MIN_PIXELS
    return pad(box, max(least, sx * box.w), max(least, sy * box.h))
