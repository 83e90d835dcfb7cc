"""Stripe tells everything in any order, several times and at once: it ends as if told once, in turn.

``make storm`` plays 300 histories; here are 30.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from pprint import pformat
from typing import Any

import pytest

from payouts import checks, reconcile
from tests.payouts import storm
from tests.payouts.stage import Simulator

log = logging.getLogger(__name__)
HISTORIES = int(os.environ.get("STORM", "30"))
FIRST = int(os.environ.get("STORM_FIRST", "1"))


@pytest.mark.timeout(300 + 30 * HISTORIES)
@pytest.mark.django_db(transaction=True)
def test_a_storm_of_events_ends_where_order_does(sim: Simulator) -> None:
    sim.has_money(90_000_000)
    last = sim.control("events")["data"][-1]["id"]
    different: dict[int, dict[str, Any]] = {}
    seen: Counter[str] = Counter()
    with storm.helpers() as pool:
        for seed in range(FIRST, FIRST + HISTORIES):
            history = storm.draw(seed)
            calm, last = storm.play(history, sim, pool=None, word="calm", last=last)
            wild, last = storm.play(history, sim, pool=pool, word="wild", last=last)
            seen.update(state for state, _ in calm["orders"])
            seen.update(row[1] for row in calm["transfers"])
            if calm != wild:
                different[seed] = {
                    name: (calm[name], wild[name]) for name in calm if calm[name] != wild[name]
                }
            if broken := checks.broken():
                different[seed] = {"broken": [(rule.name, ids) for rule, ids in broken]}
                break
    assert different == {}, pformat(different, width=110)
    if HISTORIES >= 30:  # it was a storm worth the name
        assert {"paid", "refunded", "disputed", "charged_back", "expired", "settled", "reversed"} <= set(seen)
    log.warning("%d of %d histories end as told in order: %s", HISTORIES, HISTORIES, dict(seen))
    here, there = reconcile.whole()["usd"]
    assert here - 90_000_000 == there  # but for the money that the test put there
