"""Record what happened and queue it for every webhook endpoint that wants to know."""

import random
import time
from typing import Any

from . import chaos
from .errors import Obj
from .shapes import shown
from .simulator import API_VERSION, Call, Simulator

# What the delivery of webhooks does wrong on purpose; see control.py.
STRAIGHT: Obj = {
    "delay_s": 0, "duplicate": 0, "reorder_s": 0, "drop": 0, "pause": False, "serial": False, "retry_base_s": 1,
}  # fmt: skip


def mode(sim: Simulator) -> Obj:
    """Read how webhooks are delivered now."""
    return {**STRAIGHT, **sim.store.meta("delivery", {})}


def emit(
    sim: Simulator, type: str, obj: Obj, *, account: str = "", call: Call | None = None, **data: Any
) -> Obj:
    """Record a v1 event with a snapshot of the object."""
    event = sim.new(
        "event", "evt_1",
        account=account,
        api_version=API_VERSION,
        type=type,
        data={"object": shown(obj), **data},
        request={"id": call.request_id if call else None, "idempotency_key": call.idempotency_key if call else None},
    )  # fmt: skip
    if account:
        sim.store.save(event := {**event, "account": account})
    for endpoint in sim.store.find("webhook_endpoint", oldest_first=True):
        wants = {"*", type} & set(endpoint["enabled_events"])
        if wants and endpoint["status"] == "enabled" and endpoint["_connect"] == bool(account):
            queue(sim, event["id"], endpoint["id"])
    return event


def emit_thin(sim: Simulator, type: str, related: Obj, *, call: Call | None = None, **data: Any) -> Obj:
    """Record a v2 event; what is sent names the object only."""
    reason = (
        {"type": "request", "request": {"id": call.request_id, "idempotency_key": call.idempotency_key or ""}}
        if call
        else None
    )
    event: Obj = {
        "id": sim.id("evt_test_6"), "object": "v2.core.event", "created": sim.now(), "livemode": False, "type": type,
        "context": None, "reason": reason, "changes": None, "snapshot_event": None, "data": data,
        "related_object": {
            "id": related["id"], "type": "v2.core.account", "url": f"/v2/core/accounts/{related['id']}",
        },
    }  # fmt: skip
    sim.store.add(event)
    for endpoint in sim.store.find("v2.core.event_destination", oldest_first=True):
        if {"*", type} & set(endpoint["enabled_events"]) and endpoint["status"] == "enabled":
            queue(sim, event["id"], endpoint["id"])
    return event


def queue(sim: Simulator, event: str, endpoint: str) -> None:
    """Plan the deliveries of one event, with the faults asked for."""
    how = mode(sim)
    drop = how["drop"]
    if drop:
        if drop is not True:
            sim.store.set_meta("delivery", {**how, "drop": drop - 1})
        _plan(sim, event, endpoint, time.time(), "dropped")
        return
    wild = chaos.deliveries(sim)
    if wild is None:
        _plan(sim, event, endpoint, time.time(), "dropped")
        return
    for extra in wild + [0.0] * int(how["duplicate"]):
        due = time.time() + float(how["delay_s"]) + random.uniform(0, float(how["reorder_s"])) + extra
        _plan(sim, event, endpoint, due, "pending")


def _plan(sim: Simulator, event: str, endpoint: str, due: float, state: str) -> None:
    sim.store.rows(
        "INSERT INTO deliveries (event, endpoint, due, state) VALUES (?, ?, ?, ?)",
        event,
        endpoint,
        due,
        state,
    )


def pending(sim: Simulator, event: str) -> int:
    """Count the deliveries that are still to succeed."""
    rows = sim.store.rows("SELECT count(*) AS n FROM deliveries WHERE event = ? AND state = 'pending'", event)
    return int(rows[0]["n"])


def as_sent(sim: Simulator, event: Obj) -> Obj:
    """Form the body of a delivery: a snapshot for v1, the bare notification for v2."""
    if event["object"] == "event":
        return {**event, "pending_webhooks": pending(sim, event["id"])}
    hidden = {"data", "changes"}
    return {**{k: v for k, v in event.items() if k not in hidden}, "created": sim.iso(event["created"])}
