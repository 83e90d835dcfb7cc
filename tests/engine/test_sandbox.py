"""Mallory's bytes meet a child that can do nothing: no files, no network, no time, no memory to waste."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from pipeline.video import limits, sandbox
from pipeline.video.errors import BadInput, ChildFailed
from pipeline.video.probe import probe
from pipeline.video.sniff import demuxer
from tests.media import ffmpeg, make_video

PYTHON = str(Path(sys.executable).resolve())


def attempt(code: str, tmp_path: Path, *, timeout: float = 10) -> str:
    """Run a line of Python in the sandbox; return what it printed."""
    (tmp_path / "in.bin").write_bytes(b"input bytes")
    argv = [PYTHON, "-I", "-S", "-c", code]
    return sandbox.run(
        argv, source=tmp_path / "in.bin", timeout=timeout, readable=[Path(sys.base_prefix)]
    ).decode()


needs_bubblewrap = pytest.mark.skipif(
    sandbox.bwrap() is None, reason="bubblewrap does not work on this machine"
)


def test_it_reads_its_input(tmp_path: Path) -> None:
    assert attempt("import sys; print(sys.stdin.read())", tmp_path) == "input bytes\n"


@needs_bubblewrap
def test_no_other_file(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("secret")
    code = f"import os; print([os.path.exists(p) for p in ({str(canary)!r}, '/etc/passwd', '/var', '/home')])"
    assert attempt(code, tmp_path) == "[False, False, False, False]\n"


@needs_bubblewrap
def test_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = (
            "import socket\n"
            f"try: socket.create_connection(('127.0.0.1', {port}), 2); print('reached')\n"
            "except OSError as error: print('refused')"
        )
        assert attempt(code, tmp_path) == "refused\n"


def test_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_canary")
    assert "canary" not in attempt("import os; print(dict(os.environ))", tmp_path)


def test_no_file_written(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'made')!r}, 'wb').write(b'x' * 10)"
    with pytest.raises(ChildFailed):
        attempt(code, tmp_path)
    assert not (tmp_path / "made").exists() or (tmp_path / "made").stat().st_size == 0


def test_too_much_memory(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="MemoryError"):
        attempt(f"bytearray({limits.CHILD_MEMORY + 1})", tmp_path)


def test_a_child_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    code = "import os, time; os.fork(); time.sleep(60)"
    with pytest.raises(ChildFailed) as caught:
        attempt(code, tmp_path, timeout=1)
    assert caught.value.timed_out
    assert time.monotonic() - began < 5


def test_a_child_has_its_time_though_its_reader_is_busy(tmp_path: Path) -> None:
    (tmp_path / "in.bin").write_bytes(b"")
    code = "import sys; sys.stdout.write('x' * 10_000_000)"
    argv = [PYTHON, "-I", "-S", "-c", code]
    child = sandbox.start(
        argv, source=tmp_path / "in.bin", cpu_s=10, timeout=2, readable=[Path(sys.base_prefix)]
    )
    try:
        first = child.read(1000)
        time.sleep(2.5)  # work on it for longer than the child may be waited for
        rest = child.read(20_000_000)
        assert (len(first) + len(rest), child.finish()) == (10_000_000, 0)
    finally:
        child.close()


def test_a_child_that_shouts_is_cut_short(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('x' * 10_000_000); sys.exit(3)"
    with pytest.raises(ChildFailed) as caught:
        attempt(code, tmp_path)
    assert caught.value.status == 3
    assert len(caught.value.stderr) <= limits.STDERR_BYTES


def test_it_says_which_isolation_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sandbox.describe().endswith(".")
    monkeypatch.setattr(sandbox, "bwrap", lambda: None)
    assert "container without network" in sandbox.describe()


def test_without_bubblewrap_the_engine_still_reads_only_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "bwrap", lambda: None)
    make_video(tmp_path / "a.mp4", 1, (320, 180), 25)
    assert probe(tmp_path / "a.mp4").width == 320
    # The command that the reader uses, fed with a list of files: fd is the only protocol it may use.
    canary = tmp_path / "canary.mp4"
    make_video(canary, 1, (320, 180), 25)
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile {canary}\n")
    argv = [
        ffmpeg(),
        "-protocol_whitelist",
        "fd",
        "-f",
        "concat",
        "-safe",
        "0",
        "-i",
        "fd:",
        "-f",
        "rawvideo",
        "pipe:1",
    ]
    with pytest.raises(ChildFailed):
        sandbox.run(argv, source=tmp_path / "list.mp4", timeout=10)


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
    "hls with a mark": "\ufeff#EXTM3U\n#EXTINF:1,\n{target}\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "concat without head": "file '{target}'\n",
    "dash": '<?xml version="1.0"?>\n<MPD><BaseURL>{target}</BaseURL></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n",
    "pls": "[playlist]\nFile1={target}\n",
    "asx": '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
    "avisynth": "#!avs\nDirectShowSource({target})",
}


@pytest.mark.parametrize("name", PLAYLISTS)
@pytest.mark.parametrize(
    "target", ["/etc/passwd", "http://127.0.0.1:9/x", "subfile,,start,0,end,9,,:/etc/passwd"]
)
def test_playlists_are_refused_before_any_child_starts(
    tmp_path: Path, name: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "start", lambda *a, **k: pytest.fail("a child was started"))
    path = tmp_path / "holiday.mp4"
    path.write_text(PLAYLISTS[name].format(target=target))
    with pytest.raises(BadInput, match="playlist"):
        probe(path)


def test_the_demuxer_follows_the_bytes_not_the_name(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mkv", 1, (320, 180), 25)
    os.rename(tmp_path / "a.mkv", tmp_path / "a.mp4")
    assert demuxer(tmp_path / "a.mp4") == "matroska"
