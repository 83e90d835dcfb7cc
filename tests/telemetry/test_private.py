"""The ends of a trip and private zones are in no output: neither in telemetry nor in the picture."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.telemetry import Privacy, Request, TelemetryError, Zone, place, read, ride, sidecar
from pipeline.telemetry.private import hidden
from pipeline.telemetry.track import Track, make
from pipeline.video.errors import BadInput
from pipeline.video.process import process
from tests.media import frames_of, make_video, number_of
from tests.telemetry import files
from tests.telemetry.files import Trip, trip


def track_of(drive: Trip) -> Track:
    return sidecar.parse(files.csv(drive))


def test_300_metres_at_both_ends_are_kept_back() -> None:
    stretches = hidden(track_of(trip(120)), Privacy(), duration_s=120, trip=True)
    assert [s.reason for s in stretches] == ["trip_end", "trip_end"]
    # 15 m/s: 300 m and the margin of a fix are 21 s, and the fix after that.
    assert (stretches[0].start_s, stretches[0].end_s) == (0, 21)
    assert (stretches[1].start_s, stretches[1].end_s) == (99, 120)


def test_a_zone_is_kept_back_wherever_the_way_crosses_it() -> None:
    drive = trip(120)
    home = Zone(float(drive.lat[60]), float(drive.lon[60]), 150)
    stretches = hidden(track_of(drive), Privacy(trim_m=0, zones=(home,)), duration_s=120, trip=True)
    assert [(s.start_s, s.end_s, s.reason) for s in stretches] == [(49, 71, "zone")]


def test_where_nobody_knows_where_the_camera_was_is_kept_back() -> None:
    drive = trip(200)
    gap = np.r_[30:80, 120:201]
    lost = Trip(drive.t[gap], drive.lat[gap], drive.lon[gap], drive.speed[gap])
    track = track_of(lost).shifted(30)
    stretches = hidden(track, Privacy(zones=(Zone(0, 0, 100),)), duration_s=200, trip=True)
    assert any(s.start_s == 0 and s.end_s >= 30 for s in stretches)
    assert any(s.start_s <= 79 and s.end_s >= 120 for s in stretches)


def test_a_camera_that_stands_has_no_trip_to_give_away() -> None:
    drive = trip(60, speed=0.2)
    assert hidden(track_of(drive), Privacy(), duration_s=60, trip=True) == []


def test_a_run_from_the_door_is_a_trip_and_laps_of_a_track_are_none() -> None:
    run = hidden(track_of(trip(300, speed=3.5)), Privacy(), duration_s=300, trip=False)
    assert [stretch.reason for stretch in run] == ["trip_end", "trip_end"]
    assert hidden(track_of(trip(60, speed=4.5)), Privacy(), duration_s=60, trip=False) == []  # 270 m


def test_a_zone_that_the_way_crosses_between_two_fixes_is_kept_back() -> None:
    drive = trip(120, speed=40.0)
    pair = np.arange(0, 121, 4)  # a fix every 160 m
    seldom = Trip(drive.t[pair], drive.lat[pair], drive.lon[pair], drive.speed[pair])
    between = Zone(float(drive.lat[62]), float(drive.lon[62]), 50)
    stretches = hidden(track_of(seldom), Privacy(trim_m=0, zones=(between,)), duration_s=120, trip=True)
    assert [(s.start_s, s.end_s, s.reason) for s in stretches] == [(60, 64, "zone")]
    beside = Zone(float(drive.lat[62]), float(drive.lon[62]) + 0.002, 50)  # 148 m to the side
    assert hidden(track_of(seldom), Privacy(trim_m=0, zones=(beside,)), duration_s=120, trip=True) == []


def test_a_single_point_inside_a_zone_is_refused() -> None:
    point = make("phone", [(0.0, 48.2, 16.37, float("nan"), float("nan"))])
    assert point is not None
    assert hidden(point, Privacy(), duration_s=60, trip=True) == []
    with pytest.raises(TelemetryError, match="inside one of your private zones"):
        hidden(point, Privacy(zones=(Zone(48.2, 16.37, 200),)), duration_s=60, trip=False)


def test_a_recording_that_is_all_private_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ride.mp4").write_bytes(files.novatek(trip(30)))
    with pytest.raises(TelemetryError, match="wholly within 300 m of where the trip starts or ends"):
        read(tmp_path / "ride.mp4", Request(), duration_s=30, trip=True)


def test_cells_are_about_a_kilometre_and_known_ones_are_right() -> None:
    assert place.cell(57.64911, 10.40744, 11) == "u4pruydqqvj"  # the example of Niemeyer's page
    assert place.cell(48.2, 16.37) == place.cell(48.2, 16.37)[:6]
    spots = [place.cell(48.2 + i * 1e-4, 16.37) for i in range(200)]  # 2.2 km north
    assert 3 <= len(set(spots)) <= 6


@pytest.mark.parametrize(
    ("lat", "lon", "country"),
    [(48.2, 16.37, "AT"), (35.68, 139.76, "JP"), (-33.87, 151.2, "AU"), (40.7, -74.0, "US")],
)
def test_the_country_is_known_offline(lat: float, lon: float, country: str) -> None:
    found = place.coarse(np.array([lat]), np.array([lon]))
    assert found is not None
    assert found.country == country
    assert found.region.startswith(country + ".")
    assert place.coarse(np.array([0.0]), np.array([-140.0])).country == ""  # type: ignore[union-attr]


def test_speed_and_braking_on_the_grid() -> None:
    t = np.arange(61.0)
    speed = np.clip(20 - 4 * np.clip(t - 30, 0, None), 0, None)
    north = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 2)])
    drive = Trip(t, 48.2 + north / 111_195, np.full(61, 16.37), speed)
    found = ride.ride(track_of(drive), duration_s=60)
    assert found is not None
    assert found.speed[100] == pytest.approx(20, abs=0.1)
    assert found.accel.min() == pytest.approx(-4, abs=0.4)
    assert found.t[int(found.accel.argmin())] == pytest.approx(32.5, abs=2)


@pytest.fixture(scope="module")
def ride_with_sidecar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Alice's minute with a GPX: the first and last 300 m, and a zone of 60 m half-way, must not be seen."""
    folder = tmp_path_factory.mktemp("private")
    make_video(folder / "ride.mp4", 24, (320, 180), 10, seed=4, counter=True)
    drive = trip(24, speed=20.0)
    (folder / "ride.csv").write_bytes(files.csv(drive, began=None))
    home = Zone(float(drive.lat[12]), float(drive.lon[12]), 20)
    request = Request(sidecar=folder / "ride.csv", privacy=Privacy(trim_m=60.0, zones=(home,)))
    process(folder / "ride.mp4", folder / "out", vertical="driving", workers=1, motion=request)
    return folder / "out"


