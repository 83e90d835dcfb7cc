"""All detectors of one worker thread behind one face: faces, plates, objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.video import faces, jerseys, nets, screens, weights
from pipeline.video.boxes import Box, iou
from pipeline.video.nets import Picture
from pipeline.video.objects import Objects
from pipeline.video.plate_search import FRAME, STILL, PlateSearch
from pipeline.video.text import Text

MODELS = ("yunet", "centerface", "ppocr_det", "plate_head", "number_head", "nanodet")
# A thing too faint to be a fact about the scene, but a place to look for a plate.
MAYBE_VEHICLE = "vehicle"
VEHICLES = frozenset({"car", "truck", "bus", "motorcycle", "train", MAYBE_VEHICLE})
# Longer side of the input: NanoDet was trained at 416; at 736 it finds fewer vehicles at three times the cost.
OBJECT_WIDTH = 416
SAME = 0.5  # overlap from which a faint vehicle is one that is known
# Score from which a detection counts.
OBJECT = 0.3
FAINT = 0.2  # vehicles between this score and OBJECT are MAYBE_VEHICLE


class Detectors:
    """Find what must be covered and what happens; pictures are BGR, H × W × 3; boxes are in their pixels.

    For one thread at a time. `stills`: pictures without a before and after, which get a longer look.
    """

    def __init__(self, vertical: str, threads: int, *, stills: bool = False) -> None:
        self.vertical = vertical
        self._faces = faces.Faces(threads=threads, effort=faces.STILL if stills else faces.FRAME)
        self._text = text = Text(threads=threads)
        self._plates = PlateSearch(text, STILL if stills else FRAME)
        self._jerseys = jerseys.Jerseys(text, jerseys.STILL if stills else jerseys.FRAME)
        self._objects = Objects(threads=threads, width=OBJECT_WIDTH, threshold=FAINT)

    @property
    def models(self) -> list[dict[str, str]]:
        """Name, role and sha256 of each weight in use, and what runs it."""
        return [{**weights.described(name), "runs_on": nets.runs_on(name)} for name in MODELS]

    def faces(self, bgr: Picture, *, coarse: bool = False) -> list[Box]:
        """Find faces, about 40 CPU ms at 720p and 95 at 1080p; `coarse`: at a smaller scale, for half of that."""
        return self._faces.find(bgr, coarse=coarse)

    def near(self, bgr: Picture, faces: Sequence[Box]) -> list[Box | None]:
        """Find known faces again, each where the motion expects it: 1.6 CPU ms a face, whatever the frame's size.

        Between two looks at the whole frame this costs what is tracked. The answers come in the order of `faces`;
        None where no face is seen: hold the box then, a head may have turned. Plates are found again by
        `pipeline.video.follow.Look`: cheaper, and closer to the first box than another look by letters.
        """
        return [self._faces.near(bgr, face) for face in faces]

    def plates(
        self,
        bgr: Picture,
        vehicles: Sequence[Box],
        *,
        turn: int = 0,
        known: Sequence[Box] = (),
        lost: Sequence[Box] = (),
        whole: bool = True,
        close: bool = False,
    ) -> list[Box]:
        """Find plates that are not known yet, about 12 CPU ms a vehicle.

        `turn`: the frame's number, with which vehicles take turns where there are too many for one frame. `known`:
        tracked plates where they are expected now: their vehicles are spared the search for letters, so the turns
        go to the others. `lost`: those that were not seen lately, each is read closely (9 ms). `whole`: read the
        whole frame where there is no vehicle (20 ms). `close`: take every vehicle and look closer, up to 150 CPU
        ms, for a scene that begins.
        """
        return self._plates.find(bgr, vehicles, turn=turn, known=known, lost=lost, whole=whole, close=close)

    def jerseys(
        self, bgr: Picture, people: Sequence[Box], *, turn: int = 0, known: Sequence[Box] = ()
    ) -> list[Box]:
        """Find numbers and names on people that are not known yet, about 20 CPU ms; `turn` and `known` as above.

        `pipeline.video.follow.Look` finds known ones again.
        """
        return self._jerseys.find(bgr, people, turn=turn, known=known)

    def screens(self, bgr: Picture, objects: Sequence[Box]) -> list[Box]:
        """Give the lit screens among the objects of this frame: no cost."""
        return screens.lit(bgr, objects)

    def lines_of_text(self, bgr: Picture) -> list[Box]:
        """Read the bands at top and bottom of a frame, where dates and places are burnt in: 50 CPU ms at 720p.

        A `pipeline.video.screens.Overlays` for each recording says which of these lines are; once a second is enough.
        """
        return screens.lines_of_text(bgr, self._text)

    def lines_at(self, bgr: Picture, places: Sequence[Box]) -> list[Box]:
        """Read the lines of text at places where letters may have appeared: about 15 CPU ms each at 720p."""
        return screens.lines_at(bgr, self._text, places)

    def objects(self, bgr: Picture) -> list[Box]:
        """Find people, vehicles, lights, animals and screens; kinds are COCO's names, and MAYBE_VEHICLE."""
        sure: list[Box] = []
        faint: list[Box] = []
        for box in self._objects.find(bgr):
            if box.score >= OBJECT:
                sure.append(box)
            elif box.kind in VEHICLES and all(iou(box, other) < SAME for other in sure):
                faint.append(replace(box, kind=MAYBE_VEHICLE))
        return sure + faint
