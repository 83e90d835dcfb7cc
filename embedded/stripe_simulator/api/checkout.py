"""Create and follow Checkout Sessions."""

from .. import promotions
from ..checkout_totals import add_up
from ..errors import ApiError, Obj, unsupported
from ..events import emit
from ..money import check_charge
from ..routing import route
from ..simulator import DAY, Call, Simulator, merge_metadata
from .line_items import line_items

SUPPORTED = (
    "automatic_tax billing_address_collection cancel_url client_reference_id currency customer customer_creation"
    " customer_email customer_update discounts expires_at line_items locale mode origin_context payment_intent_data"
    " submit_type subscription_data success_url ui_mode"
)
# Values that mean "off": accepted, since they change nothing.
HARMLESS = {
    "adaptive_pricing": {"enabled": False}, "allow_promotion_codes": False,
    "invoice_creation": {"enabled": False}, "phone_number_collection": {"enabled": False},
    "tax_id_collection": {"enabled": False}, "allowed_payment_method_types": ["card"],
    "payment_method_collection": "always",
}  # fmt: skip
INTENT_SUPPORTED = {
    "description",
    "metadata",
    "receipt_email",
    "transfer_group",
    "statement_descriptor",
    "statement_descriptor_suffix",
}
HALF_AN_HOUR = 1800


