"""Dates and places that a camera burns into its pictures are covered; the options say what else is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.video.boxes import Box, covered
from pipeline.video.burnt import Burnt
from pipeline.video.options import Options
from pipeline.video.process import process
from pipeline.video.schedule import TURNS, Schedule
from tests.media import Picture, ffmpeg, frames_of, texture

STAMP = Box("screen", 40, 662, 500, 34, 0.9)
SIGN = Box("screen", 600, 30, 260, 40, 0.9)


def scene(shift: int) -> Picture:
    return texture((1600, 720), seed=6)[:, shift : shift + 1280, 0].copy()


def boxes_at(burnt: Burnt, frame: int) -> list[Box]:
    return [box for _, box in burnt.at(frame)]


@pytest.mark.parametrize("driving", [True, False])
def test_what_stays_while_the_scene_moves_is_covered_from_the_first_frame_on(driving: bool) -> None:
    burnt = Burnt(keeps_undecided=driving, fps=20)
    burnt.look(0, scene(0), [STAMP, SIGN])
    assert boxes_at(burnt, 0) == [STAMP, SIGN]  # nobody can tell yet
    for look in (1, 2, 3):
        burnt.look(look * 30, scene(look * 60), [STAMP])
        assert boxes_at(burnt, look * 30) == [STAMP]
    stamp, sign = burnt.tracks()
    assert (stamp.hits, sign.hits) == ([0, 30, 60, 90], [0])
    assert stamp.id != sign.id


def test_a_parked_dashcam_keeps_its_stamp_covered_and_a_board_beside_a_pitch_is_seen_again() -> None:
    parked, pitch = Burnt(keeps_undecided=True, fps=20), Burnt(keeps_undecided=False, fps=20)
    for look in range(4):
        parked.look(look * 30, scene(0), [STAMP])
        pitch.look(look * 30, scene(0), [STAMP])
    assert boxes_at(parked, 90) == [STAMP]
    assert boxes_at(pitch, 0) == [STAMP]
    assert boxes_at(pitch, 90) == []
    parked.look(120, scene(200), [STAMP])  # it drives off
    assert boxes_at(parked, 120) == [STAMP]


def test_a_stamp_that_appears_later_is_covered_from_the_second_look_at_it() -> None:
    burnt = Burnt(keeps_undecided=True, fps=20)
    for look, lines in enumerate([[], [STAMP], [STAMP]]):
        burnt.look(look * 30, scene(look * 60), lines)
    assert boxes_at(burnt, 45) == [STAMP]  # frames that wait in the ring too


def test_letters_that_were_not_there_before_are_covered_at_once_and_a_look_soon_tells_whether_they_stay() -> (
    None
):
    burnt = Burnt(keeps_undecided=False, fps=20)
    burnt.look(0, scene(0), [])
    burnt.look(30, scene(60), [])
    place = Box("screen", 300, 664, 230, 30, 0.9)  # the end of a line that a look at all of it reads whole
    burnt.appeared(42, [place])
    assert boxes_at(burnt, 40) == [place]
    assert not burnt.due(50)
    assert burnt.due(52)
    assert not burnt.due(52), "once"
    burnt.look(52, scene(104), [STAMP])
    assert covered(STAMP, boxes_at(burnt, 52)[0]) == 1
    burnt.look(60, scene(160), [STAMP])
    burnt.look(90, scene(220), [STAMP])
    assert len(boxes_at(burnt, 90)) == 1
    burnt.appeared(95, [place])
    assert len(boxes_at(burnt, 95)) == 1, "it is covered already"


def test_a_sign_that_came_to_rest_is_let_go_when_a_look_no_longer_sees_it() -> None:
    burnt = Burnt(keeps_undecided=True, fps=20)
    burnt.look(0, scene(0), [])
    burnt.appeared(12, [SIGN])
    assert boxes_at(burnt, 12) == [SIGN]
    burnt.look(22, scene(80), [])
    assert boxes_at(burnt, 22) == []


def test_a_clock_counts_as_burnt_in_where_nothing_moves_and_a_board_does_not() -> None:
    burnt = Burnt(keeps_undecided=False, fps=20)
    for look in range(5):
        picture = scene(0)
        cv2.putText(picture, "PITCH 3", (600, 60), cv2.FONT_HERSHEY_DUPLEX, 1.0, 255, 2, cv2.LINE_AA)
        stamp = f"2026-05-04 10:15:0{2 * look}"
        cv2.putText(picture, stamp, (40, 690), cv2.FONT_HERSHEY_DUPLEX, 1.0, 255, 2, cv2.LINE_AA)
        burnt.look(look * 30, picture, [STAMP, SIGN])
        assert STAMP in boxes_at(burnt, look * 30)
    assert SIGN not in boxes_at(burnt, 120)


@pytest.mark.parametrize(("shift", "begins"), [(5, 0), (0, 0), (5, 45), (0, 45)])
@pytest.mark.parametrize("vertical", ["driving", "sports"])
def test_a_place_that_the_camera_knows_after_a_while_is_covered_from_its_first_frame_on(
    tmp_path: Path, vertical: str, shift: int, begins: int
) -> None:
    """Beside a date that is there from frame `begins` on, in a scene that moves by so many pixels a frame."""
    source, knows, ground = tmp_path / "ride.mp4", 45, cv2.blur(texture((1600, 720), seed=6), (5, 5))
    with av.open(str(source), "w") as file:
        stream = file.add_stream("libx264", rate=20, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for n in range(64):
            picture = ground[:, shift * n : shift * n + 1280].copy()
            text = f"2026-05-04 10:15:0{n // 20}" + (" N48.13712 E011.57543" if n >= knows else "")
            if n >= begins:
                cv2.putText(
                    picture, text, (40, 690), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA
                )
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        file.mux(stream.encode(None))
    process(source, tmp_path / "out", vertical=vertical, only_redact=True)
    before, after = frames_of(source), frames_of(tmp_path / "out" / "redacted.mp4")
    place = np.s_[660:700, 420:800]
    assert min(np.count_nonzero(frame[place].min(axis=2) > 225) for frame in before[knows:]) > 300
    readable = [
        n
        for n, frame in enumerate(after)
        if n >= knows and np.count_nonzero(frame[place].min(axis=2) > 225) > 25
    ]
    assert not readable


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds over a moving ground, with a date and a place at the bottom."""
    path = tmp_path_factory.mktemp("stamped") / "ride.mp4"
    ground = cv2.blur(texture((1600, 720), seed=6), (5, 5))
    command = [
        ffmpeg(),
        "-y",
        "-loglevel",
        "error",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "bgr24",
        "-s",
        "1280x720",
        "-r",
        "20",
    ]
    command += ["-i", "-", "-pix_fmt", "yuv420p", "-preset", "ultrafast", str(path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert child.stdin
    for n in range(60):
        frame = ground[:, n * 5 : n * 5 + 1280].copy()
        text = f"2026-05-04 10:15:0{n // 20} N48.137"
        cv2.putText(frame, text, (40, 690), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA)
        child.stdin.write(frame.tobytes())
    child.stdin.close()
    assert child.wait() == 0
    return path


def bright(frame: Picture) -> int:
    """Count the pixels as bright as the letters where the stamp is."""
    return int(np.count_nonzero(frame[660:700, 30:600].min(axis=2) > 225))


def test_the_stamp_cannot_be_read_in_any_frame(stamped: Path, tmp_path: Path) -> None:
    report = process(stamped, tmp_path / "out", vertical="driving", only_redact=True)
    assert min(bright(frame) for frame in frames_of(stamped)) > 500
    assert max(bright(frame) for frame in frames_of(tmp_path / "out" / "redacted.mp4")) < 25
    [track] = [each for each in report["tracks"] if each["kind"] == "screen" and len(each["boxes"]) == 60]
    assert covered(Box("screen", 42, 666, 540, 24), Box("screen", *track["boxes"][-1][1:])) > 0.9


def test_nothing_is_covered_for_its_text_where_screens_are_left_out(stamped: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "process", str(stamped), "--out", str(tmp_path / "out")]
    subprocess.run([*command, "--no-screens", "--only", "redact"], check=True, capture_output=True)
    assert min(bright(frame) for frame in frames_of(tmp_path / "out" / "redacted.mp4")) > 400


def test_what_is_not_asked_for_is_not_looked_for() -> None:
    def looks(**choices: object) -> frozenset[str]:
        options = Options.of(**{"vertical": "sports", **choices})  # type: ignore[arg-type]
        return Schedule(options=options, fps=25).looks(0, fresh=True)

    assert looks() == {"objects", "faces", *TURNS, "plates", "wide", "close", "pose", "jerseys", "text"}
    assert looks(jersey=False, screens=False) == {
        "objects",
        "faces",
        *TURNS,
        "plates",
        "wide",
        "close",
        "pose",
    }
    assert "jerseys" not in looks(vertical="driving")
    assert "jerseys" in looks(vertical="driving", jersey=True)
    assert "pose" not in looks(only_redact=True)


def test_a_quiet_road_is_looked_at_less_and_a_street_with_people_as_often_as_before() -> None:
    schedule = Schedule(options=Options.of(vertical="driving", only_redact=True), fps=25)
    keys = [index for index in range(0, 1000, 3) if schedule.is_key(index)]
    busy = [schedule.looks(index, fresh=False) for index in keys]
    assert not any("close" in each for each in busy), "closer looks are for scenes that begin"
    quiet = [schedule.looks(index, fresh=False, quiet={"faces", "text"}) for index in keys]
    assert sum("faces" in looks for looks in busy) > 1.9 * sum("faces" in looks for looks in quiet)
    assert sum("text" in looks for looks in quiet) < sum("text" in looks for looks in busy)
    assert [looks & {"objects"} for looks in quiet] == [looks & {"objects"} for looks in busy]
    assert all("plates" in looks for looks in quiet if "wide" in looks)


def test_a_new_scene_is_no_reason_to_look_for_what_is_burnt_in_once_that_is_known() -> None:
    schedule = Schedule(options=Options.of(vertical="sports"), fps=25)
    quiet = {"text", "faces"}
    other = [
        index
        for index in range(0, 300, 3)
        if "text" not in schedule.looks(index, fresh=False) | schedule.looks(index, fresh=False, quiet=quiet)
    ]
    assert all("text" in schedule.looks(index, fresh=True) for index in other)
    known = [schedule.looks(index, fresh=True, quiet=quiet) for index in other]
    assert not any("text" in looks for looks in known)
    assert all({"faces", "objects", "close"} <= looks for looks in known)
