"""Post signed webhooks from the background, again and again until they are taken."""

import json
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor

import stripe

from .errors import Obj
from .events import as_sent, mode
from .simulator import Simulator

TIMEOUT_S = 20
MOST_ATTEMPTS = 16
LONGEST_WAIT_S = 3600
AT_ONCE = 4
POLL_S = 0.04


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        """Treat a redirect as a failure, as Stripe does."""
        return None


class Deliverer:
    """Send what is due; several at once, or one after the other when the mode is serial."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.stop = threading.Event()
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        self.busy: set[int] = set()
        self.guard = threading.Lock()

    def start(self) -> None:
        """Begin to deliver."""
        threading.Thread(target=self._loop, daemon=True, name="webhooks").start()

    def close(self) -> None:
        """Stop; what is not delivered stays queued."""
        self.stop.set()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _loop(self) -> None:
        while not self.stop.wait(POLL_S):
            how = mode(self.sim)
            if how["pause"]:
                continue
            with self.guard:
                free = (1 if how["serial"] else AT_ONCE) - len(self.busy)
            for row in self._due(free, in_order=how["serial"]):
                self._submit(row)

    def _due(self, most: int, *, in_order: bool) -> list[sqlite3.Row]:
        if most <= 0:
            return []
        sql = "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY due, id LIMIT ?"
        if in_order:
            # One that failed holds up those behind it.
            first = "(SELECT min(id) FROM deliveries WHERE state = 'pending')"
            sql = f"SELECT * FROM deliveries WHERE id = {first} AND due <= ? LIMIT ?"  # noqa: S608 -- constants
        rows = self.sim.store.rows(sql, time.time(), most + len(self.busy))
        with self.guard:
            return [row for row in rows if row["id"] not in self.busy][:most]

    def _submit(self, row: sqlite3.Row) -> "Future[None]":
        with self.guard:
            self.busy.add(row["id"])
        return self.pool.submit(self._deliver, row)

    def flush(self, *, event: str | None = None, timeout_s: float = 30) -> int:
        """Send all that is queued now, whatever its time and even when paused; return how many were tried."""
        rows = self.sim.store.rows("SELECT * FROM deliveries WHERE state = 'pending' ORDER BY id")
        wanted = [row for row in rows if event is None or row["event"] == event]
        with self.guard:
            wanted = [row for row in wanted if row["id"] not in self.busy]
        for future in [self._submit(row) for row in wanted]:
            future.result(timeout_s)
        limit = time.monotonic() + timeout_s
        while self.busy and time.monotonic() < limit:
            time.sleep(POLL_S)
        return len(wanted)

    def _deliver(self, row: sqlite3.Row) -> None:
        status, error = None, None
        try:
            status = self._post(row)
        except urllib.error.HTTPError as problem:
            status = problem.code
            error = problem.read(500).decode("utf-8", "replace")
        except Exception as problem:
            # A closed port, a broken answer, a time-out: whatever it was, it is tried again later.
            error = f"{type(problem).__name__}: {problem}"
        try:
            self._record(row, status, error)
        finally:
            with self.guard:
                self.busy.discard(row["id"])

    def _post(self, row: sqlite3.Row) -> int:
        endpoint = self.sim.store.get(row["endpoint"])
        event = self.sim.store.get(row["event"])
        if endpoint is None or event is None:
            raise LookupError("the endpoint or the event was deleted")
        body = json.dumps(as_sent(self.sim, event), indent=2)
        # The signature bears the real time, since the receiver checks its age by its own clock.
        signature = stripe.WebhookSignature.generate_signature_header(body, endpoint["_secret"])
        request = urllib.request.Request(  # noqa: S310 -- the operator named this address
            endpoint["_url"],
            data=body.encode(),
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signature,
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            },
        )
        with self.opener.open(request, timeout=TIMEOUT_S) as answer:
            return int(answer.status)

    def _record(self, row: sqlite3.Row, status: int | None, error: str | None) -> None:
        attempts = row["attempts"] + 1
        taken = status is not None and 200 <= status < 300
        state = "delivered" if taken else "failed" if attempts >= MOST_ATTEMPTS else "pending"
        wait = min(float(mode(self.sim)["retry_base_s"]) * 2 ** (attempts - 1), LONGEST_WAIT_S)
        self.sim.store.rows(
            "UPDATE deliveries SET state = ?, attempts = ?, status = ?, error = ?, due = ?, finished = ? WHERE id = ?",
            state, attempts, status, error, time.time() + wait, time.time(), row["id"],
        )  # fmt: skip


def shown_delivery(row: sqlite3.Row) -> Obj:
    """Describe a delivery for the control API."""
    return dict(row)
