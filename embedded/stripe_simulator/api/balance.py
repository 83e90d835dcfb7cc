"""Show balances and their movements, and add test money."""

from ..errors import Obj
from ..events import emit
from ..ledger import book, totals, with_status
from ..money import check_amount, check_currency
from ..routing import route
from ..simulator import Call, Simulator


@route("GET", "/v1/balance", "BalanceRetrieveParams")
def retrieve(call: Call) -> Obj:
    """Sum up the account's balance."""
    sums = totals(call.sim, call.account) or {"usd": (0, 0)}

    def part(index: int) -> list[Obj]:
        return [
            {"amount": both[index], "currency": currency, "source_types": {"card": both[index]}}
            for currency, both in sorted(sums.items())
        ]

    return {"object": "balance", "livemode": False, "available": part(0), "pending": part(1)}


@route(
    "GET",
    "/v1/balance_transactions",
    "BalanceTransactionListParams",
    supports="created currency ending_before limit source starting_after type",
)
def list_transactions(call: Call) -> Obj:
    """List movements."""
    page = call.page(
        "balance_transaction", where={k: call.params.get(k) for k in ("currency", "source", "type")}
    )
    page["data"] = [with_status(call.sim, entry) for entry in page["data"]]
    return page


@route("GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams")
def retrieve_transaction(call: Call, id: str) -> Obj:
    """Read a movement."""
    return call.need(id, "balance_transaction", name="balance transaction")


@route(
    "POST",
    "/v1/topups",
    "TopupCreateParams",
    supports="amount currency description source statement_descriptor transfer_group",
)
def create_topup(call: Call) -> Obj:
    """Add money from the platform's own bank."""
    given = call.params
    return top_up(
        call.sim,
        amount=given["amount"],
        currency=given["currency"],
        call=call,
        description=given.get("description"),
    )


def top_up(
    sim: Simulator, *, amount: int, currency: str, call: Call | None = None, description: str | None = None
) -> Obj:
    """Put available money into the platform's balance."""
    currency = check_currency(currency)
    check_amount(amount, currency)
    topup = sim.new(
        "topup", "tu_1", amount=amount, currency=currency, description=description, initiated_by="dashboard",
        metadata=call.params.get("metadata", {}) if call else {}, payment_method=None, status="succeeded",
        expected_availability_date=sim.now(),
    )  # fmt: skip
    topup["balance_transaction"] = book(
        sim, account="", type="topup", amount=amount, currency=currency, source=topup["id"]
    )["id"]
    sim.store.save(topup)
    emit(sim, "topup.succeeded", topup, call=call)
    return topup
