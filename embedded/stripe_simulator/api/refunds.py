"""Give payments back, in full or in part."""

from ..errors import ApiError, Obj, unsupported
from ..events import emit
from ..ledger import book
from ..money import check_amount, text
from ..routing import route
from ..simulator import Call, Simulator, merge_metadata


@route(
    "POST",
    "/v1/refunds",
    "RefundCreateParams",
    supports="amount charge payment_intent reason refund_application_fee reverse_transfer",
)
def create(call: Call) -> Obj:
    """Refund a charge; Stripe keeps its fee."""
    given, sim = call.params, call.sim
    for name in ("reverse_transfer", "refund_application_fee"):
        if given.get(name):
            raise unsupported(f"{name} for separate charges and transfers", param=name)
    charge = _charge(call)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    open_or_lost = [
        d for d in call.store.find("dispute", where={"charge": charge["id"]}) if d["status"] != "won"
    ]
    if open_or_lost:
        raise ApiError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    amount = given.get("amount", left)
    currency = charge["currency"]
    check_amount(amount, currency)
    if amount > left:
        raise ApiError(
            f"Refund amount ({text(amount, currency)}) is greater than unrefunded amount on charge"
            f" ({text(left, currency)})",
            param="amount",
        )
    refund = sim.new(
        "refund",
        "re_3",
        account=call.account,
        amount=amount,
        charge=charge["id"],
        currency=currency,
        customer=charge.get("customer"),
        destination_details={
            "type": "card",
            "card": {
                "type": "refund",
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
            },
        },
        metadata=given.get("metadata", {}) or {},
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=given.get("reason"),
        status="succeeded",
        pending_reason=None,
        failure_balance_transaction=None,
        failure_reason=None,
        transfer_reversal=None,
        source_transfer_reversal=None,
    )
    # The platform's balance may go below zero, as Stripe's does: it then collects from the platform's bank.
    entry = book(
        sim,
        account=call.account,
        type="refund",
        amount=-amount,
        currency=currency,
        source=refund["id"],
        description="REFUND FOR PAYMENT",
    )
    refund["balance_transaction"] = entry["id"]
    sim.store.save(refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    sim.store.save(charge)
    emit(sim, "refund.created", refund, account=call.account, call=call)
    previous = {"amount_refunded": charge["amount_refunded"] - amount, "refunded": False}
    emit(sim, "charge.refunded", charge, account=call.account, call=call, previous_attributes=previous)
    return refund


def fail(sim: Simulator, refund: Obj) -> Obj:
    """Let the buyer's bank send a refund back: its money returns to our balance."""
    if refund["status"] != "succeeded":
        raise ApiError(f"Refund {refund['id']} is {refund['status']}; it cannot fail any more.")
    account = sim.store.account_of(refund["id"])
    entry = book(
        sim, account=account, type="refund_failure", amount=refund["amount"], currency=refund["currency"],
        source=refund["id"], description="REFUND FAILURE",
    )  # fmt: skip
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": entry["id"],
    }
    sim.store.save(refund)
    charge = sim.need(refund["charge"], "charge", account=account)
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    sim.store.save(charge)
    emit(sim, "refund.failed", refund, account=account)
    return refund


def _charge(call: Call) -> Obj:
    given = call.params
    if "charge" in given:
        charge = call.need(given["charge"], "charge", param="charge")
    elif "payment_intent" in given:
        intent = call.need(given["payment_intent"], "payment_intent", param="payment_intent")
        if intent["status"] != "succeeded":
            raise ApiError(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            )
        charge = call.need(intent["latest_charge"], "charge")
    else:
        raise ApiError(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} was not paid; there is nothing to refund.")
    return charge


@route("GET", "/v1/refunds/{id}", "RefundRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read a refund."""
    return call.need(id, "refund")


@route("POST", "/v1/refunds/{id}", "RefundUpdateParams", supports="")
def update(call: Call, id: str) -> Obj:
    """Change a refund's metadata."""
    refund = call.need(id, "refund")
    refund["metadata"] = merge_metadata(refund["metadata"], call.params.get("metadata"))
    return call.store.save(refund)


@route(
    "GET",
    "/v1/refunds",
    "RefundListParams",
    supports="charge created ending_before limit payment_intent starting_after",
)
def list_refunds(call: Call) -> Obj:
    """List refunds."""
    return call.page("refund", where={k: call.params.get(k) for k in ("charge", "payment_intent")})
