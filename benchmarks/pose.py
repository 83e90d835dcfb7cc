"""How far poses are right: OKS-AP on the COCO stills, correct joints on the sports stills (LSP)."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.bench import Bench
from benchmarks.labels import held_out
from benchmarks.registry import Figure, Section
from benchmarks.scoring import wilson

PEOPLE = frozenset({"person"})
# LSP's joint names → MediaPipe's 33 (its neck and head top have no counterpart).
LSP = {
    "r_ankle": 28, "r_knee": 26, "r_hip": 24, "l_hip": 23, "l_knee": 25, "l_ankle": 27,
    "r_wrist": 16, "r_elbow": 14, "r_shoulder": 12, "l_shoulder": 11, "l_elbow": 13, "l_wrist": 15,
}  # fmt: skip
SHOULDERS, HIPS = ("r_shoulder", "l_shoulder"), ("r_hip", "l_hip")
RIGHT_WITHIN = 0.3  # of the torso, the usual measure of LSP
PARTS = ("all", "held out")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One still with its people."""

    path: Path
    width: int
    height: int
    names: list[str]
    people: list[dict[str, Any]]


def measure(bench: Bench) -> Section:
    """Estimate poses on the labelled stills as the engine does on frames; `--quick` takes every third of LSP."""
    from pipeline.video.detectors import Detectors
    from pipeline.video.pose import PoseEstimator

    found: dict[str, list[Any]] = {}
    chosen = stills(bench.media)
    chosen = [one for i, one in enumerate(chosen) if len(one.names) == 17 or not bench.quick or i % 3 == 0]
    detectors, poses = Detectors("sports", threads=1), PoseEstimator()
    try:
        for still in chosen:
            bgr = cv2.imread(str(still.path))
            people = [box for box in detectors.objects(bgr) if box.kind in PEOPLE]
            found[still.path.name] = poses.people(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), people)
    finally:
        poses.close()
    coco = [still for still in chosen if len(still.names) == 17]
    lsp = [still for still in chosen if "r_wrist" in still.names]
    section = Section(
        title="Poses",
        about=f"{len(coco)} COCO stills with {sum(len(s.people) for s in coco)} people (too few to compare models "
        f"by: it is a check that keypoints mean what COCO means) and {len(lsp)} sports stills of LSP with one athlete "
        "each, many upside down. People are found by our detector first, as in a video.",
    )
    section.figures += oks_ap(coco, found, bench.folder("pose"))
    for part in PARTS:
        right, joints, posed, athletes = correct_joints(lsp, found, only_held_out=part == "held out")
        low, high = wilson(right, joints)
        section.figures += [
            Figure(
                f"joints within {RIGHT_WITHIN:g} torso lengths, LSP, {part}",
                right / joints if joints else None,
                note=f"{right} of {joints}; 95 % interval {low:.3f}–{high:.3f}",
            ),
            Figure(
                f"athletes with a pose, LSP, {part}",
                posed / athletes if athletes else None,
                note=f"{posed} of {athletes}",
            ),
        ]
    return section


def stills(media: Path) -> list[Labelled]:
    """List the stills with labelled keypoints, by name."""
    out = []
    for path in sorted((media / "labels").glob("*.json")):
        read = json.loads(path.read_text())
        if read.get("persons") and "image" in read and read.get("keypoint_names"):
            image = media / read["image"]
            out.append(
                Labelled(image, read["width"], read["height"], read["keypoint_names"], read["persons"])
            )
    return out


def oks_ap(chosen: list[Labelled], found: dict[str, list[Any]], folder: Path) -> list[Figure]:
    """Return average precision and recall by object keypoint similarity, computed by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth, results = coco_files(chosen, found)
    if not truth["annotations"]:
        return [Figure("keypoint OKS-AP, COCO stills", None, note="no labelled people")]
    (folder / "truth.json").write_text(json.dumps(truth))
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints as it works
        reference = COCO(str(folder / "truth.json"))
        if not results:
            values = [0.0] * 10
        else:
            judged = COCOeval(reference, reference.loadRes(results), "keypoints")
            judged.evaluate()
            judged.accumulate()
            judged.summarize()
            values = [float(v) for v in judged.stats]
    note = f"{len(truth['annotations'])} people in {len(chosen)} pictures"
    return [
        Figure("keypoint OKS-AP, COCO stills", values[0], note=note),
        Figure("keypoint OKS-AP at 0.50, COCO stills", values[1], note=note),
        Figure("keypoint OKS-AR, COCO stills", values[5], note=note),
    ]


def coco_files(
    chosen: list[Labelled], found: dict[str, list[Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return (annotations, results) in COCO's keypoint format."""
    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    for number, still in enumerate(chosen, start=1):
        images.append(
            {"id": number, "width": still.width, "height": still.height, "file_name": still.path.name}
        )
        for person in still.people:
            points = person["keypoints"]
            box = person.get("bbox") or around(points)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "iscrowd": 0,
                    "bbox": box,
                    "area": 0.53 * box[2] * box[3],  # COCO's masks fill about half of a person's box
                    "num_keypoints": sum(v > 0 for _, _, v in points),
                    "keypoints": [value for point in points for value in point],
                }
            )
        for pose in found[still.path.name]:
            points = [value for x, y, v in pose.keypoints for value in (float(x), float(y), int(v))]
            results.append(
                {"image_id": number, "category_id": 1, "keypoints": points, "score": float(pose.score)}
            )
    names = chosen[0].names if chosen else []
    category = {"id": 1, "name": "person", "keypoints": names, "skeleton": []}
    return {"images": images, "annotations": annotations, "categories": [category]}, results


def around(points: list[list[float]]) -> list[float]:
    """Return x, y, w, h around the labelled points."""
    seen = np.array([(x, y) for x, y, v in points if v > 0])
    (x1, y1), (x2, y2) = seen.min(axis=0), seen.max(axis=0)
    return [float(x1), float(y1), float(x2 - x1), float(y2 - y1)]


def correct_joints(
    chosen: list[Labelled], found: dict[str, list[Any]], *, only_held_out: bool
) -> tuple[int, int, int, int]:
    """Return (joints right, joints labelled, athletes with a pose, athletes)."""
    right = joints = posed = people = 0
    for still in chosen:
        if only_held_out and not held_out(still.path):
            continue
        points = dict(zip(still.names, still.people[0]["keypoints"], strict=True))
        torso = np.linalg.norm(middle(points, SHOULDERS) - middle(points, HIPS))
        people += 1
        poses = found[still.path.name]
        posed += bool(poses)
        for name, index in LSP.items():
            x, y, v = points[name]
            if v <= 0 or not (0 <= x < still.width and 0 <= y < still.height):
                continue
            joints += 1
            if poses:
                near = np.hypot(poses[0].landmarks[index][0] - x, poses[0].landmarks[index][1] - y)
                right += bool(near <= RIGHT_WITHIN * torso)
    return right, joints, posed, people


def middle(points: dict[str, list[float]], names: tuple[str, str]) -> np.ndarray:
    """Return the point between two joints."""
    return (np.array(points[names[0]][:2]) + np.array(points[names[1]][:2])) / 2
