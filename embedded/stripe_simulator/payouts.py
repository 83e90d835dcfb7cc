"""Pay balances out to banks, as time passes."""

from .errors import Obj
from .events import emit
from .ledger import book, totals
from .money import HUNDREDS_IN_PAYOUTS
from .simulator import DAY, Call, Simulator


def pay_out(
    sim: Simulator,
    *,
    account: str,
    amount: int,
    currency: str,
    automatic: bool,
    call: Call | None = None,
    **body: object,
) -> Obj:
    """Send money on its way; it arrives, or comes back, when its date is reached."""
    owner = sim.store.get(account) if account else None
    bank = owner["_bank"] if owner else None
    payout = sim.new(
        "payout",
        "po_1",
        account=account,
        amount=amount,
        currency=currency,
        automatic=automatic,
        arrival_date=sim.now() + sim.config.settlement_days * DAY,
        description="STRIPE PAYOUT",
        destination=bank["id"] if bank else None,
        metadata={},
        method="standard",
        source_type="card",
        status="in_transit",
        type="bank_account",
        reconciliation_status="in_progress" if automatic else "not_applicable",
    )
    payout |= body
    entry = book(
        sim,
        account=account,
        type="payout",
        amount=-amount,
        currency=currency,
        source=payout["id"],
        description="STRIPE PAYOUT",
    )
    payout["balance_transaction"] = entry["id"]
    sim.store.save(payout)
    emit(sim, "payout.created", payout, account=account, call=call)
    return payout


def run_automatic(sim: Simulator, *, only: str | None = None) -> list[Obj]:
    """Pay out what every active account has available."""
    made = []
    for account in sim.store.find("account", oldest_first=True):
        wanted = only == account["id"] if only else account["_interval"] != "manual"
        if not (wanted and account["_active"] and account["_bank"]):
            continue
        for currency, (ready, _) in totals(sim, account["id"]).items():
            amount = ready - ready % 100 if currency in HUNDREDS_IN_PAYOUTS else ready
            if amount > 0:
                made.append(
                    pay_out(sim, account=account["id"], amount=amount, currency=currency, automatic=True)
                )
    return made


def arrive(sim: Simulator) -> None:
    """Finish the payouts whose date has come."""
    for payout in sim.store.find("payout", where={"status": "in_transit"}, oldest_first=True):
        if payout["arrival_date"] <= sim.now():
            finish(sim, payout)


def finish(sim: Simulator, payout: Obj) -> Obj:
    """Let a payout arrive, or fail when the bank account is the test number of a closed one."""
    account = sim.store.account_of(payout["id"])
    owner = sim.store.get(account) if account else None
    if owner and owner["_bank"] and owner["_bank"]["_closed"]:
        entry = book(
            sim, account=account, type="payout_failure", amount=payout["amount"], currency=payout["currency"],
            source=payout["id"], description="STRIPE PAYOUT FAILURE",
        )  # fmt: skip
        payout |= {
            "status": "failed",
            "failure_code": "account_closed",
            "failure_message": "The bank account has been closed.",
            "failure_balance_transaction": entry["id"],
        }
    else:
        payout |= {
            "status": "paid",
            "reconciliation_status": "completed" if payout["automatic"] else "not_applicable",
        }
    sim.store.save(payout)
    emit(sim, f"payout.{payout['status']}", payout, account=account)
    return payout
