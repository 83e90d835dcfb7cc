"""The dataset card: README.md at the top of a package, with the metadata block that dataset hubs read."""

from __future__ import annotations

from typing import Any


def document(card: dict[str, Any]) -> bytes:
    """Write the card.

    ``card``: title, version, summary, vertical, licence_title, licence_version, licence_sha256, clips, hours,
    resolution, countries, taxonomy_version, coverage [(axis title, [(value, clips, seconds)])],
    redaction {tracks, masked_share, doubtful}, models [(name, role, sha256)], contributors.
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
        card["summary"],
        "",
        "## Files",
        "",
        "| path | what it is |",
        "|---|---|",
        "| `media/clip_*.mp4` | redacted clips, H.264, no audio, no metadata of the source |",
        "| `annotations/coco_keypoints.json` | COCO keypoints (17 points), one image entry a frame with a person |",
        "| `annotations/clips/clip_*.json` | tags with source and confidence, 33 landmarks, masked regions |",
        "| `manifest.jsonl`, `SHA256SUMS` | every file with its length and checksum |",
        "| `LICENSE.txt` | the exact text you accepted |",
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
        "## Limits",
        "",
        "The clips come from volunteers and show where and when they happened to film: places, hours and people are "
        "not a sample of the world. Look at the coverage table before you train or test with them.",
        "",
        "## Licence",
        "",
        f"{card['licence_title']} {card['licence_version']}, SHA-256 `{card['licence_sha256']}` (LICENSE.txt).",
        "",
    ]
    return "\n".join(lines).encode()


def _quoted(text: str) -> str:
    """Quote for YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
