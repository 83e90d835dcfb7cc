"""What `process` leaves in DIR is right in form: files, streams, keyframes, clips, report."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from pipeline.video import encoders
from tests.engine.conftest import Done
from tests.media import frames_of


def stream_facts(path: Path) -> dict[str, Any]:
    """Read one of our own files: streams, times, keyframes."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times, keys = [], []
        for packet in container.demux(stream):
            if packet.size:
                frame = round(packet.pts * stream.time_base * stream.average_rate)
                times.append(frame)
                if packet.is_keyframe:
                    keys.append(frame)
        return {
            "streams": [s.type for s in container.streams],
            "codec": stream.codec_context.name,
            "pix_fmt": stream.codec_context.pix_fmt,
            "size": (stream.codec_context.width, stream.codec_context.height),
            "rate": float(stream.average_rate),
            "frames": sorted(times),
            "keys": sorted(keys),
            "start": stream.start_time,
        }


def test_master_is_constant_rate_h264_without_sound(alices_ride: Done) -> None:
    facts = stream_facts(alices_ride.out / "redacted.mp4")
    assert (facts["codec"], facts["pix_fmt"], facts["streams"]) == ("h264", "yuv420p", ["video"])
    assert facts["size"] == (640, 360)
    assert facts["rate"] == 25
    assert facts["start"] == 0
    assert facts["frames"] == list(range(alices_ride.truth.frames))


def test_index_comes_before_the_pictures(alices_ride: Done) -> None:
    for path in alices_ride.files():
        if path.suffix == ".mp4":
            head = path.read_bytes()
            assert head.index(b"moov") < head.index(b"mdat"), path.name
            assert b"edts" not in head, path.name


def test_a_keyframe_at_least_every_second_in_both_files(alices_ride: Done) -> None:
    master = stream_facts(alices_ride.out / "redacted.mp4")
    preview = stream_facts(alices_ride.out / "preview.mp4")
    assert master["keys"] == preview["keys"]
    assert master["keys"][0] == 0
    assert max(b - a for a, b in pairwise([*master["keys"], alices_ride.truth.frames])) <= 25


def test_change_of_scene_is_a_keyframe(alices_ride: Done) -> None:
    assert alices_ride.truth.frames // 2 + 1 in stream_facts(alices_ride.out / "redacted.mp4")["keys"]


def test_preview_is_marked_and_small(alices_ride: Done) -> None:
    master = frames_of(alices_ride.out / "redacted.mp4")[40]
    preview = frames_of(alices_ride.out / "preview.mp4")[40]
    assert min(preview.shape[:2]) <= 480
    plain = cv2.resize(master, preview.shape[1::-1], interpolation=cv2.INTER_AREA).astype(int)
    marked = np.abs(preview.astype(int) - plain).mean(axis=2) > 25
    assert 0.01 < marked.mean() < 0.3
    rows, columns = np.array_split(marked, 3), np.array_split(marked, 3, axis=1)
    assert all(part.any() for part in (*rows, *columns)), "the mark is not everywhere"


def test_pictures_can_be_read(alices_ride: Done) -> None:
    sprite = alices_ride.report["output"]["sprite"]
    sheet = cv2.imread(str(alices_ride.out / "sprite.jpg"))
    assert sheet.shape[1] == sprite["tile_width"] * sprite["columns"]
    assert sprite["count"] * sprite["every_s"] >= 8.5
    assert cv2.imread(str(alices_ride.out / "poster.jpg")).shape[:2] == (360, 640)


def test_report_describes_source_and_output(alices_ride: Done) -> None:
    report = alices_ride.report
    assert {
        "schema", "source", "output", "models", "tracks", "poses", "tags", "clips", "certificate", "timing"
    } <= set(report)  # fmt: skip
    assert (
        report["output"] | {"width": 640, "height": 360, "fps": 25.0, "frames": 275, "duration_s": 11.0}
        == report["output"]
    )
    assert report["source"]["codec"] == "h264"
    assert report["source"]["has_location"]
    assert report["source"]["has_audio"]
    assert all({"name", "role", "sha256"} <= set(model) for model in report["models"])
    assert {"check", "redact", "tag", "cut", "total"} <= set(report["timing"])


