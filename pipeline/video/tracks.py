"""Memory of redaction: detections joined over time, gaps bridged both ways, boxes held around every track."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median_high

import numpy as np
from numpy.typing import NDArray

from pipeline.video import extent
from pipeline.video.boxes import Box, clip_to, envelope, iou, pad
from pipeline.video.follow import Look
from pipeline.video.motion import Step, carried
from pipeline.video.track import Track

# pipeline.md: boxes are held at least 0.5 s before the first and after the last detection.
HOLD_S = 0.6
# A track that was certain and vanishes is still there more often than not (a plate in glare, a head that turns): it
# is followed by its motion for longer. Plates sit on rigid cars, so motion alone holds them well.
ESTABLISHED_HITS = 5
ESTABLISHED_HOLD_S = {"plate": 2.0, "jersey": 1.5, "face": 1.0}
# A lost box grows by this share of its size a second on each side: the person may turn, the flow may slip. Numbers on
# backs slip more; a face has its wider padding.
LOST_GROWTH_PER_S = {"face": 0.15}
OTHERS_GROWTH_PER_S = 0.2
# But not before the next look at it is due, and missed.
PATIENCE_S = 0.2
# A single weak detection is more often a lantern than a face: it is covered for this long on each side only, unless
# a second one confirms it (the ring knows what the next half second brings).
GLIMPSE_S = 0.25
SURE = 0.65
# People are followed to tell them apart, not covered: nobody needs their boxes between two looks.
PERSON = "person"
# Placed by their look where no detector sees them; they are held as long as an established track then.
BY_LOOK = frozenset({"plate", "jersey"})
# Rigid and of a known shape: what was seen of it once is covered wherever it goes.
RIGID = "plate"
# Detectors put the sides of one elsewhere in each look.
FACE = "face"
# Overlap from which two tracks follow the same face: a box that jumped begins a second one.
TWICE = 0.55
# How far (in box sizes) a detection may lie from where the motion put the track.
REACH = 0.9
# Fewer detections than this of something that was clear make a track doubtful.
FEW = 3
# What leaves the picture is followed until this share of its width or height is left in it: half a face is known, half
# of a plate read. What is taller than this share of the picture, half: it would cover much for long if it is none.
LEFT_IN, TALL = 0.2, 0.3
# Heights in pixels under which nobody reads a plate or knows a face (pipeline.md).
LEGIBLE = {"plate": 12.0, "face": 20.0}


class Tracker:
    """Tracks of all kinds; frames must be noted in order, detections given in the order of their frames."""

    def __init__(self, *, width: int, height: int, fps: float, scale: float) -> None:
        self.width, self.height, self.scale, self.fps = width, height, scale, fps
        self.hold = max(1, round(HOLD_S * fps))
        self.glimpse = max(1, round(GLIMPSE_S * fps))
        self.patience = max(1, round(PATIENCE_S * fps))
        self.active: list[Track] = []
        self.closed: list[Track] = []
        self._steps: dict[int, Step] = {}
        self._floor = 0
        self._seen = -1
        self._next = 1

    def note(self, frame: int, step: Step) -> None:
        """Remember the motion into this frame."""
        self._steps[frame] = step

    def forget(self, frame: int) -> None:
        """Say that this frame has left: no box of it can change any more, no motion into it is needed."""
        self._floor = frame + 1
        self._steps.pop(frame, None)

    def update(self, frame: int, detections: Iterable[Box], luma: NDArray[np.uint8] | None = None) -> None:
        """Join the detections of one key frame to tracks.

        With the frame's luma plane, letters that no detector saw are placed by their look: they change little, and
        detectors see them in every second frame.
        """
        if any(self._steps[f].cut for f in range(max(self._seen + 1, 1), frame + 1) if f in self._steps):
            self._cut(frame)
        for track in self.active:
            self._forward(track, frame)
        pairs, fresh = self._match(frame, list(detections))
        for track, box in pairs:
            if luma is not None and track.kind == RIGID:
                box = self._whole(track, frame, box, luma)
            if track.kind == FACE and (expected := track.at(frame)) is not None:
                box = extent.steadied(expected, box)
            self._bridge(track, frame, box)
            track.hits.append(frame)
            track.scores.append(box.score)
        for box in fresh:
            self._begin(frame, box, self._beside(frame, box))
        if luma is not None:
            for track in self.active:
                if track.kind in BY_LOOK:
                    self._by_look(track, frame, luma)
        self._end_twins(frame)
        self._close(frame)
        self._seen = frame

    def motion(self, after: int, frame: int) -> list[Step]:
        """Return the motion into each frame after one until another, of frames that have not left."""
        return [self._steps[f] for f in range(after + 1, frame + 1)]

    def expected(
        self, frame: int, kind: str, *, seen_s: float = math.inf, unseen_s: float = -math.inf
    ) -> list[Box]:
        """Return where the motion puts the active tracks of a kind in a frame that is noted already.

        Only those detected in the last `seen_s` seconds and not in the last `unseen_s`; with the track's median score.
        """
        found = []
        for track in self.active:
            wanted = track.kind == kind and unseen_s * self.fps < frame - track.last_hit <= seen_s * self.fps
            at = track.at(track.end - 1) if wanted else None
            for f in range(track.end, frame + 1) if at else ():
                step = self._steps.get(f)
                if step is None or step.cut:
                    at = None
                    break
                at = carried(at, step, self.scale) if at else None
            if at is not None and not self._outside(at):
                found.append(replace(at, score=median_high(track.scores)))
        return found

    def finish(self, last: int) -> None:
        """Hold what is still active to the last frame and close everything."""
        for track in self.active:
            self._forward(track, last)
            self._judge(track, cut=last - track.last_hit <= self.patience)  # it was there to the end
        self.closed += self.active
        self.active = []

    def covering(self, frame: int, kinds: frozenset[str]) -> list[tuple[Track, Box]]:
        """Return the boxes of these kinds in a frame; call before forget()."""
        found = []
        for track in (*self.active, *self.closed):
            if track.kind in kinds and (box := track.at(frame)) is not None and self._believed(track, frame):
                found.append((track, box))
        return found

    def _by_look(self, track: Track, frame: int, luma: NDArray[np.uint8]) -> None:
        """Remember the look of what was detected in this frame; place what was not where it looks alike."""
        expected = track.at(frame)
        if expected is None:
            return
        if track.last_hit == frame:
            track.look = Look.of(luma, expected)
        elif track.look is not None and (found := track.look.find(luma, expected)) is not None:
            self._bridge(track, frame, found)

    def _whole(self, track: Track, frame: int, seen: Box, luma: NDArray[np.uint8]) -> Box:
        """Return all of a rigid thing that is seen again, and cover in the frames before what shows only now."""
        expected = track.at(frame)
        if expected is None:
            return seen
        known = track.look.find(luma, expected) if track.look else None
        if known is None:
            # The edge of the picture cuts off looks and plates: there what the motion says is as good.
            cut = extent.near_edge(expected, self.width, self.height)
            return extent.whole(expected, seen) if cut else seen
        box = extent.whole(known, seen)
        if box is seen:  # not the same thing, or not all of it
            return seen
        for f in range(max(track.first, self._floor), frame + 1):
            if (before := track.at(f)) is not None:
                track.put(f, extent.grown(before, known, box))
        return box

    def _hold_of(self, track: Track) -> int:
        if track.doubted > track.last_hit:
            # The other may have been this one: until the next look at it is due.
            return min(self.hold, track.doubted - track.last_hit + self.patience)
        established = len(track.hits) >= ESTABLISHED_HITS and max(track.scores) >= SURE
        found_again = track.placed > track.last_hit and (track.kind != RIGID or not self._weak(track))
        if established or found_again:
            return max(self.hold, round(ESTABLISHED_HOLD_S.get(track.kind, HOLD_S) * self.fps))
        return self.hold

    def _growth_of(self, track: Track) -> float:
        """Return by which share of its size a lost box grows a frame, on each side."""
        return LOST_GROWTH_PER_S.get(track.kind, OTHERS_GROWTH_PER_S) / self.fps

    def _weak(self, track: Track) -> bool:
        """Say whether it was seen once only, and not for sure."""
        return len(track.hits) == 1 and track.scores[0] < SURE

    def _believed(self, track: Track, frame: int) -> bool:
        if not self._weak(track) or abs(frame - track.hits[0]) <= self.glimpse:
            return True
        # Nobody looked when it came, at the start of a scene or over the edge.
        if track.opens and frame <= track.hits[0]:
            return True
        return track.placed > track.hits[0]  # its look was found again: it is a thing, not a flicker

    def take_closed(self, before: int) -> list[Track]:
        """Return and drop the closed tracks that ended before this frame."""
        done = [track for track in self.closed if track.end <= before]
        self.closed = [track for track in self.closed if track.end > before]
        return done

    # One key frame -----------------------------------------------------------------------------------------

    def _match(self, frame: int, detections: list[Box]) -> tuple[list[tuple[Track, Box]], list[Box]]:
        options = []
        for t, track in enumerate(self.active):
            predicted = track.at(frame)
            if predicted is None:
                continue
            for d, box in enumerate(detections):
                if box.kind != track.kind or iou(predicted, box) < extent.ANOTHER.get(box.kind, 0.0):
                    continue
                if (score := _alike(predicted, box)) > 0:
                    options.append((score, t, d))
        pairs: list[tuple[Track, Box]] = []
        used_tracks: set[int] = set()
        used: set[int] = set()
        for _, t, d in sorted(options, reverse=True):
            if t not in used_tracks and d not in used:
                used_tracks.add(t)
                used.add(d)
                pairs.append((self.active[t], detections[d]))
        return pairs, [box for d, box in enumerate(detections) if d not in used]

    def _beside(self, frame: int, box: Box) -> list[Track]:
        """Return the tracks of faces that were not seen in this frame, beside which this one was."""
        missed = [track for track in self.active if track.kind == FACE == box.kind and track.last_hit < frame]
        return [track for track in missed if (at := track.at(frame)) is not None and _alike(at, box) > 0]

    def _begin(self, frame: int, box: Box, beside: Sequence[Track]) -> None:
        """Follow something new, also back to where it came from; what is `beside` it covers what was before."""
        track = Track(
            id=self._next, kind=box.kind, first=frame, hits=[frame], scores=[box.score], placed=frame
        )
        self._next += 1
        track.put(frame, box)
        for other in beside:
            other.doubted = frame
        back = min([self.hold, *(frame - other.last_hit for other in beside)])
        at, grown = box, self._growth_of(track)
        for f in range(frame - 1, max(self._floor, frame - back) - 1, -1) if box.kind != PERSON else ():
            step = self._steps.get(f + 1)
            if step is None or step.cut:
                track.opens = step is not None
                break
            at = pad(carried(at, step, self.scale, back=True), grown * box.w, grown * box.h)
            if self._outside(at):
                track.opens = True
                break
            track.put(f, at)
        track.opens |= track.first == 0
        self.active.append(track)

    def _forward(self, track: Track, frame: int) -> None:
        """Carry the track to this frame; it grows while nothing confirms it."""
        at, grown = track.at(track.end - 1), self._growth_of(track)
        for f in range(track.end, frame + 1):
            step = self._steps.get(f)
            if at is None or step is None or step.cut or f - track.last_hit > self._hold_of(track):
                return
            before, at = at, carried(at, step, self.scale, grows=track.kind != PERSON)
            at = extent.coming_in(before, at, self.width)
            if f - track.placed > self.patience:  # so long the motion alone is enough
                at = pad(at, grown * at.w, grown * at.h)
            if self._outside(at):
                return
            track.put(f, at)

    def _bridge(self, track: Track, frame: int, box: Box) -> None:
        """Blend the way forward from where it was last with the way back from here, and cover their difference."""
        predicted = track.at(frame) or box
        slip_x, slip_y = abs(predicted.cx - box.cx), abs(predicted.cy - box.cy)
        start = max(track.placed, self._floor - 1)  # frames that have left are covered as they are
        # What the look before may have cut off of a face, this one shows.
        last = start if track.kind == FACE and start >= self._floor else start + 1
        at = box
        for f in range(frame - 1, last - 1, -1) if track.kind != PERSON else ():
            step = self._steps.get(f + 1)
            if step is None or step.cut:
                break
            at = carried(at, step, self.scale, back=True)
            share = (f - start) / (frame - start)
            doubt = 2 * min(share, 1 - share)  # most doubtful in the middle of the gap
            forward = track.at(f) or at
            mixed = pad(_mix(forward, at, share), 0.5 * slip_x * doubt, 0.5 * slip_y * doubt)
            if track.kind == FACE:
                mixed = extent.steadied(at, mixed)
            # Where the way forward had put it stays covered: the later look is not always the better one.
            track.put(f, mixed if track.kind == RIGID else envelope(mixed, forward))
        track.put(frame, box)
        track.placed = frame

    def _end_twins(self, frame: int) -> None:
        """End the tracks of faces that another one of more detections follows too, which covers both from now on."""
        known: list[tuple[Track, Box]] = []
        twins: list[Track] = []
        faces = [track for track in self.active if track.kind == FACE]
        for track in sorted(faces, key=lambda track: (-len(track.hits), track.id)):
            box = track.at(frame)
            if box is None:
                continue
            for place, (other, there) in enumerate(known):
                if iou(box, there) > TWICE:
                    known[place] = other, envelope(there, box)
                    twins.append(track)
                    break
            else:
                known.append((track, box))
        for track in twins:
            track.cut_off(frame)
        for track, box in known:
            track.put(frame, box)
        ended = {track.id for track in twins}
        self.active = [track for track in self.active if track.id not in ended]
        self.closed += [track for track in twins if track.hits]

    def _close(self, frame: int) -> None:
        still = []
        for track in self.active:
            if track.end <= frame or frame - track.last_hit > self._hold_of(track):
                self._judge(track)
                self.closed.append(track)
            else:
                still.append(track)
        self.active = still

    def _cut(self, frame: int) -> None:
        """End every track at the change of scene; what is seen after it is somebody else."""
        change = max(
            f for f in range(max(self._seen + 1, 1), frame + 1) if f in self._steps and self._steps[f].cut
        )
        for track in self.active:
            self._forward(track, change - 1)
            self._judge(track, cut=True)
        self.closed += self.active
        self.active = []

    def _outside(self, box: Box) -> bool:
        inside = clip_to(box, self.width, self.height)
        least = 0.5 if box.kind == PERSON or box.h > TALL * self.height else LEFT_IN
        return inside.w < least * box.w or inside.h < least * box.h

    def _judge(self, track: Track, *, cut: bool = False) -> None:
        """Write down why a person should look at this track: what may show before, after or between its boxes.

        What nobody can read and what was covered for a moment without being clear is left out: a list of every
        lantern is a list that nobody reads.
        """
        last = track.at(track.last_hit)
        best = max(track.scores, default=0.0)
        if last is None or last.h < LEGIBLE.get(track.kind, 0.0):
            return
        leaves = cut or extent.near_edge(last, self.width, self.height)
        if len(track.hits) < FEW and best >= SURE and not leaves:
            track.review.add("seen in very few frames")
        if len(track.hits) >= ESTABLISHED_HITS and best < 0.5:
            track.review.add("never clearly recognised")
        if np.diff(track.hits).max(initial=0) > self.hold and track.kind not in BY_LOOK:
            track.review.add("lost for longer than half a second in between")
        if len(track.hits) >= ESTABLISHED_HITS and track.scores[-1] >= SURE and not leaves:
            track.review.add("disappears in the middle of the picture")


def _alike(predicted: Box, box: Box) -> float:
    """Return how well a detection continues a track, 0 when it cannot."""
    size = max(predicted.w, predicted.h, box.w, box.h)
    ratio = (predicted.w * predicted.h) / max(box.w * box.h, 1e-6)
    distance = math.hypot(predicted.cx - box.cx, predicted.cy - box.cy) / max(size, 1e-6)
    overlap = iou(predicted, box)
    if overlap < 0.1 and (distance > REACH or not 0.3 < ratio < 3.3):
        return 0.0
    return overlap + max(0.0, 0.5 * (1 - distance / REACH)) + 1e-3


def _mix(a: Box, b: Box, share: float) -> Box:
    """Return the box `share` of the way from a to b."""
    return replace(
        a,
        x=a.x + (b.x - a.x) * share,
        y=a.y + (b.y - a.y) * share,
        w=a.w + (b.w - a.w) * share,
        h=a.h + (b.h - a.h) * share,
    )
