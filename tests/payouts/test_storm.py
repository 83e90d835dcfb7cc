"""Stripe tells everything in any order, several times and at once: it ends as if told once, in turn.

``make storm`` plays 300 histories; here are 30.
"""

from __future__ import annotations

import os

import pytest

from payouts import checks, reconcile
from tests.payouts import storm
from tests.payouts.stage import Simulator

HISTORIES = int(os.environ.get("STORM", "30"))
FIRST = int(os.environ.get("STORM_FIRST", "1"))


@pytest.mark.django_db(transaction=True)
def test_a_storm_of_events_ends_where_order_does(sim: Simulator) -> None:
    sim.has_money(90_000_000)
    storm.in_order(sim.control("events")["data"])
    different = {}
    with storm.helpers() as pool:
        for seed in range(FIRST, FIRST + HISTORIES):
            history = storm.draw(seed)
            calm = storm.play(history, sim, pool=None, word="calm")
            wild = storm.play(history, sim, pool=pool, word="wild")
            if calm != wild:
                different[seed] = {
                    name: (calm[name], wild[name]) for name in calm if calm[name] != wild[name]
                }
            if broken := checks.broken():
                different[seed] = {"broken": [(rule.name, ids) for rule, ids in broken]}
                break
    assert different == {}
    here, there = reconcile.whole()["usd"]
    assert here - 90_000_000 == there  # but for the money that the test put there
