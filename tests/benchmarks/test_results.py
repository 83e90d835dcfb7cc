"""The report: what is promised, what is held, and by how much it is missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.__main__ import main
from benchmarks.registry import SECTIONS, Figure, Section, load

FIRST, *_ = SECTIONS


def test_a_target_is_held_missed_or_unknown() -> None:
    assert Figure("cost", 2.0, "× BASE", at_most=2.2).held is True
    missed = Figure("cost", 2.5, "× BASE", at_most=2.2)
    assert missed.held is False
    assert missed.missed_by == pytest.approx(0.3)
    assert Figure("recall", 0.96, at_least=0.97).missed_by == pytest.approx(0.01)
    assert Figure("recall", None, at_least=0.97).held is None
    assert Figure("a peer", 0.4).held is None


def test_both_files_say_the_same_and_sections_keep_their_last_figures(tmp_path: Path) -> None:
    section = Section(
        "Recall", "Stills.", [Figure("recall of faces", 0.9, at_least=0.995), Figure("peer", 0.5)]
    )
    results.write({FIRST: section}, quick=True, folder=tmp_path)
    results.write({}, quick=False, folder=tmp_path)
    read = json.loads((tmp_path / "results.json").read_text())
    assert {"commit", "date", "machine", "figures"} <= set(read)
    assert read["figures"][0] == {
        "section": FIRST, "name": "recall of faces", "value": 0.9, "target": "≥ 0.995", "unit": "", "held": False,
        "missed_by": 0.095, "note": "",
    }  # fmt: skip
    report = (tmp_path / "RESULTS.md").read_text()
    assert "0 of 1 are held, 1 are missed" in report
    assert "**missed by 0.095**" in report
    assert "quick run" in report


def test_every_section_can_be_loaded() -> None:
    for name in SECTIONS:
        assert callable(load(name))


def test_absent_media_end_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--media", str(tmp_path / "nowhere")]) == 2
    assert "are not at" in capsys.readouterr().err


def test_an_unknown_section_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "recal"])
    assert "there is no recal" in capsys.readouterr().err
