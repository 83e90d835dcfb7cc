"""Work out what coupons and promotion codes take off, and whether they may be used."""

from decimal import ROUND_HALF_UP, Decimal

from .errors import ApiError, Obj
from .simulator import Call, Simulator


def shared(off: int, amounts: list[int]) -> list[int]:
    """Share a discount over lines in proportion, to the cent."""
    whole = sum(amounts) or 1
    parts = [off * amount // whole for amount in amounts]
    order = sorted(range(len(amounts)), key=lambda n: -(off * amounts[n] % whole))
    for n in order[: off - sum(parts)]:
        parts[n] += 1
    return parts


def asked(call: Call, *, total: int, currency: str) -> tuple[int, Obj | None]:
    """Read the `discounts` parameter: what is taken off, and the discount to remember."""
    given = call.params.get("discounts") or []
    if not given:
        return 0, None
    if len(given) > 1:
        raise ApiError("You may only specify one discount.", param="discounts")
    chosen = given[0]
    if ("coupon" in chosen) == ("promotion_code" in chosen):
        raise ApiError("Specify either coupon or promotion_code.", param="discounts[0]")
    code = None
    if "promotion_code" in chosen:
        path = "discounts[0][promotion_code]"
        code = call.need(chosen["promotion_code"], "promotion_code", name="promotion code", param=path)
        check(call.sim, code, total=total, currency=currency, customer=call.params.get("customer"), path=path)
    id = code["promotion"]["coupon"] if code else chosen["coupon"]
    coupon = call.need(id, "coupon", param="discounts[0][coupon]")
    if not valid(call.sim, coupon):
        raise ApiError(f"Coupon expired: {coupon['id']}", code="coupon_expired", param="discounts[0][coupon]")
    return taken_off(coupon, total=total, currency=currency), {
        "coupon": coupon["id"],
        "promotion_code": code["id"] if code else None,
    }


def valid(sim: Simulator, coupon: Obj) -> bool:
    """Tell whether a coupon can still be redeemed."""
    used_up = coupon["max_redemptions"] and coupon["times_redeemed"] >= coupon["max_redemptions"]
    over = coupon["redeem_by"] and coupon["redeem_by"] <= sim.now()
    return not used_up and not over


def live(sim: Simulator, code: Obj) -> bool:
    """Tell whether a promotion code holds now, as its `active` field says."""
    used_up = code["max_redemptions"] and code["times_redeemed"] >= code["max_redemptions"]
    over = code["expires_at"] and code["expires_at"] <= sim.now()
    coupon = sim.store.get(code["promotion"]["coupon"], kind="coupon")
    return bool(code["active"] and not used_up and not over and coupon and valid(sim, coupon))


def check(sim: Simulator, code: Obj, *, total: int, currency: str, customer: str | None, path: str) -> None:
    """Refuse a promotion code that may not be used for this."""
    if not live(sim, code):
        raise ApiError(
            f"This promotion code has expired: {code['id']}", code="promotion_code_expired", param=path
        )
    if code["customer"] and code["customer"] != customer:
        raise ApiError("This promotion code cannot be redeemed by this customer.", param=path)
    rules = code["restrictions"]
    if rules["minimum_amount"] and (
        rules["minimum_amount_currency"] != currency or total < rules["minimum_amount"]
    ):
        raise ApiError(
            "This promotion code cannot be redeemed because the order does not meet the minimum amount.",
            param=path,
        )


def taken_off(coupon: Obj, *, total: int, currency: str) -> int:
    """Work out a coupon's discount on an amount."""
    if coupon["percent_off"] is not None:
        exact = Decimal(total) * Decimal(str(coupon["percent_off"])) / 100
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if coupon["currency"] != currency:
        raise ApiError(f"The coupon's currency is {coupon['currency']}.", param="discounts")
    return min(int(coupon["amount_off"]), total)


def redeem(sim: Simulator, discount: Obj | None) -> None:
    """Count one use of a code and its coupon."""
    for id in (discount or {}).values():
        found = sim.store.get(id) if id else None
        if found:
            found["times_redeemed"] += 1
            sim.store.save(found)
