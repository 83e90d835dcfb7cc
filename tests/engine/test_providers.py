"""Networks run on the best provider there is, and a report says on which."""

from __future__ import annotations

import onnxruntime
import pytest

from pipeline.video import nets
from pipeline.video.detectors import Detectors

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"


@pytest.mark.parametrize(
    ("available", "wanted", "chosen"),
    [
        ([CPU], "", [CPU]),
        (["AzureExecutionProvider", CPU], "", [CPU]),
        ([TENSORRT, CUDA, CPU], "", [CUDA, CPU]),
        ([TENSORRT, CUDA, CPU], "tensorrt,cuda", [TENSORRT, CUDA, CPU]),
        ([TENSORRT, CUDA, CPU], "cpu", [CPU]),
        ([CPU], "tensorrt, cuda", [CPU]),
        ([CUDA, CPU], "abacus, CUDA", [CUDA, CPU]),
    ],
)
def test_the_best_provider_is_taken_and_the_cpu_is_what_remains(
    available: list[str], wanted: str, chosen: list[str]
) -> None:
    assert nets.providers(available, wanted) == chosen


def test_the_report_says_what_runs_each_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRFRAME_PROVIDERS", "tensorrt,cuda")
    offered = nets.providers(onnxruntime.get_available_providers(), "tensorrt,cuda")
    for model in Detectors("driving", threads=1).models:
        assert model["runs_on"] in offered
    monkeypatch.setenv("FAIRFRAME_PROVIDERS", "cpu")
    assert {model["runs_on"] for model in Detectors("driving", threads=1).models} == {CPU}
