"""Create and read payouts; with Stripe-Account they are a connected account's."""

from ..errors import ApiError, Obj
from ..events import emit
from ..ledger import available, book
from ..money import HUNDREDS_IN_PAYOUTS, check_amount, check_currency
from ..payouts import pay_out
from ..routing import route
from ..simulator import Call


@route(
    "POST",
    "/v1/payouts",
    "PayoutCreateParams",
    supports="amount currency description method source_type statement_descriptor",
)
def create(call: Call) -> Obj:
    """Pay out by hand."""
    given = call.params
    currency = check_currency(given["currency"])
    check_amount(given["amount"], currency)
    if currency in HUNDREDS_IN_PAYOUTS and given["amount"] % 100:
        raise ApiError(
            f"Invalid amount. {currency.upper()} payouts must be a multiple of 100.", param="amount"
        )
    if available(call.sim, call.account, currency) < given["amount"]:
        raise ApiError(
            "You have insufficient funds in your Stripe account for this transfer.",
            code="balance_insufficient",
        )
    owner = call.store.get(call.account) if call.account else None
    if owner and not owner["_bank"]:
        raise ApiError(f"Sorry, you don't have any external accounts in that currency ({currency}).")
    body = {k: given[k] for k in ("description", "metadata", "method", "statement_descriptor") if k in given}
    return pay_out(
        call.sim,
        account=call.account,
        amount=given["amount"],
        currency=currency,
        automatic=False,
        call=call,
        **body,
    )


@route("GET", "/v1/payouts/{id}", "PayoutRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read a payout."""
    return call.need(id, "payout")


@route("GET", "/v1/payouts", "PayoutListParams", supports="created ending_before limit starting_after status")
def list_payouts(call: Call) -> Obj:
    """List payouts."""
    return call.page("payout", where={"status": call.params.get("status")})


@route("POST", "/v1/payouts/{id}/cancel", "PayoutCancelParams")
def cancel(call: Call, id: str) -> Obj:
    """Call a payout back that has not arrived."""
    payout = call.need(id, "payout")
    if payout["status"] != "in_transit":
        raise ApiError(f"Payouts with status '{payout['status']}' cannot be canceled.")
    book(
        call.sim,
        account=call.account,
        type="payout_failure",
        amount=payout["amount"],
        currency=payout["currency"],
        source=id,
        description="STRIPE PAYOUT CANCEL",
    )
    payout["status"] = "canceled"
    call.store.save(payout)
    emit(call.sim, "payout.canceled", payout, account=call.account, call=call)
    return payout
