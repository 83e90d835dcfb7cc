"""What the engine cannot use: its sentence reaches page and e-mail as it is, and the next footage is worked on."""

from __future__ import annotations

import html
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from contributors import tasks as letters
from marketplace.models import Clip, Footage
from marketplace.states import FootageState, JobState
from pipeline import tasks
from pipeline.models import Artefact, Job
from pipeline.video import limits
from tests import people
from tests.contributors.browser import Browser, form
from tests.media import ffmpeg, make_video, shared
from tests.pipeline.stage import scratch_left

pytestmark = pytest.mark.django_db


def walk(browser: Browser, data: bytes, name: str) -> tuple[Footage, str, str]:
    """Upload the bytes, have a worker look at them, and read page and e-mail."""
    told = browser.upload(data, file_name=name)
    footage = Footage.objects.get(pk=told["id"])
    tasks.process_footage(str(Job.objects.get(footage=footage).pk))
    footage.refresh_from_db()
    letters.send_letters()
    page = browser.client.get(f"/film/footage/{footage.pk}/").content.decode()
    return footage, html.unescape(page), str(mail.outbox[-1].body) if mail.outbox else ""


def words(text: str) -> str:
    """Forget how lines are broken."""
    return " ".join(text.split())


def check_refused(footage: Footage, page: str, letter: str) -> None:
    """The sentence is whole in both places, names no file of ours, and says what to do."""
    assert footage.state == FootageState.REFUSED
    reason = words(footage.reason)
    assert reason.endswith(".")
    assert len(reason) > 40, "one sentence about what is wrong, one about what to do"
    for leaked in ("Traceback", "in.bin", "ffmpeg", "Errno", os.sep + "tmp"):
        assert leaked not in reason
    assert reason in words(page)
    assert reason in words(letter)
    assert "file is deleted" in words(page)
    assert "file is deleted" in words(letter)
    assert "Upload again" in page
    assert not Clip.objects.filter(footage=footage).exists()
    assert Job.objects.get(footage=footage).state == JobState.REFUSED
    assert scratch_left() == []


def truncated(path: Path) -> bytes:
    make_video(path, seconds=1)
    return path.read_bytes()[:-4000]  # the index lies at the end and is cut


def no_picture(path: Path) -> bytes:
    make_video(path, seconds=1, audio=True)
    sound = path.with_name("sound.mp4")
    subprocess.run(
        [ffmpeg(), "-loglevel", "error", "-i", str(path), "-vn", "-c", "copy", str(sound)], check=True
    )
    return sound.read_bytes()


def too_short(path: Path) -> bytes:
    make_video(path, seconds=0.1)
    return path.read_bytes()


BROKEN: dict[str, Callable[[Path], bytes]] = {
    "truncated": truncated,
    "sound only": no_picture,
    "too short": too_short,
    "a playlist": lambda _: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    "ones and zeros": lambda _: os.urandom(20_000),
    "a picture": lambda _: b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(5000),
    "a web page": lambda _: b"<!doctype html><script>alert(1)</script>" * 50,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_media_end_in_one_sentence_everywhere(
    browser_of_alice: Browser, tmp_path: Path, kind: str
) -> None:
    data = BROKEN[kind](tmp_path / "made.mp4")
    check_refused(*walk(browser_of_alice, data, "ride.mp4"))


def test_after_a_broken_file_the_worker_does_the_next(browser_of_alice: Browser, tmp_path: Path) -> None:
    walk(browser_of_alice, b"nothing" * 300, "broken.mp4")
    path = tmp_path / "ride.mp4"
    make_video(path, seconds=0.8, size=(320, 180))
    footage, page, _ = walk(browser_of_alice, path.read_bytes(), "ride.mp4")
    assert footage.state == FootageState.REVIEW
    assert "Waiting for you" in page


@pytest.mark.parametrize("kind", ["sentence of the engine with <b>signs</b> & “quotes”."])
def test_signs_in_a_sentence_are_shown_and_not_obeyed(films: Client, alice: Any, kind: str) -> None:
    footage = people.make_footage(alice, state=FootageState.REFUSED, reason=f"A {kind}")
    page = films.get(f"/film/footage/{footage.pk}/").content.decode()
    assert "<b>signs</b>" not in page
    assert f"A {kind}" in html.unescape(page)


@pytest.mark.parametrize(
    "name",
    [
        "derived__truncated_60pct.mp4",
        "corkami__png.png",
        "mp4parse__no_timescale.mp4",
        "mp4parse__invalid_userdata.mp4",
        "androidx__sample_with_invalid_nalu.mp4",
        "androidx__sample_fragmented.mp4",
        "ianare__landscape_5.jpg",
    ],
)
def test_odd_files_of_others_end_in_clips_or_in_a_sentence(browser_of_alice: Browser, name: str) -> None:
    data = shared(f"robust/{name}").read_bytes()
    footage, page, letter = walk(browser_of_alice, data, f"{Path(name).stem}.mp4")
    if footage.state == FootageState.REVIEW:
        assert footage.clips.exists()
        assert Artefact.objects.filter(footage=footage, kind="report").exists()
        assert scratch_left() == []
    else:
        check_refused(footage, page, letter)


def test_an_empty_file_never_leaves_the_browser(browser_of_alice: Browser) -> None:
    answer = browser_of_alice.client.post("/film/upload/start/", form(size_bytes=0))
    assert answer.status_code == 400
    assert "The file is empty (0 bytes). Copy it from the camera again." in answer.json()["error"]
    assert not Footage.objects.exists()


def test_what_the_page_promises_is_what_the_engine_takes(
    films: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", 3_000_000)
    monkeypatch.setattr(limits, "MAX_DURATION_S", 600.0)
    page = films.get("/film/upload/").content.decode()
    assert 'data-most-bytes="3000000"' in page
    assert "10 minutes a file" in page
    answer = films.post("/film/upload/start/", form(size_bytes=3_000_001))
    assert "too large: 3.0 MB of at most 3.0 MB" in answer.json()["error"]
