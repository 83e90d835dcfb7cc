"""Do what happens by itself as time passes."""

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
        arrive(sim)
        today = now // DAY
        before = sim.store.meta("payout_day")
        if before is not None and today > before:
            run_automatic(sim)
        if before != today:
            sim.store.set_meta("payout_day", today)
