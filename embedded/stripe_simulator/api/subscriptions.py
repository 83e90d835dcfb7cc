"""Read, change and end subscriptions; Checkout starts them."""

from .. import subscribing
from ..errors import ApiError, Obj, unsupported
from ..events import emit
from ..routing import route
from ..shapes import shown
from ..simulator import Call, merge_metadata

SUPPORTED = "billing_cycle_anchor cancel_at_period_end items payment_behavior proration_behavior"


@route("GET", "/v1/subscriptions/{id}", "SubscriptionRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read a subscription."""
    return call.need(id, "subscription")


@route(
    "GET", "/v1/subscriptions", "SubscriptionListParams",
    supports="created customer ending_before limit starting_after status",
)  # fmt: skip
def list_subscriptions(call: Call) -> Obj:
    """List subscriptions."""
    return call.page("subscription", where={k: call.params.get(k) for k in ("customer", "status")})


@route("POST", "/v1/subscriptions/{id}", "SubscriptionUpdateParams", supports=SUPPORTED)
def update(call: Call, id: str) -> Obj:
    """Change the price, or whether it ends with the period."""
    given, sub = call.params, call.need(id, "subscription")
    if sub["status"] == "canceled":
        raise ApiError("A canceled subscription can only update its cancellation_details and metadata.")
    sub["metadata"] = merge_metadata(sub["metadata"], given.get("metadata"))
    if "cancel_at_period_end" in given:
        asked = given["cancel_at_period_end"]
        at = subscribing.item_of(sub)["current_period_end"] if asked else None
        sub |= {
            "cancel_at_period_end": asked,
            "cancel_at": at,
            "canceled_at": call.sim.now() if asked else None,
        }
    call.store.save(sub)
    if "items" in given:
        return _another_price(call, sub)
    emit(call.sim, "customer.subscription.updated", sub, account=call.account, call=call)
    return sub


def _another_price(call: Call, sub: Obj) -> Obj:
    given, item = call.params, subscribing.item_of(sub)
    if len(given["items"]) != 1 or given["items"][0].get("id") != item["id"]:
        raise unsupported("anything but the one item of a subscription", param="items")
    if given.get("proration_behavior") != "none":
        raise unsupported("proration_behavior other than none", param="proration_behavior")
    price = call.need(given["items"][0]["price"], "price", param="items[0][price]")
    if not price.get("recurring"):
        raise ApiError("The price specified is not recurring.", param="items[0][price]")
    anchor = given.get("billing_cycle_anchor", {"type": "unchanged"})["type"]
    if anchor == "now":
        if given.get("payment_behavior") != "error_if_incomplete":
            raise unsupported("payment_behavior other than error_if_incomplete", param="payment_behavior")
        return subscribing.start_over(call.sim, sub, price, call=call)
    if anchor != "unchanged":
        raise unsupported(f"billing_cycle_anchor[type]={anchor}", param="billing_cycle_anchor[type]")
    item["price"] = shown(price)
    call.store.save(sub)
    emit(call.sim, "customer.subscription.updated", sub, account=call.account, call=call)
    return sub


@route("DELETE", "/v1/subscriptions/{id}", "SubscriptionCancelParams", supports="")
def cancel(call: Call, id: str) -> Obj:
    """End it now."""
    sub = call.need(id, "subscription")
    if sub["status"] == "canceled":
        raise ApiError(f"No such subscription: '{id}'", status=404, code="resource_missing", param="id")
    return subscribing.end(call.sim, sub, call=call)
