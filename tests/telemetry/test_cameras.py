"""What cameras write into their files is read, and nothing that a file may hold makes the reader fail or hang."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest

from pipeline.telemetry import Request, embedded, mp4, read
from pipeline.telemetry.private import Privacy
from tests.media import SHARED_DATA
from tests.telemetry import files
from tests.telemetry.files import CAMERAS, box, trip


@pytest.mark.parametrize("camera", sorted(CAMERAS))
def test_each_camera_is_read(camera: str, tmp_path: Path) -> None:
    drive = trip(30)
    (tmp_path / "ride.mp4").write_bytes(CAMERAS[camera](drive))
    found = embedded.read(tmp_path / "ride.mp4").track
    assert found is not None
    assert found.source == camera
    assert found.duration_s == pytest.approx(30, abs=1)
    assert np.interp(drive.t[5:25], found.t, found.lat) == pytest.approx(drive.lat[5:25], abs=2e-4)
    assert found.lon == pytest.approx(16.37, abs=1e-4)
    assert found.speed == pytest.approx(15, abs=0.3)


def test_the_gyroscope_tells_the_turn_however_the_camera_is_mounted(tmp_path: Path) -> None:
    (tmp_path / "ride.mp4").write_bytes(files.gopro(trip(30), turning_dps=12.0))
    ride = read(tmp_path / "ride.mp4", Request(privacy=Privacy(trim_m=0)), duration_s=30, trip=True).ride
    assert ride is not None
    assert ride.yaw_rate[50:250] == pytest.approx(12, abs=0.5)


def test_a_camera_without_a_fix_still_tells_how_it_turned(tmp_path: Path) -> None:
    (tmp_path / "ride.mp4").write_bytes(files.gopro(trip(10), fix=0, turning_dps=9.0))
    track = embedded.read(tmp_path / "ride.mp4").track
    assert track is not None
    assert len(track) == 0
    found = read(tmp_path / "ride.mp4", Request(), duration_s=10, trip=True)
    assert found.hidden == []
    assert found.ride is not None
    assert found.ride.yaw_rate[20:80] == pytest.approx(9, abs=0.5)
    assert found.ride.public(25.0)["samples"][50] == [5.0, 125, None, None, pytest.approx(9, abs=0.5), ""]
    assert found.ride.public(25.0)["place"] is None


def test_a_phone_stores_one_point(tmp_path: Path) -> None:
    text = b"+48.2082+016.3738/"
    xyz = box(b"\xa9xyz", struct.pack(">HH", len(text), 0x15C7) + text)
    (tmp_path / "a.mp4").write_bytes(box(b"moov", files.header(seconds=5) + box(b"udta", xyz)))
    loci = box(
        b"loci",
        bytes(6) + b"Home\0" + b"\0" + struct.pack(">3i", round(16.3738 * 65536), round(48.2082 * 65536), 0),
    )
    (tmp_path / "b.mp4").write_bytes(box(b"moov", files.header(seconds=5) + box(b"udta", loci)))
    for name in ("a.mp4", "b.mp4"):
        track = embedded.read(tmp_path / name).track
        assert track is not None
        assert (len(track), track.source) == (1, "phone")
        assert (track.lat[0], track.lon[0]) == pytest.approx((48.2082, 16.3738), abs=1e-4)


@pytest.mark.parametrize("camera", sorted(CAMERAS))
def test_damaged_files_are_read_as_far_as_they_go(camera: str, tmp_path: Path) -> None:
    whole = CAMERAS[camera](trip(8))
    chance = random.Random(camera)
    path = tmp_path / "ride.mp4"
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20, 200))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.4:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(bytes(data))
        track = embedded.read(path).track
        if track is not None:
            assert np.isfinite(track.t).all()
            assert (np.abs(track.lat) <= 90).all()
            assert (np.diff(track.t) > 0).all()


def test_tables_that_lie_about_their_size_cost_nothing(tmp_path: Path) -> None:
    huge = struct.pack(">II", 20, 0xFFFFFFFF)
    stbl = box(b"stsd", bytes(8) + struct.pack(">I4s", 16, b"gpmd") + bytes(8)) + box(
        b"stsz", bytes(4) + huge
    )
    stbl += box(b"stsc", bytes(4) + struct.pack(">IIII", 1, 1, 0xFFFFFFFF, 1))
    stbl += box(b"stts", bytes(4) + struct.pack(">III", 1, 0xFFFFFFFF, 0xFFFFFFFF))
    stbl += box(b"stco", bytes(4) + struct.pack(">II", 1, 0))
    media = box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 1000, 0, 0)) + box(
        b"hdlr", bytes(8) + b"meta" + bytes(13)
    )
    trak = box(b"trak", box(b"mdia", media + box(b"minf", box(b"stbl", stbl))))
    nested = b"".join([b"\0\0\0\x08moov"] * 50_000)
    path = tmp_path / "lies.mp4"
    path.write_bytes(box(b"moov", trak) + nested)
    assert embedded.read(path).track is None
    with path.open("rb") as handle:
        assert len(mp4.boxes(mp4.Source(handle))) <= mp4.MOST_BOXES


@pytest.mark.parametrize(
    ("name", "source", "fixes"),
    [
        ("dashcamigo__70mai-embedded__synthetic-70mai.mp4", "70mai", 3),
        ("dashcamigo__70mai-gps-box__synthetic-mai-pro.mp4", "70mai", 3),
        ("dashcamigo__blackvue-mp4__synthetic.mp4", "blackvue", 4),
        ("dashcamigo__garmin__synthetic-pndm.mp4", "garmin", 5),
        ("dashcamigo__gopro-gpmf__hero5-trimmed.mp4", "gpmf", 36),
        ("dashcamigo__novatek__synthetic-viofo.mp4", "novatek", 3),
        ("dashcamigo__novatek__synthetic-vantrue.mp4", "novatek", 3),
        ("dashcamigo__novatek-ts__synthetic-happy.TS", "novatek", 6),
        ("dashcamigo__novatek-ts__synthetic-edge.TS", "novatek", 2),
        ("dashcamigo__novatek-ts__synthetic-wrong-format.TS", None, 0),
        ("metaex__with-gps.mov", "phone", 1),
    ],
)
def test_files_of_real_cameras(name: str, source: str | None, fixes: int) -> None:
    path = SHARED_DATA / "robust" / name
    if not path.is_file():
        pytest.skip("the shared test data is not on this machine")
    track = embedded.read(path).track
    assert (track.source if track else None, len(track) if track else 0) == (source, fixes)


def test_no_file_of_the_robust_set_makes_it_fail() -> None:
    folder = SHARED_DATA / "robust"
    if not folder.is_dir():
        pytest.skip("the shared test data is not on this machine")
    found = {path.name: embedded.read(path) for path in sorted(folder.iterdir()) if path.is_file()}
    assert len(found) > 50
