"""Fail calls on purpose, before or after they took effect."""

import threading
import time
from dataclasses import dataclass, field

from .errors import ApiError, Obj


class ConnectionLost(Exception):
    """Tell the server to hang up without an answer."""


@dataclass
class Fault:
    """Describe what is to fail and how."""

    when: str = "before"
    status: int | None = 500
    hold_s: float = 0
    method: str = ""
    path: str = ""
    count: int = 1
    code: str | None = None
    message: str = "An unknown error occurred (asked for through /_sim/fail)."


@dataclass
class Faults:
    """Keep the planned failures; they are for one run and are not stored."""

    planned: list[Fault] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, body: Obj) -> Fault:
        """Read a request of the control API."""
        timeout = bool(body.get("timeout"))
        fault = Fault(
            when=body.get("when", "before"),
            status=None if timeout else int(body.get("status", 500)),
            hold_s=float(body.get("hold_s", 0)),
            method=body.get("method", ""),
            path=body.get("path", ""),
            count=int(body.get("count", 1)),
            code=body.get("code"),
            message=body.get("message", Fault.message),
        )
        if fault.when not in ("before", "after"):
            raise ApiError("`when` is before or after the call takes effect.", param="when")
        with self.guard:
            self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """Plan no failure any more."""
        with self.guard:
            self.planned.clear()

    def take(self, when: str, method: str, path: str) -> Fault | None:
        """Use up one failure that fits this call."""
        with self.guard:
            for fault in self.planned:
                fits = fault.when == when and fault.method in ("", method) and path.startswith(fault.path)
                if fits:
                    fault.count -= 1
                    if fault.count <= 0:
                        self.planned.remove(fault)
                    return fault
        return None

    def strike(self, when: str, method: str, path: str) -> None:
        """Raise the failure that is due, if one is."""
        fault = self.take(when, method, path)
        if fault is None:
            return
        # Meanwhile the idempotency key is in use, so a second call with it meets a conflict.
        time.sleep(fault.hold_s)
        if fault.status is None:
            raise ConnectionLost("the simulator hangs up on purpose")
        kind = "api_error" if fault.status >= 500 else "invalid_request_error"
        raise ApiError(fault.message, status=fault.status, type=kind, code=fault.code)
