"""Book each movement as a balance transaction; balances are sums over them and nothing else."""

from .errors import Obj
from .simulator import DAY, Simulator

REPORTING = {
    "charge": "charge", "payment": "charge", "refund": "refund", "payment_refund": "refund",
    "refund_failure": "refund_failure", "transfer": "transfer",
    "transfer_refund": "transfer_reversal", "payout": "payout", "payout_failure": "payout_reversal",
    "adjustment": "dispute", "topup": "topup",
}  # fmt: skip
# What Stripe turns into the currency of the balance by itself.
EXCHANGED = frozenset(["charge", "refund", "refund_failure", "adjustment"])


def book(
    sim: Simulator,
    *,
    account: str,
    type: str,
    amount: int,
    currency: str,
    source: str,
    fee: int = 0,
    available_on: int | None = None,
    description: str | None = None,
    category: str | None = None,
) -> Obj:
    """Write one balance transaction, in dollars where a rate of exchange is set for the currency."""
    rate = sim.store.meta("rates", {}).get(currency) if type in EXCHANGED and not account else None
    if rate:
        amount, fee, currency = round(amount * rate), round(fee * rate), "usd"
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return sim.new(
        "balance_transaction", "txn_1",
        account=account,
        amount=amount,
        available_on=sim.now() if available_on is None else available_on,
        balance_type="payments",
        currency=currency,
        description=description,
        exchange_rate=rate,
        fee=fee,
        fee_details=fees if fee else [],
        net=amount - fee,
        reporting_category=category or REPORTING[type],
        source=source,
        type=type,
    )  # fmt: skip


def settles_on(sim: Simulator) -> int:
    """Tell when a card payment of now becomes available."""
    return sim.now() + sim.config.settlement_days * DAY


def with_status(sim: Simulator, entry: Obj) -> Obj:
    """Add the status, which is a matter of time only."""
    return {**entry, "status": "available" if entry["available_on"] <= sim.now() else "pending"}


def totals(sim: Simulator, account: str) -> dict[str, tuple[int, int]]:
    """Sum up: currency → (available, pending)."""
    rows = sim.store.rows(
        "SELECT json_extract(body, '$.currency') AS currency,"
        " sum(CASE WHEN json_extract(body, '$.available_on') <= ?1 THEN json_extract(body, '$.net') ELSE 0 END)"
        " AS ready,"
        " sum(json_extract(body, '$.net')) AS net"
        " FROM objects WHERE kind = 'balance_transaction' AND account = ?2 GROUP BY 1",
        sim.now(),
        account,
    )
    return {row["currency"]: (row["ready"], row["net"] - row["ready"]) for row in rows}


def available(sim: Simulator, account: str, currency: str) -> int:
    """Tell what an account can send away now."""
    return totals(sim, account).get(currency, (0, 0))[0]


def whole(sim: Simulator, account: str, currency: str) -> int:
    """Tell what an account holds, available or not."""
    return sum(totals(sim, account).get(currency, (0, 0)))
