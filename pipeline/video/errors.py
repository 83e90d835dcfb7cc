"""What can go wrong in the engine, as types that callers can tell apart."""

from __future__ import annotations


class VideoError(Exception):
    """Base of the engine's own errors."""


class BadInput(VideoError):
    """Say in one sentence for a person what is wrong with the file and what to do."""

    @property
    def sentence(self) -> str:
        return str(self)


class NeedsOwner(BadInput):
    """Say what its owner has to change before the video, which is fine, can be used: telemetry or private places."""


class Cancelled(VideoError):
    """Stop because the caller's `cancelled()` said so; nothing is left behind."""


class ChildFailed(VideoError):
    """A sandboxed child ended badly: its exit status, the end of its stderr, and whether time ran out."""

    def __init__(self, *, status: int, stderr: str, timed_out: bool) -> None:
        self.status = status
        self.stderr = stderr
        self.timed_out = timed_out
        reason = "ran out of time" if timed_out else f"ended with status {status}"
        super().__init__(f"the media child {reason}: {stderr[-300:].strip() or 'no message'}")
