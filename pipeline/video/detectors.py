"""All detectors of one worker thread behind one face: faces, plates, objects."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.video import weights
from pipeline.video.boxes import Box
from pipeline.video.faces import Faces
from pipeline.video.nets import Picture
from pipeline.video.objects import Objects
from pipeline.video.plates import Plates

MODELS = ("yunet", "clp_det", "nanodet")


class Detectors:
    """Find what must be covered and what happens; pictures are BGR, H × W × 3; boxes are in their pixels."""

    def __init__(self, vertical: str, threads: int) -> None:
        self.vertical = vertical
        self._faces = Faces(threads=threads, width=1280, threshold=0.2)
        self._plates = Plates(threads=threads, width=1280, threshold=0.4)
        self._objects = Objects(threads=threads, width=736, threshold=0.35)

    @property
    def models(self) -> list[dict[str, str]]:
        """Name, role and sha256 of each weight in use."""
        return [weights.described(name) for name in MODELS]

    @property
    def thresholds(self) -> dict[str, float]:
        """The score from which a detection counts."""
        return {
            "face": self._faces.threshold,
            "plate": self._plates.threshold,
            "object": self._objects.threshold,
        }

    def faces(self, bgr: Picture) -> list[Box]:
        """Find faces."""
        return self._faces.find(bgr, enlarge=1.5)

    def plates(self, bgr: Picture, vehicles: Sequence[Box]) -> list[Box]:
        """Find plates in the picture."""
        return self._plates.find(bgr)

    def objects(self, bgr: Picture) -> list[Box]:
        """Find people, vehicles, lights and animals."""
        return self._objects.find(bgr)
