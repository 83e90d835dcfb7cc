"""Metadata of the source reaches no output: no place, no time, no device, no sound, no extra streams."""

from __future__ import annotations

from tests.engine.conftest import CANARIES, Done


def test_the_source_really_carries_it(alices_ride: Done) -> None:
    bytes_in = alices_ride.source.read_bytes()
    for canary in CANARIES[:-1]:
        assert canary.encode() in bytes_in


def test_no_output_holds_a_byte_of_it(alices_ride: Done) -> None:
    assert len(alices_ride.files()) >= 8
    for path in alices_ride.files():
        data = path.read_bytes()
        for canary in (*CANARIES, "2019-03-04"):
            assert canary.encode() not in data, f"{canary} is in {path.name}"


def test_no_output_tells_where_the_file_came_from(alices_ride: Done) -> None:
    for path in alices_ride.files():
        data = path.read_bytes()
        assert b"ride.mp4" not in data
        assert str(alices_ride.source.parent).encode() not in data


def test_videos_have_no_time_of_creation(alices_ride: Done) -> None:
    for path in alices_ride.files():
        if path.suffix == ".mp4":
            data = path.read_bytes()
            for box in (b"mvhd", b"tkhd", b"mdhd"):
                at = (
                    data.index(box) + 8
                )  # after the name: version and flags, then creation and modification time
                assert data[at : at + 8] == bytes(8), path.name
            assert b"soun" not in data[: data.index(b"mdat")]
