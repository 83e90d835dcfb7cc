"""Keep products and prices."""

from typing import Any

from ..errors import ApiError, Obj, unsupported
from ..events import emit
from ..money import check_amount, check_currency
from ..routing import route
from ..shapes import listing, shown
from ..simulator import Call, Simulator, merge_metadata


def new_product(sim: Simulator, account: str, **body: Any) -> Obj:
    """Create a product."""
    product = sim.new(
        "product", "prod_",
        account=account, length=14, active=True, images=[], marketing_features=[], metadata={}, type="service",
        updated=sim.now(), default_price=None, tax_code=None, **body,
    )  # fmt: skip
    return product


def new_price(
    sim: Simulator, account: str, *, product: str, currency: str, unit_amount: int, **body: Any
) -> Obj:
    """Create a price: one-time, or each month with ``recurring``."""
    return sim.new(
        "price", "price_1",
        account=account, billing_scheme="per_unit", currency=currency, product=product,
        type="recurring" if body.get("recurring") else "one_time",
        unit_amount=unit_amount, unit_amount_decimal=str(unit_amount), tiers_mode=None,
        **{"active": True, "tax_behavior": "unspecified", "metadata": {}, **body},
    )  # fmt: skip


@route(
    "POST", "/v1/products", "ProductCreateParams",
    supports="active description id images name shippable statement_descriptor tax_code unit_label url",
)  # fmt: skip
def create_product(call: Call) -> Obj:
    """Create a product."""
    fields = {k: v for k, v in call.params.items() if k not in ("expand", "id")}
    product = new_product(
        call.sim,
        call.account,
        **{k: v for k, v in fields.items() if k not in ("active", "images", "metadata", "tax_code")},
    )
    product |= fields
    return call.store.save(product)


@route("GET", "/v1/products/{id}", "ProductRetrieveParams")
def retrieve_product(call: Call, id: str) -> Obj:
    """Read a product."""
    return call.need(id, "product")


@route(
    "POST", "/v1/prices", "PriceCreateParams",
    supports="active currency lookup_key nickname product product_data tax_behavior unit_amount recurring",
)  # fmt: skip
def create_price(call: Call) -> Obj:
    """Create a price, with its product when one is described."""
    given = call.params
    currency = check_currency(given["currency"])
    if "unit_amount" not in given:
        raise ApiError("Missing required param: unit_amount.", code="parameter_missing", param="unit_amount")
    if given["unit_amount"]:
        check_amount(given["unit_amount"], currency, param="unit_amount")
    if "product" in given:
        product = call.need(given["product"], "product", param="product")["id"]
    elif "product_data" in given:
        about = given["product_data"]
        made = new_product(call.sim, call.account, name=about["name"])
        product = call.store.save(made | {k: v for k, v in about.items() if k != "name"})["id"]
    else:
        raise ApiError(
            "You must specify either product or product_data.", code="parameter_missing", param="product"
        )
    more: Obj = {
        k: given[k] for k in ("active", "lookup_key", "nickname", "tax_behavior", "metadata") if k in given
    }
    if "recurring" in given:
        if given["recurring"] != {"interval": "month"}:
            raise unsupported("prices for anything but each month", param="recurring")
        more["recurring"] = {
            "interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None,
            "usage_type": "licensed",
        }  # fmt: skip
    if "lookup_key" in more and call.store.find(
        "price", account=call.account, where={"lookup_key": more["lookup_key"]}
    ):
        raise ApiError(f"A price already uses the lookup key {more['lookup_key']}.", param="lookup_key")
    return new_price(
        call.sim, call.account, product=product, currency=currency, unit_amount=given["unit_amount"], **more
    )


@route("GET", "/v1/prices", "PriceListParams", supports="active limit lookup_keys product")
def list_prices(call: Call) -> Obj:
    """List prices, by their lookup keys if such are given."""
    wanted: Obj = {name: call.params[name] for name in ("active", "product") if name in call.params}
    found = call.store.find("price", account=call.account, where=wanted)
    if "lookup_keys" in call.params:
        found = [row for row in found if row.get("lookup_key") in call.params["lookup_keys"]]
    return listing([shown(row) for row in found[: call.params.get("limit", 10)]], call.path)


@route("GET", "/v1/prices/{id}", "PriceRetrieveParams")
def retrieve_price(call: Call, id: str) -> Obj:
    """Read a price."""
    return call.need(id, "price")


@route("POST", "/v1/prices/{id}", "PriceUpdateParams", supports="active nickname lookup_key tax_behavior")
def update_price(call: Call, id: str) -> Obj:
    """Change a price."""
    price = call.need(id, "price")
    metadata = merge_metadata(price["metadata"], call.params.get("metadata"))
    price |= {k: v for k, v in call.params.items() if k != "expand"} | {"metadata": metadata}
    call.store.save(price)
    emit(call.sim, "price.updated", shown(price), account=call.account, call=call)
    return price
