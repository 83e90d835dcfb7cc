"""Whatever a camera writes comes out upright, square, SDR, 8 bit, at a constant rate."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.video.probe import Facts, probe
from pipeline.video.read import Reader
from pipeline.video.redact import Planes
from tests.media import ffmpeg, make_video

# Left half dark, right half bright, top third red: tells every way of turning and mirroring apart.
PATTERN = "color=black:s={w}x{h}:r=25:d=1,drawbox=x=iw/2:w=iw/2:h=ih:c=white:t=fill,drawbox=w=iw:h=ih/3:c=red:t=fill"


def lavfi(path: Path, graph: str, *flags: str) -> Path:
    command = [ffmpeg(), "-loglevel", "error", "-y", "-f", "lavfi", "-i", graph]
    subprocess.run([*command, "-preset", "ultrafast", *flags, str(path)], check=True)
    return path


def read(path: Path) -> tuple[Facts, list[Planes]]:
    """Return the facts and the planes of every frame as the engine sees them."""
    facts = probe(path)
    reader = Reader(path, facts, threads=2)
    try:
        return facts, [Planes.of(buffer, reader.width, reader.height) for buffer in reader.frames()]
    finally:
        reader.close()


def looks_upright(planes: Planes) -> bool:
    height, width = planes.y.shape
    low = planes.y[height // 2 :]
    left, right = low[:, : width // 3].mean(), low[:, -width // 3 :].mean()
    top_red, low_red = planes.v[: height // 8].mean(), planes.v[height // 3 :].mean()
    return bool(left < 60 < 180 < right and top_red > 180 > 150 > low_red)


def test_the_pattern_itself(tmp_path: Path) -> None:
    facts, frames = read(lavfi(tmp_path / "a.mp4", PATTERN.format(w=320, h=180)))
    assert (facts.width, facts.height, facts.rotation) == (320, 180, 0)
    assert len(frames) == 25
    assert looks_upright(frames[0])


@pytest.mark.parametrize(
    ("turn", "filter_"), [(90, "transpose=1"), (180, "hflip,vflip"), (270, "transpose=2")]
)
def test_rotated_by_its_header(tmp_path: Path, turn: int, filter_: str) -> None:
    flat = lavfi(tmp_path / "flat.mp4", PATTERN.format(w=320, h=180) + "," + filter_)
    path = tmp_path / "a.mp4"
    turned = ["-display_rotation", str(turn), "-i", str(flat), "-c", "copy", str(path)]
    subprocess.run([ffmpeg(), "-loglevel", "error", *turned], check=True)
    facts, frames = read(path)
    assert facts.rotation == turn
    assert (facts.width, facts.height) == (320, 180)
    assert frames[0].y.shape == (180, 320)
    assert looks_upright(frames[0])


@pytest.mark.parametrize(
    ("size", "out"), [((641, 361), (640, 360)), ((319, 241), (320, 240)), ((3000, 200), (2560, 170))]
)
def test_odd_and_large_sizes_become_even_and_bounded(
    tmp_path: Path, size: tuple[int, int], out: tuple[int, int]
) -> None:
    graph = PATTERN.format(w=size[0], h=size[1])
    facts, frames = read(lavfi(tmp_path / "a.mkv", graph, "-pix_fmt", "yuv444p"))
    assert (facts.width, facts.height) == size
    assert frames[0].y.shape[1] == out[0]
    assert abs(frames[0].y.shape[0] - out[1]) <= 2
    assert looks_upright(frames[0])


def test_more_than_1080_lines_shrink(tmp_path: Path) -> None:
    _, frames = read(lavfi(tmp_path / "a.mp4", PATTERN.format(w=2560, h=1440).replace("d=1", "d=0.6")))
    assert frames[0].y.shape == (1080, 1920)


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    facts, frames = read(lavfi(tmp_path / "a.mp4", PATTERN.format(w=360, h=288) + ",setsar=16/11"))
    assert (facts.width, facts.height) == (524, 288)
    assert frames[0].y.shape == (288, 524)
    assert looks_upright(frames[0])


def test_full_range_becomes_limited(tmp_path: Path) -> None:
    graph = "color=white:s=320x180:r=25:d=1,scale=out_range=pc,format=yuvj420p"
    facts, frames = read(lavfi(tmp_path / "a.mp4", graph, "-color_range", "pc"))
    assert facts.full_range
    assert int(np.median(frames[0].y)) == 235


def test_ten_bit_hdr_becomes_sdr(tmp_path: Path) -> None:
    tagged = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    graph = PATTERN.format(w=320, h=180) + ",format=yuv420p10le," + tagged
    facts, frames = read(
        lavfi(tmp_path / "a.mkv", graph, "-c:v", "libx265", "-x265-params", "log-level=error")
    )
    assert facts.hdr == "PQ"
    assert facts.bit_depth == 10
    assert len(frames) == 25
    low = frames[0].y[120:]
    assert low[:, :100].mean() + 60 < low[:, -100:].mean()


def test_interlaced_is_deinterlaced(tmp_path: Path) -> None:
    graph = "testsrc2=s=320x240:r=50:d=1,tinterlace=interleave_top,setfield=tff"
    path = lavfi(tmp_path / "a.ts", graph, "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-b:v", "4M")
    facts, frames = read(path)
    assert facts.interlaced
    assert abs(len(frames) - 25) <= 1

    def combing(y: np.ndarray) -> float:
        lines = y.astype(float)
        return float(np.abs(lines[1:-1] * 2 - lines[:-2] - lines[2:]).mean())

    with av.open(str(path)) as container:
        raw = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert combing(frames[12].y) < 0.9 * combing(raw[12])


def test_variable_rate_becomes_constant_and_keeps_its_length(tmp_path: Path) -> None:
    graph = "testsrc2=s=320x180:r=30:d=2,select='lt(n\\,30)+not(mod(n\\,3))'"
    facts, frames = read(lavfi(tmp_path / "a.mkv", graph, "-fps_mode", "vfr", "-enc_time_base", "1/1000"))
    assert facts.variable_rate
    assert abs(len(frames) / facts.fps - 2.0) < 0.15


def test_fast_cameras_are_halved_to_sixty(tmp_path: Path) -> None:
    facts, frames = read(lavfi(tmp_path / "a.mp4", "testsrc2=s=320x180:r=240:d=1"))
    assert facts.fps == 60
    assert len(frames) == 60


def test_constant_rate_keeps_every_frame(tmp_path: Path) -> None:
    for container in ("mp4", "mkv", "ts"):
        truth = make_video(tmp_path / f"a.{container}", 2, (320, 180), 30000 / 1001)
        facts, frames = read(tmp_path / f"a.{container}")
        assert len(frames) == truth.frames, container
        assert abs(facts.fps - 29.97) < 0.01


def test_the_larger_of_two_pictures_is_used_not_the_cover(tmp_path: Path) -> None:
    video, cover = tmp_path / "v.mp4", tmp_path / "c.jpg"
    make_video(video, 1, (320, 180), 25)
    subprocess.run(
        [
            ffmpeg(),
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "color=s=800x600",
            "-frames:v",
            "1",
            str(cover),
        ],
        check=True,
    )
    both = [
        "-i",
        str(cover),
        "-i",
        str(video),
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        "-disposition:v:0",
        "attached_pic",
    ]
    subprocess.run([ffmpeg(), "-loglevel", "error", *both, str(tmp_path / "a.mp4")], check=True)
    facts, frames = read(tmp_path / "a.mp4")
    assert (facts.width, facts.height, len(frames)) == (320, 180, 25)
    assert facts.has_attachments
