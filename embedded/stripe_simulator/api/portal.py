"""Open the customer portal, where a customer changes the card."""

from ..errors import ApiError, Obj, unsupported
from ..routing import route
from ..simulator import Call


@route(
    "POST", "/v1/billing_portal/sessions", "billing_portal.SessionCreateParams",
    supports="customer flow_data return_url",
)  # fmt: skip
def create(call: Call) -> Obj:
    """Make a link to the page that changes the card."""
    given = call.params
    if "customer" not in given:
        raise ApiError("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = call.need(given["customer"], "customer", param="customer")
    flow = given.get("flow_data") or {}
    if flow.get("type") != "payment_method_update":
        raise unsupported("a portal for anything but the card", param="flow_data[type]")
    session = call.sim.new(
        "billing_portal.session", "bps_1",
        account=call.account, customer=customer["id"], return_url=given.get("return_url"), configuration="bpc_1sim",
        flow={"type": "payment_method_update"}, locale=None, on_behalf_of=None,
    )  # fmt: skip
    session["url"] = f"{call.sim.config.public_url}/p/session/{session['id']}"
    return call.store.save(session)
