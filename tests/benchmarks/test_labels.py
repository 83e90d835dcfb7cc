"""Reading labels, on files the test writes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from benchmarks.labels import held_out, size_class, size_classes, stills
from benchmarks.recall import tally


def _media(folder: Path) -> Path:
    (folder / "labels").mkdir()
    boxes = [
        {"frame": 0, "kind": "face", "box": [10, 10, 20, 30]},
        {"frame": 0, "kind": "face", "box": [50, 10, 8, 8], "invalid": 1},
        {"frame": 0, "kind": "vehicle", "box": [0, 0, 90, 60]},
    ]
    row = {"image": "images/alice_1.jpg", "width": 100, "height": 80, "boxes": boxes}
    (folder / "labels" / "alice_1.json").write_text(json.dumps(row))
    (folder / "labels" / "bob_1.json").write_text(
        json.dumps({"image": "images/bob_1.jpg", "width": 9, "height": 9, "boxes": []})
    )
    return folder


def test_size_classes_meet_at_their_edges() -> None:
    assert [size_class(height) for height in (3, 12, 19.9, 20, 79, 80)] == [
        "0–12", "12–20", "12–20", "20–40", "40–80", "≥ 80",
    ]  # fmt: skip
    assert size_classes() == ["0–12", "12–20", "20–40", "40–80", "≥ 80"]


def test_stills_are_those_that_hold_the_kind(tmp_path: Path) -> None:
    (found,) = stills(_media(tmp_path), kinds=frozenset({"face"}))
    assert found.path == tmp_path / "images" / "alice_1.jpg"
    assert found.group == "alice"
    assert [label.counts for label in found.labels] == [True, False, True]


def test_a_miss_counts_unless_the_label_is_invalid(tmp_path: Path) -> None:
    chosen = list(stills(_media(tmp_path), kinds=frozenset({"face"})))
    masks = {str(chosen[0].path): [(10.0, 10.0, 20.0, 18.0)]}
    one = tally(chosen, masks, frozenset({"face"}))["face", "all", "20–40"]
    assert (one.labels, one.half, one.most) == (1, 1, 0)


def test_about_a_third_is_held_out_by_the_digest_of_the_name() -> None:
    names = [Path(f"{i}.jpg") for i in range(2000)]
    kept = [held_out(path) for path in names]
    assert 0.27 < sum(kept) / len(kept) < 0.36
    assert kept[0] == (hashlib.sha256(b"0.jpg").hexdigest()[0] in "01234")
