"""Take transfers back."""

from ..errors import ApiError, Obj, missing
from ..events import emit
from ..ledger import book, whole
from ..money import check_amount, text
from ..routing import route
from ..shapes import listing
from ..simulator import Call
from .transfers import with_reversals


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
        "id": sim.id("trr_1"),
        "object": "transfer_reversal",
        "amount": amount,
        "created": sim.now(),
        "currency": currency,
        "metadata": call.params.get("metadata") or {},
        "source_refund": None,
        "transfer": transfer["id"],
    }
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
