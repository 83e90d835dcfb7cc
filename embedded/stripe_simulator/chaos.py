"""Do wrong at random what a network does wrong: fail, lose answers, drop, double and delay webhooks. Off by default."""

import random
from typing import Any

from .errors import ApiError, Obj
from .faults import ConnectionLost
from .simulator import Simulator

# Shares of 1, but for the delay; `seed` makes a run repeatable.
CALM: Obj = {"seed": 0, "fail": 0.0, "lose": 0.0, "drop": 0.0, "double": 0.0, "delay_s": 0.0}


def of(sim: Simulator) -> Obj:
    """Read how wild it is now."""
    return {**CALM, **sim.store.meta("chaos", {})}


def change(sim: Simulator, body: Obj) -> Obj:
    """Set it; {} brings calm."""
    unknown = set(body) - set(CALM)
    if unknown:
        raise ApiError(f"Unknown: {sorted(unknown)}; known: {sorted(CALM)}.")
    if any(not 0 <= float(body.get(name, 0)) <= 1 for name in ("fail", "lose", "drop", "double")):
        raise ApiError("fail, lose, drop and double are shares between 0 and 1.")
    sim.store.set_meta("chaos", body)
    sim.dice = random.Random(body.get("seed", 0))
    return of(sim)


def strike(sim: Simulator, when: str) -> None:
    """Refuse a call before it has an effect, or lose the answer after it has."""
    how = of(sim)
    if when == "before" and _falls(sim, how["fail"]):
        raise ApiError("An unknown error occurred (chaos).", status=500, type="api_error")
    if when == "after" and _falls(sim, how["lose"]):
        if _falls(sim, 0.5):
            raise ConnectionLost("the simulator hangs up (chaos)")
        raise ApiError("An unknown error occurred after it was done (chaos).", status=500, type="api_error")


def deliveries(sim: Simulator) -> list[float] | None:
    """Say after how many seconds each delivery of an event leaves; None for one that is never delivered."""
    how = of(sim)
    if _falls(sim, how["drop"]):
        return None
    count = 1 + _falls(sim, how["double"])
    return [sim.dice.uniform(0, float(how["delay_s"])) for _ in range(count)]


def _falls(sim: Simulator, share: Any) -> bool:
    return float(share) > 0 and sim.dice.random() < float(share)