def test_private_pictures_are_black_in_every_file(ride_with_sidecar: Path) -> None:
    report = json.loads((ride_with_sidecar / "report.json").read_text())
    private = [d for d in report["dropped"] if d["reason"] == "private"]
    assert private[0]["start_s"] == 0
    assert len(private) == 3
    assert "privacy" in private[0]["sentence"]
    for name in ("redacted.mp4", "preview.mp4"):
        video = cv2.VideoCapture(str(ride_with_sidecar / name))
        for frame in range(report["output"]["frames"]):
            ok, picture = video.read()
            assert ok
            # The preview carries a watermark; what the camera saw is gone in both.
            dark = float(np.median(picture)) < 24
            assert dark == any(d["start_s"] - 1e-6 <= frame / 10 < d["end_s"] - 1e-6 for d in private), frame
    for clip in report["clips"]:
        assert all(clip["end_s"] <= d["start_s"] or clip["start_s"] >= d["end_s"] for d in private)


def test_every_result_is_read_frame_by_frame_and_no_private_picture_is_there(ride_with_sidecar: Path) -> None:
    """Each picture carries its number: those of the private stretches are in no file, all others are in order."""
    report = json.loads((ride_with_sidecar / "report.json").read_text())
    private = {
        frame
        for part in report["dropped"]
        if part["reason"] == "private"
        for frame in range(round(part["start_s"] * 10), round(part["end_s"] * 10))
    }
    # By the ride itself: 20 m/s, 60 m and the margin at the ends, and a zone of 20 m around second 12.
    assert {*range(38), *range(110, 130), *range(202, 240)} <= private
    assert len(private) < 130
    master = [number_of(frame) for frame in frames_of(ride_with_sidecar / "redacted.mp4")]
    assert master == [None if frame in private else frame for frame in range(240)]
    shown: list[int | None] = []
    for clip in report["clips"]:
        for name in (clip["file"], clip["preview"]):
            numbers = [number_of(frame) for frame in frames_of(ride_with_sidecar / name)]
            assert numbers == list(range(clip["start_frame"], clip["end_frame"])), name
        shown += numbers
        number = number_of(cv2.imread(str(ride_with_sidecar / clip["poster"])))
        assert number in range(clip["start_frame"], clip["end_frame"])
    assert shown
    assert not private & set(shown)