@route("POST", "/v1/checkout/sessions", "checkout.SessionCreateParams")
def create(call: Call) -> Obj:
    """Open a session with its hosted page."""
    given, sim = call.params, call.sim
    _refuse_unsupported(given)
    if not given.get("success_url"):
        raise ApiError("You must specify success_url.", code="parameter_missing", param="success_url")
    for name in ("success_url", "cancel_url"):
        if name in given and not given[name].startswith(("http://", "https://")):
            raise ApiError("Not a valid URL", code="url_invalid", param=name)
    expires_at = given.get("expires_at", sim.now() + DAY)
    if not sim.now() + HALF_AN_HOUR - 60 <= expires_at <= sim.now() + DAY + 60:
        raise ApiError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    if "customer" in given and "customer_email" in given:
        raise ApiError(
            "You may only specify one of these parameters: customer, customer_email.", param="customer"
        )
    customer = call.need(given["customer"], "customer", param="customer") if "customer" in given else None
    items = line_items(call)
    currency = items[0]["currency"]
    off, discount = promotions.asked(
        call, total=sum(item["amount_subtotal"] for item in items), currency=currency
    )
    automatic = _automatic_tax(given, customer)
    session = sim.new(
        "checkout.session",
        "cs_test_",
        account=call.account,
        length=58,
        amount_subtotal=0,
        amount_total=0,
        currency=currency,
        mode=given["mode"],
        ui_mode="hosted_page",
        adaptive_pricing={"enabled": False},
        automatic_tax={
            "enabled": automatic,
            "liability": {"type": "self", "account": None} if automatic else None,
            "provider": "stripe" if automatic else None,
            "status": None,
        },
        billing_address_collection=given.get("billing_address_collection"),
        cancel_url=given.get("cancel_url"),
        client_reference_id=given.get("client_reference_id"),
        custom_fields=[],
        custom_text={
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        customer=customer["id"] if customer else None,
        customer_creation=given.get("customer_creation", None if customer else "if_required"),
        customer_details=None,
        customer_email=given.get("customer_email"),
        discounts=[discount] if discount else [],
        expires_at=expires_at,
        invoice_creation={"enabled": False, "invoice_data": {}},
        locale=given.get("locale"),
        metadata=given.get("metadata", {}),
        origin_context=given.get("origin_context"),
        payment_intent=None,
        payment_method_collection="always",
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=["card"],
        payment_status="unpaid",
        phone_number_collection={"enabled": False},
        shipping_options=[],
        status="open",
        submit_type=given.get("submit_type"),
        success_url=given["success_url"],
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    )
    session |= {
        "url": f"{sim.config.public_url}/c/pay/{session['id']}",
        "_items": items,
        "_intent": given.get("payment_intent_data", {}),
        "_subscription": given.get("subscription_data", {}),
        "_off": off,
        "_discount": discount,
        "_update": given.get("customer_update", {}),
    }
    add_up(sim, session, country=((customer or {}).get("address") or {}).get("country"))
    check_charge(session["amount_total"], currency, param="line_items")
    return sim.store.save(session)


def _automatic_tax(given: Obj, customer: Obj | None) -> bool:
    """Read whether tax is worked out, and refuse what Stripe refuses with it."""
    if "customer_update" in given and customer is None:
        raise ApiError("`customer_update` can only be used with `customer`.", param="customer_update")
    if not given.get("automatic_tax", {}).get("enabled"):
        return False
    known = ((customer or {}).get("address") or {}).get("country")
    if customer and not known and given.get("customer_update", {}).get("address") != "auto":
        raise ApiError(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to "
            "the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto'.",
            code="customer_tax_location_invalid",
            param="automatic_tax",
        )
    return True


def _refuse_unsupported(given: Obj) -> None:
    if given.get("mode") not in ("payment", "subscription"):
        raise unsupported(f"mode={given.get('mode')} for Checkout Sessions", param="mode")
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise unsupported(f"ui_mode={given['ui_mode']}", param="ui_mode")
    for name, value in given.items():
        if (
            name not in SUPPORTED.split()
            and name not in ("expand", "metadata")
            and HARMLESS.get(name) != value
        ):
            raise unsupported(f"the parameter {name}", param=name)
    if given["mode"] == "subscription" and len(given.get("line_items", [])) > 1:
        raise unsupported("several items in a subscription", param="line_items")
    wrong = "payment_intent_data" if given["mode"] == "subscription" else "subscription_data"
    if wrong in given:
        raise ApiError(f"You can not pass `{wrong}` in `{given['mode']}` mode.", param=wrong)
    for name in set(given.get("subscription_data", {})) - {"metadata"}:
        raise unsupported(f"subscription_data[{name}]", param=f"subscription_data[{name}]")
    for name in given.get("payment_intent_data", {}):
        if name not in INTENT_SUPPORTED:
            raise unsupported(f"payment_intent_data[{name}]", param=f"payment_intent_data[{name}]")


@route(
    "GET",
    "/v1/checkout/sessions",
    "checkout.SessionListParams",
    supports="created ending_before limit payment_intent starting_after status customer",
)
def list_sessions(call: Call) -> Obj:
    """List sessions."""
    return call.page(
        "checkout.session", where={k: call.params.get(k) for k in ("payment_intent", "status", "customer")}
    )


@route("GET", "/v1/checkout/sessions/{id}", "checkout.SessionRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read a session."""
    return call.need(id, "checkout.session", name="checkout.session")


@route("POST", "/v1/checkout/sessions/{id}", "checkout.SessionUpdateParams", supports="")
def update(call: Call, id: str) -> Obj:
    """Change a session's metadata."""
    session = call.need(id, "checkout.session", name="checkout.session")
    session["metadata"] = merge_metadata(session["metadata"], call.params.get("metadata"))
    return call.store.save(session)


@route("POST", "/v1/checkout/sessions/{id}/expire", "checkout.SessionExpireParams")
def expire(call: Call, id: str) -> Obj:
    """Close an open session."""
    session = call.need(id, "checkout.session", name="checkout.session")
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired.'
            f" This Checkout Session has a status of `{session['status']}`."
        )
    return close(call.sim, session, call=call)


def close(sim: Simulator, session: Obj, *, call: Call | None = None) -> Obj:
    """Let a session expire."""
    session |= {"status": "expired", "url": None}
    sim.store.save(session)
    if session["payment_intent"]:
        intent = sim.store.get(session["payment_intent"])
        if intent and intent["status"] not in ("succeeded", "canceled"):
            intent |= {"status": "canceled", "canceled_at": sim.now(), "cancellation_reason": "expired"}
            sim.store.save(intent)
    emit(sim, "checkout.session.expired", session, account=sim.store.account_of(session["id"]), call=call)
    return session
