"""NVENC is taken where it works, libx264 everywhere else; no footage is lost for a card that is not there."""

from __future__ import annotations

import logging
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.video import encoders, kept, machine, segments
from pipeline.video.encoders import FAILURES, LIBX264, NVENC
from pipeline.video.options import Options
from pipeline.video.redact import Planes
from pipeline.video.segments import LOG, Plan
from pipeline.video.write import MASTER, PREVIEW, Writer, header
from tests.media import ffmpeg, make_video

needs_no_nvenc = pytest.mark.skipif(
    encoders.nvenc_works(), reason="NVENC works here: what happens without it cannot be seen on this machine."
)
OPTIONS = Options.of(vertical="driving", screens=False, only_redact=True)


@pytest.mark.parametrize(
    ("wanted", "pieces", "works", "chosen"),
    [
        ("", 1, True, NVENC),
        ("auto", 1, True, NVENC),
        ("auto", 1, False, LIBX264),
        ("auto", 2, True, LIBX264),  # shared by workers: by name only
        (NVENC, 2, True, NVENC),
        (NVENC, 2, False, LIBX264),
        (NVENC, 1, False, LIBX264),
        (LIBX264, 1, True, LIBX264),
        ("abacus", 1, True, NVENC),
    ],
)
def test_the_encoder_that_is_taken(wanted: str, pieces: int, works: bool, chosen: str) -> None:
    assert encoders.choose(wanted, pieces=pieces, works=lambda: works) == chosen


def test_who_wants_libx264_never_wakes_a_card() -> None:
    def asked() -> bool:
        raise AssertionError("the card was asked")

    assert encoders.choose(LIBX264, pieces=1, works=asked) == LIBX264
    assert encoders.choose("auto", pieces=5, works=asked) == LIBX264


@pytest.mark.parametrize(
    ("flags", "told"), [("avx2 avx512f avx512bw", True), ("avx avx2", False), ("", False)]
)
def test_libx264_is_kept_from_avx512_where_the_machine_has_it(
    flags: str, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "cpuinfo"
    if flags:
        facts.write_text(f"processor : 0\nflags : fpu {flags} fsrm\n")
    monkeypatch.setattr(machine, "CPU_FACTS", facts)
    machine.has_avx512.cache_clear()
    try:
        assert ("asm=avx2" in encoders.options(LIBX264, MASTER)["x264-params"].split(":")) is told
    finally:
        machine.has_avx512.cache_clear()


@pytest.mark.parametrize("quality", [MASTER, PREVIEW])
def test_nvenc_gets_the_same_keyframes_and_quality_as_libx264(quality: encoders.Quality) -> None:
    ours, theirs = encoders.options(LIBX264, quality), encoders.options(NVENC, quality)
    assert theirs["cq"] == ours["crf"] == str(quality.crf)
    assert theirs["forced-idr"] == ours["forced-idr"] == "1"
    assert {"scenecut=0", "keyint=600", "bframes=1"} <= set(ours["x264-params"].split(":"))
    assert (theirs["no-scenecut"], theirs["g"], theirs["bf"]) == ("1", "600", "1")


def opened(codec_options: dict[str, str]) -> Exception | None:
    """Open NVENC with these options; what it failed with."""
    context = av.VideoCodecContext.create(NVENC, "w")
    context.width = context.height = 256
    context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
    context.options = codec_options
    try:
        context.open()
    except FAILURES as error:
        return error
    return None


@pytest.mark.parametrize("quality", [MASTER, PREVIEW])
def test_the_encoder_of_the_wheel_knows_every_option(quality: encoders.Quality) -> None:
    """Options are read before the driver is asked: a wrong name is passed over, a wrong value is an ArgumentError."""
    mapped = encoders.options(NVENC, quality)
    assert not isinstance(opened(mapped), av.error.ArgumentError)
    for name in mapped:
        assert isinstance(opened({name: "no such value"}), av.error.ArgumentError), name


@needs_no_nvenc
def test_a_machine_without_nvenc_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    encoders.nvenc_works.cache_clear()
    with caplog.at_level(logging.INFO, logger=encoders.__name__):
        assert not encoders.nvenc_works()
        assert encoders.encoder(pieces=1) == LIBX264
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "NVENC does not work here, libx264 encodes"
    ]


def written(folder: Path, encoder: str) -> tuple[Writer, dict[str, bytes]]:
    folder.mkdir()
    writer = Writer(folder, width=128, height=96, rate=Fraction(25), matrix="bt709", encoder=encoder)
    for index in range(30):
        buffer = np.full(128 * 96 * 3 // 2, 40 + index, np.uint8)
        writer.write(Planes.of(buffer, 128, 96), cut=index == 7)
    writer.close()
    return writer, {path.name: path.read_bytes() for path in folder.iterdir()}


@needs_no_nvenc
def test_a_session_that_is_not_to_be_had_ends_in_the_same_bytes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain, expected = written(tmp_path / "plain", LIBX264)
    with caplog.at_level(logging.WARNING, logger=encoders.__name__):
        fallen, files = written(tmp_path / "fallen", NVENC)
    assert (plain.encoder, fallen.encoder) == (LIBX264, LIBX264)
    assert files == expected
    assert len(files) == 2
    assert fallen.keyframes == [0, 7, 25]
    assert [record.message.split(",")[0] for record in caplog.records] == [f"{NVENC} gave no session"]


@pytest.fixture(scope="module")
def ride(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("encoders") / "ride.mp4"
    make_video(source, 4, (320, 180), 25)
    return source


@needs_no_nvenc
def test_a_worker_without_the_planned_encoder_does_its_part_all_the_same(ride: Path, tmp_path: Path) -> None:
    plan = replace(segments.plan(ride, OPTIONS, length_s=2), encoder=NVENC)
    plan = Plan.from_json(plan.to_json())
    assert (plan.encoder, len(plan.segments)) == (NVENC, 2)
    for index in (0, 1):
        segments.process_segment(ride, tmp_path, plan, index, workers=2)
        assert kept.load(segments.folder_of(tmp_path, index) / LOG)["encoder"] == LIBX264
    made = segments.join(ride, tmp_path, tmp_path / "out", plan)
    assert made["certificate"]["encoder"] == LIBX264
    expected = (tmp_path / "out" / "redacted.mp4").read_bytes()

    # Now as if another machine's encoder had written the second part: it has another header, so it is done again.
    part = segments.folder_of(tmp_path, 1)
    elsewhere = tmp_path / "elsewhere.mp4"
    recode = ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast"]
    command = [ffmpeg(), "-v", "error", "-i", str(part / "redacted.mp4"), *recode, str(elsewhere)]
    subprocess.run(command, check=True, timeout=60)
    assert header(elsewhere) != header(part / "redacted.mp4")
    elsewhere.replace(part / "redacted.mp4")
    kept.save(part / LOG, {**kept.load(part / LOG), "encoder": NVENC})
    shutil.rmtree(tmp_path / "out")
    segments.join(ride, tmp_path, tmp_path / "out", plan)
    assert (tmp_path / "out" / "redacted.mp4").read_bytes() == expected
