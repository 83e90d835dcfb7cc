"""Send money to connected accounts and take it back."""

from ..accounts import can_receive
from ..errors import ApiError, Obj, missing
from ..events import emit
from ..ledger import available, book
from ..money import check_amount, check_currency, text
from ..routing import route
from ..shapes import listing, shown
from ..simulator import Call, merge_metadata

NO_MONEY = (
    "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance"
    " by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance"
)


@route(
    "POST",
    "/v1/transfers",
    "TransferCreateParams",
    supports="amount currency description destination source_transaction source_type transfer_group",
)
def create(call: Call) -> Obj:
    """Move money from the platform's balance to a connected account's."""
    given, sim = call.params, call.sim
    if call.account:
        raise ApiError(
            "Only the platform makes transfers here; leave the Stripe-Account header out.", status=403
        )
    currency = check_currency(given["currency"])
    destination = call.store.get(given["destination"], kind="account")
    if destination is None:
        raise missing("destination", given["destination"], param="destination", status=400)
    if not can_receive(destination):
        raise ApiError(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers,"
            " crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    if "amount" not in given and "source_transaction" not in given:
        raise ApiError("Missing required param: amount.", code="parameter_missing", param="amount")
    source = _source(call, currency) if "source_transaction" in given else None
    amount = given["amount"] if "amount" in given else source["amount"] if source else 0
    check_amount(amount, currency)
    if source:
        _check_cap(call, source, amount)
    elif available(sim, "", currency) < amount:
        raise ApiError(NO_MONEY, code="balance_insufficient")
    ready = max(sim.now(), source["_available_on"]) if source else sim.now()
    transfer = sim.new(
        "transfer", "tr_1",
        amount=amount, amount_reversed=0, currency=currency, description=given.get("description"),
        destination=destination["id"], metadata=given.get("metadata", {}), reversed=False,
        source_transaction=source["id"] if source else None, source_type=given.get("source_type", "card"),
        transfer_group=given.get("transfer_group") or (source and _group(call, source)),
    )  # fmt: skip
    out = book(
        sim,
        account="",
        type="transfer",
        amount=-amount,
        currency=currency,
        source=transfer["id"],
        available_on=ready,
    )
    payment = sim.new(
        "charge",
        "py_1",
        account=destination["id"],
        amount=amount,
        amount_captured=amount,
        amount_refunded=0,
        captured=True,
        currency=currency,
        paid=True,
        disputed=False,
        refunded=False,
        status="succeeded",
        source_transfer=transfer["id"],
        metadata={},
        fraud_details={},
        billing_details={"address": None, "email": None, "name": None, "phone": None},
        payment_intent=None,
        payment_method=None,
    )
    arrived = book(
        sim,
        account=destination["id"],
        type="payment",
        amount=amount,
        currency=currency,
        source=payment["id"],
        available_on=ready,
    )
    payment["balance_transaction"] = arrived["id"]
    sim.store.save(payment)
    transfer |= {"balance_transaction": out["id"], "destination_payment": payment["id"], "_reversals": []}
    sim.store.save(transfer)
    emit(sim, "transfer.created", with_reversals(transfer), call=call)
    emit(sim, "payment.created", payment, account=destination["id"], call=call)
    return with_reversals(transfer)


def _source(call: Call, currency: str) -> Obj:
    charge = call.need(call.params["source_transaction"], "charge", param="source_transaction")
    if charge["status"] != "succeeded":
        raise ApiError("The source_transaction must be a successful charge.", param="source_transaction")
    if charge["currency"] != currency:
        raise ApiError(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as the"
            f" transfer currency ({currency})",
            param="currency",
        )
    entry = call.store.get(charge["balance_transaction"])
    charge["_available_on"] = entry["available_on"] if entry else call.sim.now()
    return charge


def _check_cap(call: Call, source: Obj, amount: int) -> None:
    sent = call.store.find("transfer", where={"source_transaction": source["id"]})
    left = source["amount"] - sum(t["amount"] - t["amount_reversed"] for t in sent)
    if amount > left:
        raise ApiError(
            "Transfers using this transaction as a source must not exceed the source amount of"
            f" {text(source['amount'], source['currency'])}. (There is {text(max(left, 0), source['currency'])}"
            " available to be transferred.)",
            param="amount",
        )


def _group(call: Call, charge: Obj) -> str:
    return charge.get("transfer_group") or f"group_{charge['payment_intent']}"


def with_reversals(transfer: Obj) -> Obj:
    """Add the list of reversals."""
    url = f"/v1/transfers/{transfer['id']}/reversals"
    return {
        **shown(transfer),
        "reversals": listing(transfer["_reversals"][:10], url, has_more=len(transfer["_reversals"]) > 10),
    }


@route("GET", "/v1/transfers/{id}", "TransferRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read a transfer."""
    return with_reversals(call.need(id, "transfer"))


@route("POST", "/v1/transfers/{id}", "TransferUpdateParams", supports="description")
def update(call: Call, id: str) -> Obj:
    """Change a transfer's texts."""
    transfer = call.need(id, "transfer")
    transfer["metadata"] = merge_metadata(transfer["metadata"], call.params.get("metadata"))
    transfer["description"] = call.params.get("description", transfer.get("description"))
    call.store.save(transfer)
    emit(call.sim, "transfer.updated", with_reversals(transfer), call=call)
    return with_reversals(transfer)


@route(
    "GET",
    "/v1/transfers",
    "TransferListParams",
    supports="created destination ending_before limit starting_after transfer_group",
)
def list_transfers(call: Call) -> Obj:
    """List transfers."""
    page = call.page("transfer", where={k: call.params.get(k) for k in ("destination", "transfer_group")})
    found = [call.need(transfer["id"], "transfer") for transfer in page["data"]]
    page["data"] = [with_reversals(transfer) for transfer in found]
    return page