def test_private_telemetry_and_exact_places_are_in_no_file(ride_with_sidecar: Path) -> None:
    report = json.loads((ride_with_sidecar / "report.json").read_text())
    said = report["telemetry"]
    assert said["columns"] == ["t_s", "frame", "speed_mps", "accel_mps2", "yaw_rate_dps", "cell"]
    assert said["place"]["country"] == "AT"
    times = np.array([row[0] for row in said["samples"]])
    assert len(times)
    private = [d for d in report["dropped"] if d["reason"] == "private"]
    assert not any(((times >= d["start_s"]) & (times < d["end_s"])).any() for d in private)
    assert all(row[1] == round(row[0] * 10) and row[2] == pytest.approx(20, abs=1) for row in said["samples"])
    text = (ride_with_sidecar / "report.json").read_text()
    assert "48.2" not in text
    assert "16.37" not in text


def test_a_telemetry_file_of_another_trip_stops_the_work(tmp_path: Path) -> None:
    make_video(tmp_path / "ride.mp4", 3, (160, 120), 10)
    (tmp_path / "other.csv").write_bytes(files.csv(trip(600), began=None))
    with pytest.raises(BadInput, match="does not fit: it lasts 10 min 0 s, the recording 3 s"):
        process(
            tmp_path / "ride.mp4",
            tmp_path / "out",
            vertical="driving",
            motion=Request(sidecar=tmp_path / "other.csv"),
        )
    assert not (tmp_path / "out").exists()


def test_covering_again_does_not_show_what_became_private(tmp_path: Path) -> None:
    make_video(tmp_path / "ride.mp4", 6, (160, 120), 10, seed=4)
    drive = trip(6, speed=20.0)
    (tmp_path / "ride.csv").write_bytes(files.csv(drive, began=None))
    source, sidecar_file = tmp_path / "ride.mp4", tmp_path / "ride.csv"
    open_to_all = Request(sidecar=sidecar_file, privacy=Privacy(trim_m=0.0))
    process(source, tmp_path / "first", vertical="driving", motion=open_to_all)
    kept = tmp_path / "first" / "detections.npz"
    process(source, tmp_path / "again", vertical="driving", motion=open_to_all, reuse=kept)
    home = Zone(float(drive.lat[0]), float(drive.lon[0]), 20)
    now = Request(sidecar=sidecar_file, privacy=Privacy(trim_m=0.0, zones=(home,)))
    with pytest.raises(ValueError, match="Other places are private now"):
        process(source, tmp_path / "later", vertical="driving", motion=now, reuse=kept)
