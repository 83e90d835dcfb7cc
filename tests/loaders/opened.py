"""Open a package folder with the libraries that buyers use, and print what each saw as one JSON object.

Runs in a virtual environment of its own (`make loaders`): these libraries want other versions than ours. Every function
imports its library itself, so that a failure names the one that failed.
"""

# mypy: ignore-errors
from __future__ import annotations

import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")


def pycocotools(root: Path, _scratch: Path) -> dict[str, Any]:
    from pycocotools.coco import COCO

    coco = COCO(str(root / "annotations/coco_keypoints.json"))
    people = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["person"])))
    return {
        "videos": len(coco.dataset["videos"]),
        "annotations": len(people),
        "lengths": sorted({len(person["keypoints"]) for person in people}),
        "names": len({image["file_name"] for image in coco.imgs.values()}) == len(coco.imgs),
        "skeleton_starts": min(index for pair in coco.cats[1]["skeleton"] for index in pair),
    }


def openlabel(root: Path, _scratch: Path) -> dict[str, Any]:
    import openlabel_checker

    found = {}
    for path in sorted((root / "annotations/openlabel").glob("*.json")):
        report = openlabel_checker.check_file(str(path))
        found[path.stem] = [
            f"{issue.severity.name}: {issue.message}"
            for outcome in report.outcomes
            for issue in outcome.issues
        ]
        if not report.outcomes:
            found[path.stem].append("no checker ran")
    return found


def croissant(root: Path, scratch: Path) -> dict[str, Any]:
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(root / "croissant.json"))
    records = list(dataset.records("clips"))
    document = json.loads((root / "croissant.json").read_text())
    for entry in document["distribution"]:
        if entry["@id"] == "clips.parquet":
            entry["sha256"] = "0" * 64
    wrong = scratch / "wrong"
    wrong.mkdir()
    (wrong / "croissant.json").write_text(json.dumps(document))
    (wrong / "clips.parquet").write_bytes((root / "clips.parquet").read_bytes())
    try:
        list(mlcroissant.Dataset(jsonld=str(wrong / "croissant.json")).records("clips"))
        refused = ""
    except Exception as error:
        refused = f"{error} {error.__cause__}"
    return {
        "records": len(records),
        "names": sorted(record["clips/name"].decode() for record in records),
        "warnings": sorted(dataset.metadata.ctx.issues.warnings),
        "errors": sorted(dataset.metadata.ctx.issues.errors),
        "files": sorted(node.uuid for node in dataset.metadata.distribution),
        "refused": refused,
    }


def videofolder(root: Path, scratch: Path) -> dict[str, Any]:
    import datasets

    found = datasets.load_dataset(
        "videofolder", data_dir=str(root / "media"), split="train", cache_dir=str(scratch / "cache")
    )
    found = found.cast_column("video", datasets.Video(decode=False))
    return {
        "rows": len(found),
        "columns": sorted(found.column_names),
        "names": sorted(Path(row["video"]["path"]).stem for row in found),
        "same": all(Path(row["video"]["path"]).stem == row["name"] for row in found),
        "embedded": any(row["video"]["bytes"] for row in found),
    }


def hub_webdataset(root: Path, scratch: Path) -> dict[str, Any]:
    import datasets

    files = {"train": sorted(str(path) for path in (root / "shards").glob("*.tar"))}
    found = datasets.load_dataset(
        "webdataset", data_files=files, split="train", cache_dir=str(scratch / "tar")
    )
    column = found.features["mp4"]
    if isinstance(column, datasets.Video):
        found = found.cast_column("mp4", datasets.Video(decode=False))
    return {
        "rows": len(found),
        "names": sorted(row["__key__"] for row in found),
        "schemas": sorted({row["json"]["schema"] for row in found}),
    }


def webdataset(root: Path, _scratch: Path) -> dict[str, Any]:
    import hashlib

    import webdataset as wds

    shards = sorted(str(path) for path in (root / "shards").glob("*.tar"))
    samples = list(wds.WebDataset(shards, shardshuffle=False, empty_check=False).decode())
    return {
        "names": sorted(sample["__key__"] for sample in samples),
        "same": all(
            hashlib.sha256(sample["mp4"]).hexdigest() == sample["json"]["media"]["sha256"]
            for sample in samples
        ),
    }


def datumaro(root: Path, scratch: Path) -> dict[str, Any]:
    from datumaro import AnnotationType, Dataset

    folder = scratch / "coco" / "annotations"
    folder.mkdir(parents=True)
    (scratch / "coco" / "images").mkdir()  # where a buyer cuts the stills to
    text = (root / "annotations/coco_keypoints.json").read_bytes()
    (folder / "person_keypoints_train.json").write_bytes(text)
    coco = Dataset.import_from(str(scratch / "coco"), "coco_person_keypoints")
    points = [a for item in coco for a in item.annotations if a.type == AnnotationType.points]
    cvat, mot, yolo = {}, {}, {}
    for path in sorted((root / "annotations/cvat").glob("*.xml")):
        alone = scratch / "cvat" / path.stem
        alone.mkdir(parents=True)
        (alone / path.name).write_bytes(path.read_bytes())
        kinds = [a.type.name for item in Dataset.import_from(str(alone), "cvat") for a in item.annotations]
        cvat[path.stem] = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    for path in sorted((root / "annotations/mot").iterdir()):
        found = Dataset.import_from(str(path), "mot_seq")
        boxes = [a for item in found for a in item.annotations]
        mot[path.name] = {"boxes": len(boxes), "tracks": len({a.attributes.get("track_id") for a in boxes})}
    for path in sorted((root / "annotations/yolo_pose").glob("*.tar")):
        with tarfile.open(path) as tar:
            lines = [line for m in tar for line in tar.extractfile(m).read().decode().splitlines()]
        yolo[path.stem] = {"lines": len(lines), "words": sorted({len(line.split()) for line in lines})}
    return {"coco": len(points), "cvat": cvat, "mot": mot, "yolo_pose": yolo}


LOADERS = (pycocotools, openlabel, croissant, videofolder, hub_webdataset, webdataset, datumaro)


def main() -> None:
    root, scratch = Path(sys.argv[1]), Path(sys.argv[2])
    seen = {}
    for loader in LOADERS:
        place = scratch / loader.__name__
        place.mkdir(parents=True)
        try:
            seen[loader.__name__] = loader(root, place)
        except Exception as error:
            seen[loader.__name__] = {"failed": f"{type(error).__name__}: {error}"}
    (scratch / "seen.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main()
