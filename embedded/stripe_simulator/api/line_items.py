"""Say what a Checkout Session sells."""

from ..errors import ApiError, Obj, unsupported
from ..money import check_amount, check_currency
from ..routing import route
from ..shapes import listing, shown
from ..simulator import Call
from .prices import new_price, new_product


def line_items(call: Call) -> list[Obj]:
    """Read the line items of a new session, with the products and prices that they describe."""
    given = call.params.get("line_items", [])
    if not given:
        raise ApiError("You must specify line_items.", code="parameter_missing", param="line_items")
    if len(given) > 100:
        raise ApiError("A Checkout Session takes up to 100 line items.", param="line_items")
    items = [_line_item(call, item, f"line_items[{n}]") for n, item in enumerate(given)]
    wanted = str(call.params.get("currency", items[0]["currency"])).lower()
    if {item["currency"] for item in items} != {wanted}:
        raise ApiError(
            "All line items must have the same currency as the Checkout Session.", param="line_items"
        )
    return items


def _line_item(call: Call, given: Obj, path: str) -> Obj:
    if ("price" in given) == ("price_data" in given):
        raise ApiError(f"You must specify either {path}[price] or {path}[price_data].", param=path)
    for name in ("adjustable_quantity", "tax_rates"):
        if name in given:
            raise unsupported(f"{path}[{name}]", param=f"{path}[{name}]")
    if "quantity" not in given:
        raise ApiError(
            f"Missing required param: {path}[quantity].", code="parameter_missing", param=f"{path}[quantity]"
        )
    quantity = given["quantity"]
    if quantity < 1:
        raise ApiError(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param=f"{path}[quantity]",
        )
    if "price" in given:
        price = call.need(given["price"], "price", param=f"{path}[price]")
        if not price["active"]:
            raise ApiError(f"The price specified is inactive: {price['id']}.", param=f"{path}[price]")
    else:
        price = _inline_price(call, given["price_data"], f"{path}[price_data]")
    if bool(price.get("recurring")) != (call.params.get("mode") == "subscription"):
        raise ApiError(
            "Sessions in subscription mode take recurring prices, sessions in payment mode one-time prices.",
            param=f"{path}[price]",
        )
    product = call.need(price["product"], "product")
    amount = price["unit_amount"] * quantity
    return {
        "id": call.sim.id("li_1"), "object": "item", "amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0,
        "amount_total": amount, "currency": price["currency"], "description": product["name"],
        "price": shown(price), "quantity": quantity, "metadata": given.get("metadata", {}),
        "_about": product.get("description"),
    }  # fmt: skip


def _inline_price(call: Call, given: Obj, path: str) -> Obj:
    currency = check_currency(given["currency"], param=f"{path}[currency]")
    if "recurring" in given:
        raise unsupported(f"{path}[recurring]", param=f"{path}[recurring]")
    if "unit_amount" not in given:
        raise ApiError(
            f"You must specify {path}[unit_amount].", code="parameter_missing", param=f"{path}[unit_amount]"
        )
    if given["unit_amount"]:
        check_amount(given["unit_amount"], currency, param=f"{path}[unit_amount]")
    if "product_data" in given:
        about = given["product_data"]
        if not about["name"].strip():
            raise ApiError(
                "The product's name cannot be empty.",
                code="parameter_invalid_empty",
                param=f"{path}[product_data][name]",
            )
        product = new_product(
            call.sim, call.account, name=about["name"], description=about.get("description")
        )
        product |= {"images": about.get("images", []), "metadata": about.get("metadata", {})}
        call.store.save(product)
    elif "product" in given:
        product = call.need(given["product"], "product", param=f"{path}[product]")
    else:
        raise ApiError(f"You must specify either product or product_data in {path}.", param=path)
    return new_price(
        call.sim, call.account, product=product["id"], currency=currency, unit_amount=given["unit_amount"],
        tax_behavior=given.get("tax_behavior", "unspecified"), active=False,
    )  # fmt: skip


@route(
    "GET",
    "/v1/checkout/sessions/{id}/line_items",
    "checkout.SessionLineItemListParams",
    supports="limit starting_after",
)
def list_line_items(call: Call, id: str) -> Obj:
    """List what a session sells."""
    session = call.need(id, "checkout.session", name="checkout.session")
    items = session["_items"]
    if "starting_after" in call.params:
        ids = [item["id"] for item in items]
        if call.params["starting_after"] not in ids:
            raise ApiError(f"No such item: '{call.params['starting_after']}'", param="starting_after")
        items = items[ids.index(call.params["starting_after"]) + 1 :]
    limit = call.params.get("limit", 10)
    return listing([shown(item) for item in items[:limit]], call.path, has_more=len(items) > limit)
