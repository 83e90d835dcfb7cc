"""Keep coupons and promotion codes."""

from decimal import Decimal

from ..errors import ApiError, Obj
from ..money import check_currency
from ..promotions import live, valid
from ..routing import route
from ..shapes import listing, shown
from ..simulator import Call, merge_metadata


@route(
    "POST", "/v1/coupons", "CouponCreateParams",
    supports="amount_off currency duration id max_redemptions name percent_off redeem_by",
)  # fmt: skip
def create_coupon(call: Call) -> Obj:
    """Create a coupon."""
    given = call.params
    if ("percent_off" in given) == ("amount_off" in given):
        raise ApiError("Specify either percent_off or amount_off.", param="percent_off")
    percent = Decimal(given["percent_off"]) if "percent_off" in given else None
    if percent is not None and not 0 < percent <= 100:
        raise ApiError("percent_off must be greater than 0 and at most 100.", param="percent_off")
    if "amount_off" in given and "currency" not in given:
        raise ApiError("amount_off needs a currency.", code="parameter_missing", param="currency")
    if given.get("duration", "once") not in ("once", "forever"):
        raise ApiError("This simulator knows coupons that hold once or forever.", param="duration")
    id = given.get("id") or call.sim.id("", 8)
    if call.store.get(id):
        raise ApiError("Coupon already exists.", code="resource_already_exists", param="id")
    coupon = call.sim.new(
        "coupon", "",
        account=call.account, length=8,
        amount_off=given.get("amount_off"), percent_off=float(percent) if percent is not None else None,
        currency=check_currency(given["currency"]) if "currency" in given else None,
        duration=given.get("duration", "once"), duration_in_months=None, max_redemptions=given.get("max_redemptions"),
        metadata=given.get("metadata", {}), name=given.get("name"), redeem_by=given.get("redeem_by"), times_redeemed=0,
        valid=True,
    )  # fmt: skip
    if "id" in given:
        call.store.delete(coupon["id"])
        coupon["id"] = id
        call.store.add(coupon, account=call.account)
    return coupon


@route("GET", "/v1/coupons/{id}", "CouponRetrieveParams")
def retrieve_coupon(call: Call, id: str) -> Obj:
    """Read a coupon."""
    coupon = call.need(id, "coupon")
    return {**coupon, "valid": valid(call.sim, coupon)}


@route(
    "POST", "/v1/promotion_codes", "PromotionCodeCreateParams",
    supports="active code customer expires_at max_redemptions promotion restrictions",
)  # fmt: skip
def create_code(call: Call) -> Obj:
    """Create a promotion code."""
    given = call.params
    coupon = call.need(given["promotion"]["coupon"], "coupon", param="promotion[coupon]")
    text = given.get("code") or call.sim.id("", 8).upper()
    if any(
        found["code"].lower() == text.lower() and live(call.sim, found)
        for found in call.store.find("promotion_code", account=call.account)
    ):
        raise ApiError("An active promotion code with this code already exists.", param="code")
    rules = given.get("restrictions", {})
    return call.sim.new(
        "promotion_code", "promo_1",
        account=call.account, active=given.get("active", True), code=text, customer=given.get("customer"),
        expires_at=given.get("expires_at"), max_redemptions=given.get("max_redemptions"),
        metadata=given.get("metadata", {}), promotion={"type": "coupon", "coupon": coupon["id"]}, times_redeemed=0,
        restrictions={
            "first_time_transaction": rules.get("first_time_transaction", False),
            "minimum_amount": rules.get("minimum_amount"),
            "minimum_amount_currency": rules.get("minimum_amount_currency"),
        },
    )  # fmt: skip


@route("POST", "/v1/promotion_codes/{id}", "PromotionCodeUpdateParams", supports="active")
def update_code(call: Call, id: str) -> Obj:
    """Switch a promotion code off or on."""
    code = call.need(id, "promotion_code", name="promotion code")
    code["active"] = call.params.get("active", code["active"])
    code["metadata"] = merge_metadata(code["metadata"], call.params.get("metadata"))
    return call.store.save(code)


@route("GET", "/v1/promotion_codes/{id}", "PromotionCodeRetrieveParams")
def retrieve_code(call: Call, id: str) -> Obj:
    """Read a promotion code."""
    code = call.need(id, "promotion_code", name="promotion code")
    return {**code, "active": live(call.sim, code)}


@route("GET", "/v1/promotion_codes", "PromotionCodeListParams", supports="active code limit")
def list_codes(call: Call) -> Obj:
    """List promotion codes; a code is found in any case of its letters."""
    wanted, active = call.params.get("code"), call.params.get("active")
    rows = [
        {**row, "active": live(call.sim, row)}
        for row in call.store.find("promotion_code", account=call.account)
    ]
    rows = [row for row in rows if wanted is None or row["code"].lower() == wanted.lower()]
    rows = [row for row in rows if active is None or row["active"] == active]
    limit = call.params.get("limit", 10)
    return listing([shown(row) for row in rows[:limit]], call.path, has_more=len(rows) > limit)
