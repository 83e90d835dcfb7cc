"""A GPX, NMEA or CSV beside the video is put on the video's time; one of another trip is refused with a sentence."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.telemetry import sidecar
from pipeline.telemetry.align import align
from pipeline.telemetry.track import TelemetryError
from tests.telemetry import files
from tests.telemetry.files import SIDECARS, START, trip


@pytest.mark.parametrize("kind", sorted(SIDECARS))
def test_each_kind_is_read(kind: str) -> None:
    drive = trip(60)
    track = sidecar.parse(SIDECARS[kind](drive), name=f"ride.{kind}")
    assert track.source == kind
    assert track.t == pytest.approx(drive.t)
    assert track.lat == pytest.approx(drive.lat, abs=1e-6)
    assert track.utc[0] == START.timestamp()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "fewer than two positions|we can read"),
        (b"\0\1\2" * 100, "is not text"),
        (b"<gpx><trk>", "not a GPX file"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><gpx>&a;</gpx>', "entities"),
        (b"hello\nworld\n", "names the columns"),
        (b"time,latitude,longitude\n1,2,x\n", "no track"),
        (b"$GNRMC,1,A*00\n$GNGGA,,,*11", "right checksum"),
        (b"x" * (sidecar.MOST_BYTES + 1), "larger than 8 MB"),
    ],
)
def test_what_is_no_telemetry_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(TelemetryError, match=words) as refused:
        sidecar.parse(data, name="ride.gpx")
    assert "“ride.gpx”" in str(refused.value)


@pytest.mark.parametrize("kind", sorted(SIDECARS))
def test_damaged_text_never_raises_anything_else(kind: str) -> None:
    whole = SIDECARS[kind](trip(20))
    chance = random.Random(kind)
    sentences, tracks = [], []
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 4, 40))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            tracks.append(sidecar.parse(bytes(data)))
        except TelemetryError as error:
            sentences.append(str(error))
    assert all(sentence.endswith(".") for sentence in sentences)
    assert all((np.diff(track.t) > 0).all() for track in tracks)
    assert tracks


def test_clocks_put_it_on_the_videos_time() -> None:
    track = sidecar.parse(files.gpx(trip(600)))
    began = START.timestamp() + 100
    placed = align(track, began_utc=began, duration_s=60)
    assert placed.t[0] == pytest.approx(-100)
    late = align(track, began_utc=began, duration_s=60, clock_offset_s=2.5)
    assert late.t[0] == pytest.approx(-97.5)


def test_a_file_of_another_trip_is_refused() -> None:
    other = sidecar.parse(files.gpx(trip(600), began=START + timedelta(days=1)))
    with pytest.raises(TelemetryError, match="of another trip: it covers 2026-03-05 10:00:00") as refused:
        align(other, began_utc=START.timestamp(), duration_s=600)
    assert "The video is kept: choose the right file" in str(refused.value)


def test_without_a_clock_the_lengths_must_agree() -> None:
    track = sidecar.parse(files.csv(trip(600), began=None))
    assert align(track, began_utc=None, duration_s=595).t[0] == 0
    with pytest.raises(TelemetryError, match="it lasts 10 min 0 s, the recording 2 min 0 s"):
        align(track, began_utc=None, duration_s=120)


def test_a_wrong_clock_is_set_right_by_the_offset() -> None:
    hour = timedelta(hours=1)
    track = sidecar.parse(files.gpx(trip(600), began=START + hour))
    with pytest.raises(TelemetryError):
        align(track, began_utc=START.timestamp(), duration_s=600)
    placed = align(track, began_utc=START.timestamp(), duration_s=600, clock_offset_s=-3600)
    assert placed.t[0] == pytest.approx(0)


@pytest.mark.parametrize(("month", "hours"), [(1, 1), (7, 2)])
def test_a_camera_that_writes_the_time_on_the_wall_is_understood(month: int, hours: int) -> None:
    began = datetime(2026, month, 4, 10, 0, 0, tzinfo=UTC)
    track = sidecar.parse(files.gpx(trip(600), began=began))  # in Vienna, by UTC
    wall = began + timedelta(hours=hours)
    placed = align(track, began_utc=wall.timestamp(), duration_s=600)
    assert (placed.t[0], placed.t[-1]) == (0, 600)
    with pytest.raises(TelemetryError, match="of another trip"):
        align(track, began_utc=(wall + timedelta(hours=1)).timestamp(), duration_s=600)
