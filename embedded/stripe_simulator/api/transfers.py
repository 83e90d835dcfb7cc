"""Send money to connected accounts and take it back."""

from ..accounts import can_receive
from ..errors import ApiError, Obj, missing
from ..events import emit
from ..ledger import available, book, whole
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
        "charge", "py_1",
        account=destination["id"],
        amount=amount, amount_captured=amount, amount_refunded=0, captured=True, currency=currency, paid=True,
        disputed=False, refunded=False, status="succeeded", source_transfer=transfer["id"], metadata={}, fraud_details={},
        billing_details={"address": None, "email": None, "name": None, "phone": None}, payment_intent=None, payment_method=None,
    )  # fmt: skip
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
            f" {text(source['amount'], source['currency'])}. (There is {text(max(left, 0), source['currency'])} available to"
            " be transferred.)",
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


@route("POST", "/v1/transfers/{id}/reversals", "TransferReversalCreateParams", supports="amount description")
def reverse(call: Call, id: str) -> Obj:
    """Take a transfer back, as far as the connected account still holds it."""
    transfer, sim = call.need(id, "transfer"), call.sim
    currency, destination = transfer["currency"], transfer["destination"]
    left = transfer["amount"] - transfer["amount_reversed"]
    if left == 0:
        raise ApiError(
            f"Transfer {transfer['id']} is already fully reversed.", code="transfer_already_reversed"
        )
    amount = call.params.get("amount", left)
    check_amount(amount, currency)
    if amount > left:
        raise ApiError(
            f"Transfer reversal amount ({text(amount, currency)}) is greater than unreversed amount on transfer"
            f" ({text(left, currency)})",
            param="amount",
        )
    if whole(sim, destination, currency) < amount:
        raise ApiError(
            "The connected account does not have sufficient funds in its Stripe balance to cover this reversal.",
            code="balance_insufficient",
        )
    # Money that is still pending is taken back where it is: on both sides at the transfer's own date.
    original = call.store.get(transfer["balance_transaction"])
    ready = max(sim.now(), original["available_on"]) if original else sim.now()
    reversal = {
        "id": sim.id("trr_1"), "object": "transfer_reversal", "amount": amount, "created": sim.now(), "currency": currency,
        "metadata": call.params.get("metadata") or {}, "source_refund": None, "transfer": transfer["id"],
    }  # fmt: skip
    back = book(
        sim,
        account="",
        type="transfer_refund",
        amount=amount,
        currency=currency,
        source=reversal["id"],
        available_on=ready,
    )
    payment = call.store.get(transfer["destination_payment"]) or {}
    refund = sim.new(
        "refund",
        "pyr_1",
        account=destination,
        amount=amount,
        charge=payment["id"],
        currency=currency,
        status="succeeded",
        metadata={},
        reason=None,
    )
    gone = book(
        sim,
        account=destination,
        type="payment_refund",
        amount=-amount,
        currency=currency,
        source=refund["id"],
        available_on=ready,
    )
    sim.store.save({**refund, "balance_transaction": gone["id"]})
    sim.store.save(
        {**payment, "amount_refunded": payment["amount_refunded"] + amount, "refunded": amount == left}
    )
    reversal |= {"balance_transaction": back["id"], "destination_payment_refund": refund["id"]}
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["_reversals"].insert(0, sim.store.add(reversal))
    sim.store.save(transfer)
    emit(sim, "transfer.reversed", with_reversals(transfer), call=call)
    return reversal


@route("GET", "/v1/transfers/{id}/reversals", "TransferReversalListParams", supports="limit")
def list_reversals(call: Call, id: str) -> Obj:
    """List the reversals of a transfer."""
    all_of_them = call.need(id, "transfer")["_reversals"]
    limit = call.params.get("limit", 10)
    return listing(all_of_them[:limit], call.path, has_more=len(all_of_them) > limit)


@route("GET", "/v1/transfers/{id}/reversals/{reversal}", "TransferReversalRetrieveParams")
def retrieve_reversal(call: Call, id: str, reversal: str) -> Obj:
    """Read a reversal."""
    for one in call.need(id, "transfer")["_reversals"]:
        if one["id"] == reversal:
            return dict(one)
    raise missing("transfer reversal", reversal)
