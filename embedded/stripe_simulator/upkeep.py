"""Do what happens by itself as time passes."""

import time

from . import invoicing, subscribing
from .api.checkout import close
from .payouts import arrive, run_automatic
from .simulator import DAY, Simulator


def run(sim: Simulator) -> None:
    """Expire sessions, let payouts arrive, and pay out once a day."""
    with sim.store.transaction():
        now = sim.now()
        for session in sim.store.find("checkout.session", where={"status": "open"}):
            if session["expires_at"] <= now:
                close(sim, session)
        invoicing.overdue(sim)
        subscribing.upkeep(sim)
        arrive(sim)
        today = now // DAY
        # With nothing stored, the last run was today by the real clock: the simulated one may be ahead already.
        if today > sim.store.meta("payout_day", int(time.time()) // DAY):
            run_automatic(sim)
            sim.store.set_meta("payout_day", today)
