"""Every odd, broken and hostile file of the shared collection ends in valid output or in one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import av
import pytest

from pipeline.video.errors import BadInput
from pipeline.video.process import process
from tests.media import SHARED_DATA

FOLDER = SHARED_DATA / "robust"
# Six minutes of 4K: minutes of work. Of the others that hold a picture, one of each kind is enough for every run;
# FAIRFRAME_ALL_MEDIA=1 takes them all.
TOO_LONG_FOR_A_TEST = {"androidx__long_4k_av1.mp4"}
MORE_OF_THE_SAME = {
    "androidx__hdr10-av1.mp4", "androidx__sample.flv", "androidx__sample.mkv", "androidx__sample.mp4",
    "androidx__sample_empty_track.mp4", "androidx__sample_mdat_too_long.mp4", "androidx__sample_shorter_audio.mp4",
    "dashcamigo__Back__NO20260101-120000-000001B.MP4", "dashcamigo__Front__NO20260101-120000-000001F.MP4",
    "rails__rotated_video.mp4", "rails__video_without_audio_stream.mp4",
    "rails__video_with_undefined_display_aspect_ratio.mp4", "streamio__awesome'movie.mov",
    "streamio__awesome_widescreen.mov", "streamio__sideways movie.mov", "torchcodec__h264_10bits.mp4",
    "mp4parse__no_timescale.mp4", "metaex__with-gps.mov",
}  # fmt: skip
FILES = sorted(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else ["shared data"]
pytestmark = pytest.mark.media


@pytest.mark.parametrize("name", FILES)
def test_valid_output_or_one_sentence(name: str, tmp_path: Path) -> None:
    if not FOLDER.is_dir():
        pytest.skip("shared test footage robust/ is not beside this checkout")
    if name in TOO_LONG_FOR_A_TEST:
        pytest.skip("six minutes of 4K take longer than this suite may")
    if name in MORE_OF_THE_SAME and not os.environ.get("FAIRFRAME_ALL_MEDIA"):
        pytest.skip("one of each kind is enough; FAIRFRAME_ALL_MEDIA=1 takes them all")
    out = tmp_path / "out"
    refusal = ""
    try:
        process(FOLDER / name, out, vertical="driving", workers=2)
    except BadInput as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal
        assert refusal.endswith(".")
        assert list(tmp_path.iterdir()) == []
        return
    report = json.loads((out / "report.json").read_text())
    with av.open(str(out / "redacted.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == report["output"]["frames"]
        assert [stream.type for stream in container.streams] == ["video"]
        assert not {"location", "creation_time", "make", "model"} & {
            key.lower() for key in container.metadata
        }
    assert report["clips"]
