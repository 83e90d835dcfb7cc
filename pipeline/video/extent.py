"""How large a thing is: a detector cuts an end off in one look and not in the next, and so does the picture's edge
while the thing comes in."""

from __future__ import annotations

from dataclasses import replace

from pipeline.video.boxes import Box, envelope, iou

# How far an end goes to where it is seen now: half of the way out, slowly back in. All the way out: a tenth more area.
OUT, IN = 0.5, 0.2
# Two looks whose envelope is larger than this many times the larger of both did not see the same thing.
MOST = 1.6
# A box this near the left or right edge, in shares of the picture's width, is cut off by it.
AT_EDGE = 0.006
# Nearer than this to any edge, in shares of the picture's sides, it may be on its way over it.
NEAR_EDGE = 0.03
# Width ÷ height up to which what comes in over the edge may go on: those of the longest plates and of broad faces. (Of
# 119 filmed faces 2 leak instead of 3 for it. The same for faces at the upper and lower edge is a hundredth more mask.)
LONGEST = {"plate": 4.8, "face": 0.8}
# A side of a face goes inward by this share of its size at most from one look to the next: of 170 filmed faces 6
# leaked in some frame instead of 15.
STEP = 0.08
# What overlaps less than this with where a face was expected is another one, that stands beside it or half behind: of
# 119 faces filmed by a moving camera 3 leaked instead of 4 since tracks say so, of their boxes 0.994 were covered
# instead of 0.990. Letters beside a plate are no plate: of 89 filmed plates of close cars 13 leaked instead of 14.
ANOTHER = {"face": 0.3, "plate": 0.1}


def whole(known: Box, seen: Box) -> Box:
    """Return all of a thing: where it is `seen`, its ends between that and where what was known of it lies now."""
    if envelope(seen, known).area > MOST * max(known.area, seen.area):
        return seen
    x, y = _end(known.x, seen.x, -1), _end(known.y, seen.y, -1)
    x2, y2 = _end(known.x2, seen.x2, 1), _end(known.y2, seen.y2, 1)
    return replace(seen, x=x, y=y, w=x2 - x, h=y2 - y)


def _end(known: float, seen: float, outward: int) -> float:
    return known + (seen - known) * (OUT if (seen - known) * outward > 0 else IN)


def steadied(expected: Box, seen: Box) -> Box:
    """Return a face where it is `seen`: outward at once from where it was expected, inward by small steps."""
    if iou(expected, seen) < ANOTHER["face"]:
        return seen
    dx, dy = STEP * expected.w, STEP * expected.h
    x, y = min(seen.x, expected.x + dx), min(seen.y, expected.y + dy)
    x2, y2 = max(seen.x2, expected.x2 - dx), max(seen.y2, expected.y2 - dy)
    return replace(seen, x=x, y=y, w=x2 - x, h=y2 - y)


def grown(box: Box, before: Box, after: Box) -> Box:
    """Return a box grown on each side by as much as `after` reaches over `before`, in shares of their sizes."""
    left, top = max(0.0, before.x - after.x) / before.w, max(0.0, before.y - after.y) / before.h
    right, below = max(0.0, after.x2 - before.x2) / before.w, max(0.0, after.y2 - before.y2) / before.h
    return replace(
        box,
        x=box.x - left * box.w,
        y=box.y - top * box.h,
        w=box.w * (1 + left + right),
        h=box.h * (1 + top + below),
    )


def coming_in(before: Box, now: Box, width: float) -> Box:
    """Return a box that goes on to the edge of the picture which cut it off in the frame before."""
    edge, longest = AT_EDGE * width, LONGEST.get(now.kind, 0.0) * now.h
    x, x2 = now.x, now.x2
    if before.x2 >= width - edge and x2 < width:
        x2 = max(x2, min(width, x + longest))
    if before.x <= edge and x > 0:
        x = min(x, max(0.0, x2 - longest))
    return replace(now, x=x, w=x2 - x)


def near_edge(box: Box, width: float, height: float) -> bool:
    """Return whether a box is so near an edge of the picture that less than all of a thing may show."""
    return (
        box.x < NEAR_EDGE * width or box.y < NEAR_EDGE * height
        or box.x2 > (1 - NEAR_EDGE) * width or box.y2 > (1 - NEAR_EDGE) * height
    )  # fmt: skip
