"""Put the object in the place of its identifier where the caller asks for it."""

from .accounts import v1
from .api.transfers import with_reversals
from .errors import ApiError, Obj
from .ledger import with_status
from .shapes import listing, shown
from .simulator import Call

# Deeper is refused by Stripe too.
DEEPEST = 4


def finish(call: Call, obj: Obj) -> Obj:
    """Show an answer with what `expand` names."""
    ready = _view(call, obj)
    for path in call.params.get("expand", []):
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise ApiError(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}.",
                param="expand",
            )
        _expand(call, ready, steps, path)
    return ready


def _view(call: Call, obj: Obj) -> Obj:
    if obj.get("object") == "account" and "_bank" in obj:
        return v1(call.sim, obj)
    if obj.get("object") == "transfer" and "_reversals" in obj:
        return with_reversals(obj)
    if obj.get("object") == "balance_transaction":
        return with_status(call.sim, shown(obj))
    return shown(obj)


def _expand(call: Call, obj: Obj, steps: list[str], path: str) -> None:
    name, rest = steps[0], steps[1:]
    if obj.get("object") == "list" and name == "data":
        for item in obj["data"]:
            _expand(call, item, rest, path)
        return
    if obj.get("object") == "checkout.session" and steps == ["total_details", "breakdown"]:
        # Left out by default, like a list.
        obj[name] = {**obj[name], "breakdown": (call.store.get(obj["id"]) or {})["_breakdown"]}
        return
    _include(call, obj, name)
    if name not in obj:
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    value = obj[name]
    if isinstance(value, list):
        _expand_all(call, value, rest, path)
        return
    if isinstance(value, str):
        found = call.store.get(value)
        if found is None:
            raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
        value = obj[name] = _view(call, found)
    if rest and isinstance(value, dict):
        _expand(call, value, rest, path)


def _expand_all(call: Call, ids: list[str | Obj], rest: list[str], path: str) -> None:
    """Put objects in the place of a list of identifiers."""
    for place, value in enumerate(ids):
        found = call.store.get(value) if isinstance(value, str) else value
        if found is None:
            raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
        ids[place] = ready = _view(call, found)
        if rest:
            _expand(call, ready, rest, path)


def _include(call: Call, obj: Obj, name: str) -> None:
    """Add a list that is left out by default."""
    if obj.get("object") == "checkout.session" and name == "line_items":
        items = (call.store.get(obj["id"]) or {})["_items"]
        obj[name] = listing(
            [shown(i) for i in items[:10]],
            f"/v1/checkout/sessions/{obj['id']}/line_items",
            has_more=len(items) > 10,
        )
    if obj.get("object") == "invoice" and name == "payments":
        rows = call.store.find("invoice_payment", where={"invoice": obj["id"]})
        obj[name] = listing([shown(row) for row in rows], "/v1/invoice_payments")
    if obj.get("object") == "charge" and name == "refunds":
        refunds = call.store.find("refund", where={"charge": obj["id"]}, limit=11)
        obj[name] = listing(
            [shown(r) for r in refunds[:10]], f"/v1/charges/{obj['id']}/refunds", has_more=len(refunds) > 10
        )
