"""Take payments without the hosted page, and read payments, charges and methods."""

from ..cards import TOKENS, Card
from ..errors import ApiError, Obj
from ..events import emit
from ..money import check_charge, check_currency
from ..payments import attempt, new_intent
from ..routing import route
from ..simulator import Call, merge_metadata

CREATE = (
    "amount automatic_payment_methods capture_method confirm currency customer description error_on_requires_action"
    " payment_method receipt_email return_url statement_descriptor statement_descriptor_suffix transfer_group"
)
COPIED = (
    "customer",
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "metadata",
)


@route("POST", "/v1/payment_intents", "PaymentIntentCreateParams", supports=CREATE)
def create(call: Call) -> Obj:
    """Create an intent and pay it when asked to."""
    given = call.params
    currency = check_currency(given["currency"])
    check_charge(given["amount"], currency)
    if given.get("capture_method") == "manual":
        raise ApiError(
            "This simulator captures at once; capture_method=manual is not built.",
            code="simulator_unsupported",
            param="capture_method",
        )
    if "customer" in given:
        call.need(given["customer"], "customer", param="customer")
    body = {name: given[name] for name in COPIED if name in given}
    card = _card(given["payment_method"]) if "payment_method" in given else None
    intent = new_intent(
        call.sim, account=call.account, amount=given["amount"], currency=currency, call=call, **body
    )
    if card:
        intent |= {"status": "requires_confirmation", "payment_method": given["payment_method"]}
        call.store.save(intent)
    if given.get("confirm"):
        if card is None:
            raise ApiError(
                "You must provide a payment_method to confirm this PaymentIntent.",
                code="parameter_missing",
                param="payment_method",
            )
        return _confirm(call, intent, card)
    return intent


def _card(token: str) -> Card:
    if token not in TOKENS:
        raise ApiError(f"No such PaymentMethod: '{token}'", code="resource_missing", param="payment_method")
    return Card(number=TOKENS[token])


def _confirm(call: Call, intent: Obj, card: Card) -> Obj:
    paid = attempt(call.sim, intent, card, call=call)
    if call.params.get("error_on_requires_action") and paid["status"] == "requires_action":
        raise ApiError(
            "This payment required an authentication action to complete.",
            status=402,
            type="card_error",
            code="authentication_required",
        )
    return paid


@route(
    "POST",
    "/v1/payment_intents/{id}/confirm",
    "PaymentIntentConfirmParams",
    supports="payment_method return_url error_on_requires_action",
)
def confirm(call: Call, id: str) -> Obj:
    """Pay an intent."""
    intent = call.need(id, "payment_intent")
    token = call.params.get("payment_method") or intent.get("payment_method")
    if not token:
        raise ApiError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    return _confirm(call, intent, _card(token))


@route("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams")
def cancel(call: Call, id: str) -> Obj:
    """Give an unpaid intent up."""
    intent = call.need(id, "payment_intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise ApiError(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    intent |= {
        "status": "canceled",
        "canceled_at": call.sim.now(),
        "cancellation_reason": call.params.get("cancellation_reason"),
    }
    call.store.save(intent)
    emit(call.sim, "payment_intent.canceled", intent, account=call.account, call=call)
    return intent


@route(
    "POST",
    "/v1/payment_intents/{id}",
    "PaymentIntentUpdateParams",
    supports="description receipt_email transfer_group",
)
def update(call: Call, id: str) -> Obj:
    """Change an intent's texts."""
    intent = call.need(id, "payment_intent")
    metadata = merge_metadata(intent["metadata"], call.params.get("metadata"))
    intent |= {k: v for k, v in call.params.items() if k != "expand"} | {"metadata": metadata}
    return call.store.save(intent)


@route("GET", "/v1/payment_intents/{id}", "PaymentIntentRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read an intent."""
    return call.need(id, "payment_intent")


@route(
    "GET",
    "/v1/payment_intents",
    "PaymentIntentListParams",
    supports="created customer ending_before limit starting_after",
)
def list_intents(call: Call) -> Obj:
    """List intents."""
    return call.page("payment_intent", where={"customer": call.params.get("customer")})


@route("GET", "/v1/charges/{id}", "ChargeRetrieveParams")
def retrieve_charge(call: Call, id: str) -> Obj:
    """Read a charge."""
    return call.need(id, "charge")


@route(
    "GET",
    "/v1/charges",
    "ChargeListParams",
    supports="created customer ending_before limit payment_intent starting_after transfer_group",
)
def list_charges(call: Call) -> Obj:
    """List charges."""
    return call.page(
        "charge", where={k: call.params.get(k) for k in ("customer", "payment_intent", "transfer_group")}
    )


@route("POST", "/v1/charges/{id}", "ChargeUpdateParams", supports="description receipt_email transfer_group")
def update_charge(call: Call, id: str) -> Obj:
    """Change a charge's texts."""
    charge = call.need(id, "charge")
    metadata = merge_metadata(charge["metadata"], call.params.get("metadata"))
    charge |= {k: v for k, v in call.params.items() if k != "expand"} | {"metadata": metadata}
    call.store.save(charge)
    emit(call.sim, "charge.updated", charge, account=call.account, call=call)
    return charge


@route("GET", "/v1/payment_methods/{id}", "PaymentMethodRetrieveParams")
def retrieve_method(call: Call, id: str) -> Obj:
    """Read a payment method."""
    return call.need(id, "payment_method", name="PaymentMethod")