def test_tracks_lie_in_the_picture(alices_ride: Done) -> None:
    for track in alices_ride.report["tracks"]:
        assert track["kind"] in {"face", "plate", "jersey", "screen", "manual"}
        frames = [box[0] for box in track["boxes"]]
        assert frames == sorted(set(frames))
        assert set(track["detected"]) & set(frames)
        for frame, x, y, w, h in track["boxes"]:
            assert 0 <= frame < 275
            assert x >= 0
            assert y >= 0
            assert x + w <= 640
            assert y + h <= 360


def test_certificate_counts_what_was_done(alices_ride: Done) -> None:
    certificate = alices_ride.report["certificate"]
    plates = [t for t in alices_ride.report["tracks"] if t["kind"] == "plate"]
    assert certificate["tracks"]["plate"]["found"] == len(plates) > 0
    assert certificate["frames"] == 275
    assert 0 < certificate["masked_share"] < 0.2
    assert certificate["stride"] <= 3
    assert certificate["encoder"] == encoders.encoder(pieces=1)
    assert {d["track"] for d in certificate["doubtful"]} == {
        t["id"] for t in alices_ride.report["tracks"] if t["review"]
    }


def test_clips_cover_the_footage_without_gaps(alices_ride: Done) -> None:
    clips = alices_ride.report["clips"]
    assert clips[0]["start_frame"] == 0
    assert clips[-1]["end_frame"] == 275
    assert all(a["end_frame"] == b["start_frame"] for a, b in pairwise(clips))
    assert all(4 <= clip["duration_s"] <= 20 for clip in clips)


def test_clips_are_cut_where_the_scene_changes(alices_ride: Done) -> None:
    assert alices_ride.truth.frames // 2 + 1 in {clip["start_frame"] for clip in alices_ride.report["clips"]}


def test_clips_hold_exactly_their_frames(alices_ride: Done) -> None:
    master = frames_of(alices_ride.out / "redacted.mp4")
    for clip in alices_ride.report["clips"]:
        path = alices_ride.out / clip["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == clip["sha256"]
        assert path.stat().st_size == clip["bytes"]
        frames = frames_of(path)
        assert len(frames) == clip["frames"] == clip["end_frame"] - clip["start_frame"]
        assert np.array_equal(frames[0], master[clip["start_frame"]])
        assert np.array_equal(frames[-1], master[clip["end_frame"] - 1])
        assert stream_facts(path)["start"] == 0
        assert stream_facts(alices_ride.out / clip["preview"])["frames"] == list(range(clip["frames"]))
        assert cv2.imread(str(alices_ride.out / clip["poster"])) is not None


def test_clips_carry_tags_and_an_explained_quality(alices_ride: Done) -> None:
    known = {tag["id"] for tag in alices_ride.report["tags"]}
    for clip in alices_ride.report["clips"]:
        assert set(clip["tags"]) <= known
        assert any(tag.startswith("odd.illumination.") for tag in clip["tags"])
        assert 0 <= clip["quality"] <= 1
        assert set(clip["quality_parts"]) == {"sharpness", "resolution", "brightness", "stability"}


def test_tags_belong_to_the_taxonomy_and_name_their_source(alices_ride: Done) -> None:
    from marketplace.taxonomy import known_tags, version

    assert alices_ride.report["taxonomy_version"] == version()

    for tag in alices_ride.report["tags"]:
        assert tag["id"] in known_tags()
        assert tag["source"] == "contributor" or len(tag["source"]) == len("model:") + 64
        assert 0 <= tag["start_s"] <= tag["end_s"] <= 11.0
        assert 0 <= tag["confidence"] <= 1
