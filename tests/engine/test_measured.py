"""The certificate quotes what the benchmark measured, and nothing where nothing was measured."""

from __future__ import annotations

from pathlib import Path

from benchmarks import results
from benchmarks.registry import Figure, Section
from pipeline.video.measured import coverage


def test_the_figures_with_targets_are_quoted_with_date_and_commit(tmp_path: Path) -> None:
    recall = Section(title="Recall", about="Stills.")
    recall.figures = [
        Figure("recall of faces, held out", 0.9871, at_least=0.995),
        Figure("recall of jerseys", None, at_least=0.9, note="no labels"),
        Figure("stills", 120),
    ]
    cost = Section(
        title="Cost", about="Clips.", figures=[Figure("redaction alone", 2.1, "× BASE", at_most=2.2)]
    )
    leaks = Section(
        title="Leaks", about="Films.", figures=[Figure("masked ÷ true area", 1.9, "×", at_most=2)]
    )
    results.write({"recall": recall, "cost": cost, "tracks": leaks}, quick=True, folder=tmp_path)
    quoted = coverage(tmp_path / "results.json")
    assert quoted.pop("measured").endswith("UTC")
    assert quoted.pop("commit") == results.commit()
    assert quoted == {
        "recall of faces, held out": "0.9871 (target ≥ 0.995)",
        "masked ÷ true area": "1.9 × (target ≤ 2)",
    }


def test_nothing_is_quoted_where_nothing_was_measured(tmp_path: Path) -> None:
    assert coverage(tmp_path / "results.json") == {}
    (tmp_path / "broken.json").write_text("{")
    assert coverage(tmp_path / "broken.json") == {}
