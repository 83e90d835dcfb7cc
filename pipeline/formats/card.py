"""The dataset card: README.md at the top of a package, with the metadata block that dataset hubs read."""

from __future__ import annotations

from typing import Any

FILES = (
    ("`media/clip_*.mp4`", "redacted clips, H.264, no audio, no metadata of the source"),
    ("`media/metadata.jsonl`", "one line a clip, for `load_dataset('videofolder', data_dir='media')`"),
    ("`clips.parquet`", "one row a clip: tags, place (coarse), consent, redaction figures"),
    (
        "`annotations/coco_keypoints.json`",
        "COCO keypoints (17 points), one image entry a frame with a person",
    ),
    ("`annotations/openlabel/clip_*.json`", "ASAM OpenLABEL 1.0.0: people, redacted regions, scenario tags"),
    ("`annotations/cvat/clip_*.xml`", "CVAT for video 1.1: boxes and skeletons"),
    (
        "`annotations/yolo_pose/clip_*.tar`",
        "YOLO-pose labels, a text file a frame; unpack beside `data.yaml`",
    ),
    ("`annotations/mot/clip_*/`", "MOTChallenge: `gt/gt.txt`, `gt/labels.txt`, `seqinfo.ini`"),
    ("`annotations/clips/clip_*.json`", "everything of a clip, with 33 landmarks a pose"),
    (
        "`telemetry/clip_*.parquet`",
        "speed, acceleration, turning by frame, where the recording had telemetry",
    ),
    ("`certificates/clip_*.json`", "certificate of redaction"),
    ("`shards/*.tar`", "WebDataset: the same clips with their JSON, 1 to 2 GiB a shard"),
    ("`croissant.json`", "Croissant 1.1 with responsible-AI terms"),
    ("`manifest.jsonl`, `SHA256SUMS`", "every file with its length and checksum"),
    (
        "`tombstones.jsonl`",
        "clips that earlier versions had and whose consent was withdrawn: delete your copies",
    ),
    ("`LICENSE.txt`", "the exact text you accepted"),
)


def document(card: dict[str, Any]) -> bytes:
    """Write the card.

    ``card``: title, version, summary, vertical, licence_title, licence_version, licence_sha256, clips, hours,
    countries, taxonomy_version, coverage [(axis title, [(value, clips, seconds)])], contributors, empty (clips that
    show nobody), sample (of how many clips this is a sample, or 0), redaction {tracks, masked_share, doubtful},
    models [(name, role, sha256)], accuracy [(name, value, target)], accuracy_sentence, bias, limits.
    """
    lines = [
        "---",
        f"pretty_name: {_quoted(card['title'])}",
        "license: other",
        f"license_name: {_quoted(card['licence_title'] + ' ' + card['licence_version'])}",
        "task_categories: [video-classification, keypoint-detection]",
        f"tags: [{card['vertical']}, redacted, consented, pose, scenario-tags]",
        "---",
        "",
        f"# {card['title']}",
        "",
        f"Version {card['version']} · {card['clips']} clips · {card['hours']:.3f} hours · "
        f"{card['contributors']} contributor{'s' if card['contributors'] != 1 else ''} · "
        f"{', '.join(card['countries'])}",
        "",
        *(
            [
                f"This is the free sample of a package of {card['sample']} clips; its videos bear a visible mark.",
                "",
            ]
            if card["sample"]
            else []
        ),
        card["summary"],
        "",
        "## Files",
        "",
        "| path | what it is |",
        "|---|---|",
        *[f"| {path} | {what} |" for path, what in FILES],
        "",
        "Check it with `sha256sum -c SHA256SUMS`.",
        "",
        "## Coverage",
        "",
        f"Tags follow the scenario taxonomy, version {card['taxonomy_version']} (names after ASAM OpenLABEL). A tag "
        "with source `model:<sha256>` was given by a model or rule and may be wrong; its confidence is the "
        "model's own.",
        "",
        "| axis | value | clips | seconds |",
        "|---|---|---|---|",
    ]
    for axis, values in card["coverage"]:
        lines += [f"| {axis} | {value} | {clips} | {seconds:.1f} |" for value, clips, seconds in values]
    redaction = card["redaction"]
    lines += [
        "",
        "## Redaction",
        "",
        f"{redaction['tracks']} faces, plates and numbers were followed and covered with a flat fill on every frame; "
        f"{redaction['masked_share'] * 100:.2f} % of all pixels are covered. A person looked at every clip; "
        f"{redaction['doubtful']} tracks were flagged as doubtful for that look.",
        "",
        "| model | role | sha256 |",
        "|---|---|---|",
        *[f"| {name} | {role} | `{digest}` |" for name, role, digest in card["models"]],
        "",
        "## Accuracy",
        "",
        card["accuracy_sentence"],
        "",
        *_accuracy(card["accuracy"]),
        "## Limits",
        "",
        f"{card['bias']} {card['limits']}",
        "",
        "## Licence",
        "",
        f"{card['licence_title']} {card['licence_version']}, SHA-256 `{card['licence_sha256']}` (LICENSE.txt).",
        "",
    ]
    return "\n".join(lines).encode()


def _accuracy(figures: list[tuple[str, str, str]]) -> list[str]:
    if not figures:
        return []
    rows = [f"| {name} | {value} | {target or '–'} |" for name, value, target in figures]
    return ["| what | measured | target |", "|---|---|---|", *rows, ""]


def _quoted(text: str) -> str:
    """Quote for YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
