"""Remember the answer to each Idempotency-Key, and give it again."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import ApiError, Obj
from .simulator import DAY, Call

# https://docs.stripe.com/api/idempotent_requests: keys go after 24 hours and have up to 255 characters.
LIFETIME_S = DAY
LONGEST = 255


class InFlight:
    """Know the keys whose first request is still running."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.keys: set[tuple[str, str]] = set()

    @contextmanager
    def claim(self, call: Call) -> Iterator[None]:
        """Hold a key for one request; a second request meanwhile is a conflict."""
        if call.idempotency_key is None:
            yield
            return
        mine = (call.account, call.idempotency_key)
        with self.guard:
            if mine in self.keys:
                raise ApiError(
                    "There is currently another in-progress request using this Idempotent Key (that probably means you"
                    " submitted twice, and the other request is still going through): "
                    f"{call.idempotency_key}. Please try again later.",
                    status=409, code="idempotency_key_in_use",
                )  # fmt: skip
            self.keys.add(mine)
        try:
            yield
        finally:
            with self.guard:
                self.keys.discard(mine)


def recall(call: Call) -> sqlite3.Row | None:
    """Find the first answer for this key; refuse the key when it was used for something else."""
    key = call.idempotency_key
    if key is None:
        return None
    if len(key) > LONGEST:
        raise ApiError(f"Idempotency keys have up to {LONGEST} characters.", type="idempotency_error")
    call.store.rows("DELETE FROM idempotency WHERE created < ?", call.sim.now() - LIFETIME_S)
    found = call.store.rows("SELECT * FROM idempotency WHERE account = ? AND key = ?", call.account, key)
    if not found:
        return None
    first = found[0]
    endpoint = f"{call.method} {call.path}"
    if first["endpoint"] != endpoint:
        raise ApiError(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for"
            f" ('{endpoint}' vs '{first['endpoint']}'). Try using a key other than '{key}' if you meant to execute a"
            " different request.",
            type="idempotency_error",
        )
    if first["params"] != _fingerprint(call):
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try"
            f" using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    return first


def remember(call: Call, status: int, body: Obj) -> None:
    """Store the first answer, refusals included: Stripe replays those too."""
    if call.idempotency_key is not None:
        call.store.rows(
            "INSERT INTO idempotency (account, key, endpoint, params, status, body, request_id, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            call.account, call.idempotency_key, f"{call.method} {call.path}", _fingerprint(call), status,
            json.dumps(body), call.request_id, call.sim.now(),
        )  # fmt: skip


def _fingerprint(call: Call) -> str:
    return json.dumps(call.params, sort_keys=True)
