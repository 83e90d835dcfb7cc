"""How the processes of `pytest -n` share the tests: by whole files, so that what a file's tests share is made once."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# The longest begin first, so that at the end none is left to run alone.
FIRST = (
    "tests/payouts/test_storm.py",
    "tests/embedded/test_demo.py",
    "tests/e2e/",
    "tests/engine/",
    "tests/contributors/test_upload_in_browser.py",
    "tests/buyers/test_pages_in_browser.py",
    "tests/pipeline/",
    "tests/contributors/",
    "tests/ui/",
)
# These look at one run of the engine: `alices_ride`.
ONE_RIDE = {
    f"tests/engine/test_{name}.py" for name in ("covered", "manual", "nothing_personal_left", "outputs")
}


class WholeFiles(LoadFileScheduling):
    """Give a process file after file, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "alices_ride" if file in ONE_RIDE else file


def longest_first(items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which they are handed out."""

    def rank(item: pytest.Item) -> int:
        return next((at for at, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=rank)


def scheduler(config: pytest.Config, log: Any) -> WholeFiles | None:
    """Make the scheduler, unless somebody asked for another way by `--dist`."""
    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False
    return WholeFiles(config, log)
