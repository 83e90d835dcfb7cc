"""What redaction did to the recordings of a package, in figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

COVERED = {"face": "Faces", "plate": "Number plates", "jersey": "Jersey numbers", "screen": "Screens"}


@dataclass(frozen=True)
class Model:
    """One model that redaction or tagging used."""

    name: str
    role: str
    sha256: str


@dataclass(frozen=True)
class Redaction:
    """What the certificates of the recordings say together."""

    recordings: int
    tracks: list[tuple[str, int]]
    masked_share: float | None
    doubtful: int
    method: str
    models: list[Model]


def summed(certificates: Iterable[dict[str, Any]]) -> Redaction:
    """Add up the redaction certificates of recordings; the covered share is weighted by their frames."""
    known = [certificate for certificate in certificates if certificate]
    tracks: dict[str, int] = defaultdict(int)
    for certificate in known:
        for kind, figures in certificate.get("tracks", {}).items():
            tracks[COVERED.get(kind, kind.capitalize())] += int(figures.get("found", 0))
    shares = [(c["masked_share"], c.get("frames") or 1) for c in known if "masked_share" in c]
    frames = sum(weight for _, weight in shares)
    models = {(m["name"], m["role"], m["sha256"]) for c in known for m in c.get("models", [])}
    return Redaction(
        recordings=len(known),
        tracks=sorted(tracks.items(), key=lambda pair: -pair[1]),
        masked_share=sum(share * weight for share, weight in shares) / frames if frames else None,
        doubtful=sum(len(certificate.get("doubtful", [])) for certificate in known),
        method=next((certificate["method"] for certificate in known if certificate.get("method")), ""),
        models=[Model(*model) for model in sorted(models)],
    )
