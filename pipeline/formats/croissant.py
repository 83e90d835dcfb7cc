"""croissant.json: Croissant 1.1 with responsible-AI terms, terms of use and provenance, written as a stream.

Specification: docs.mlcommons.org/croissant, versions 1.1 and RAI 1.0. Every video is a FileObject with its SHA-256;
the records come from clips.parquet. A dataset of 100 000 clips has as many FileObjects, so they are written one by one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "prov": "http://www.w3.org/ns/prov#",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
FIELDS = {
    "name": ("sc:Text", "Name of the clip in this package."),
    "clip_id": ("sc:Text", "Identity of the clip, the same in every package."),
    "media": ("sc:Text", "Path of the redacted video."),
    "sha256": ("sc:Text", "SHA-256 of the video."),
    "seconds": ("sc:Float", "How long it runs."),
    "fps": ("sc:Float", "Frames a second."),
    "width": ("sc:Integer", "Pixels."),
    "height": ("sc:Integer", "Pixels."),
    "country": ("sc:Text", "ISO 3166-1 alpha-2 code of where it was filmed."),
    "quality": ("sc:Float", "0 to 1, by the engine's formula."),
    "poses": ("sc:Integer", "How many poses its keypoint files hold."),
    "masked_share": ("sc:Float", "Share of the recording's pixels that redaction covers."),
}


class Writer:
    """Write croissant.json: FileObjects of the videos first into a part, then the whole document."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "croissant.json"
        self._part = (folder / "croissant.part").open("w+b")
        self._begun = False

    def add(self, row: dict[str, Any]) -> None:
        """Write the FileObject of one clip's video; ``row`` as in tables.row."""
        video = {"sha256": row["sha256"], "size": row["bytes"], "encoding": "video/mp4"}
        self._put(file_object(row["name"], row["media"], **video))

    def _put(self, entry: dict[str, Any]) -> None:
        self._part.write((b",\n  " if self._begun else b"") + orjson.dumps(entry))
        self._begun = True

    def close(self, card: dict[str, Any], *, files: list[tuple[str, str, str, int, str]]) -> Path:
        """Write the document: ``files`` are (id, path, sha256, bytes, media type) of what is not a video."""
        for name, path, sha256, size, encoding in files:
            self._put(file_object(name, path, sha256=sha256, size=size, encoding=encoding))
        head = json.dumps({"@context": CONTEXT, **about(card)}, indent=1)
        self._part.seek(0)
        with self.path.open("wb") as out:
            out.write((head.removesuffix("\n}") + ',\n "distribution": [\n  ').encode())
            while block := self._part.read(1 << 20):
                out.write(block)
            out.write(f'\n ],\n "recordSet": {json.dumps([record_set()])}\n}}\n'.encode())
        self._part.close()
        Path(self._part.name).unlink()
        return self.path


def file_object(name: str, path: str, *, sha256: str, size: int, encoding: str) -> dict[str, Any]:
    """Describe one file."""
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": encoding,
        "sha256": sha256,
    }


def record_set() -> dict[str, Any]:
    """Describe the rows of clips.parquet."""
    return {
        "@type": "cr:RecordSet",
        "@id": "clips",
        "name": "clips",
        "description": "One record a clip.",
        "key": {"@id": "clips/name"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"clips/{name}",
                "name": name,
                "description": description,
                "dataType": kind,
                "source": {"fileObject": {"@id": "clips.parquet"}, "extract": {"column": name}},
            }
            for name, (kind, description) in FIELDS.items()
        ],
    }


def about(card: dict[str, Any]) -> dict[str, Any]:
    """Write what is said of the whole dataset; ``card`` as in card.document."""
    models = "; ".join(f"{name} ({role}, SHA-256 {sha256})" for name, role, sha256 in card["models"])
    redaction = card["redaction"]
    return {
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": card["slug"],
        "alternateName": card["title"],
        "description": card["summary"],
        "url": card["url"],
        "version": f"{card['version']}.0.0",
        "datePublished": card["published"],
        "license": card["licence_url"],
        "usageInfo": (
            f"{card['licence_title']} {card['licence_version']}, LICENSE.txt, SHA-256 {card['licence_sha256']}. "
            "Clips named in tombstones.jsonl of a later version are to be deleted within 30 days."
        ),
        "citeAs": f"{card['title']}, version {card['version']}. Fairframe, {card['published'][:4]}.",
        "creator": {"@type": "sc:Organization", "name": "Fairframe", "url": card["site"]},
        "publisher": {"@type": "sc:Organization", "name": "Fairframe", "url": card["site"]},
        "keywords": [card["vertical"], "redacted", "consented", "pose", "scenario tags"],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "name": "Redaction, pose, tagging and cutting by the Fairframe pipeline, then a look by a person",
            "prov:used": models,
        },
        "prov:wasDerivedFrom": (
            f"{card['recordings']} recordings by {card['contributors']} contributors, filmed for and consented to this "
            "use; originals are not part of the dataset"
        ),
        "rai:dataCollection": "Contributors film while driving or doing sports and upload the recordings themselves.",
        "rai:dataCollectionType": ["Direct measurement", "Voluntary contribution"],
        "rai:dataCollectionTimeframe": card["months"],
        "rai:dataPreprocessingProtocol": [
            "Normalised to H.264, constant frame rate, at most 1080 lines; sound and all metadata removed",
            f"Faces, number plates, numbers and screens covered: {redaction['tracks']} regions, "
            f"{redaction['masked_share'] * 100:.2f} % of all pixels",
            "Cut into clips at keyframes; telemetry cut and coarsened near start and end of a trip",
        ],
        "rai:dataAnnotationProtocol": (
            "Tags by models and rules, each with source and confidence; poses by MediaPipe; a moderator approves clips"
        ),
        "rai:dataAnnotationAnalysis": card["accuracy_sentence"],
        "rai:machineAnnotationTools": [f"{name} ({role})" for name, role, _ in card["models"]]
        or ["Fairframe rules"],
        "rai:personalSensitiveInformation": (
            "People appear. Faces and plates are covered on every frame; gait, clothing and surroundings stay visible. "
            f"{redaction['doubtful']} regions were flagged as doubtful and looked at."
        ),
        "rai:dataBiases": card["bias"],
        "rai:dataLimitations": card["limits"],
        "rai:dataUseCases": "Training and testing of perception and scenario understanding, within LICENSE.txt.",
        "rai:dataReleaseMaintenancePlan": (
            "A version never changes. When a contributor withdraws a clip a new version without it appears, "
            "tombstones.jsonl names the clip, and holders are told by e-mail."
        ),
    }
