"""Open and change connected accounts by the v2 API, with the recipient configuration."""

import json

from .. import accounts as model
from ..errors import ApiError, Obj, unsupported
from ..routing import route
from ..simulator import Call
from .accounts import find

SUPPORTED = "configuration contact_email contact_phone dashboard defaults display_name identity include"


@route("POST", "/v2/core/accounts", "v2.core.AccountCreateParams", supports=SUPPORTED)
def create(call: Call) -> Obj:
    """Open an account."""
    country = call.params.get("identity", {}).get("country")
    if "recipient" in call.params.get("configuration", {}) and not call.params.get("contact_email"):
        raise ApiError(
            "contact_email is required for the recipient configuration.",
            code="parameter_missing",
            param="contact_email",
        )
    account = model.create(call.sim, country=country, v2=True, call=call, type="express")
    return _apply(call, account)


def _apply(call: Call, account: Obj) -> Obj:
    given = call.params
    for name in given.get("configuration", {}):
        if name not in ("recipient", "customer", "merchant"):
            raise unsupported(f"configuration.{name}", param=f"configuration.{name}")
    recipient = given.get("configuration", {}).get("recipient")
    if recipient is not None:
        _request(account, recipient.get("capabilities", {}))
    new = [name for name in given.get("configuration", {}) if name not in account["_configurations"]]
    account["_configurations"] = account["_configurations"] + new
    account["email"] = given.get("contact_email", account["email"])
    identity = given.get("identity", {})
    account["business_type"] = identity.get("entity_type", account["business_type"])
    person = identity.get("individual", {})
    name = " ".join(filter(None, (person.get("given_name"), person.get("surname"))))
    account["_name"] = name or account["_name"]
    extra = {k: given[k] for k in ("dashboard", "display_name", "contact_phone", "defaults") if k in given}
    account["_extra"] = {**account["_extra"], **extra}
    metadata = {**account["metadata"], **given.get("metadata", {})}
    # v2 removes a key whose value is null.
    account["metadata"] = {key: value for key, value in metadata.items() if value is not None}
    return model.v2(call.sim, call.store.save(account), given.get("include", []))


def _request(account: Obj, capabilities: Obj) -> None:
    for name, inner in capabilities.items():
        if name != "stripe_balance":
            raise unsupported(f"configuration.recipient.capabilities.{name}", param=name)
        wish = inner.get("stripe_transfers", {}).get("requested")
        asked = set(account["_requested"])
        account["_requested"] = sorted(asked | {"transfers"} if wish else asked - {"transfers"})


@route("GET", "/v2/core/accounts/{id}", "v2.core.AccountRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read an account with the parts asked for."""
    return model.v2(call.sim, find(call, id), call.params.get("include", []))


@route("POST", "/v2/core/accounts/{id}", "v2.core.AccountUpdateParams", supports=SUPPORTED)
def update(call: Call, id: str) -> Obj:
    """Change an account."""
    account = find(call, id)
    seen = _apply(call, account)
    model.changed(call.sim, account, call=call)
    return seen


@route("GET", "/v2/core/accounts", "v2.core.AccountListParams", supports="applied_configurations limit page")
def list_accounts(call: Call) -> Obj:
    """List accounts, a page at a time."""
    limit = call.params.get("limit", 20)
    found = call.store.find("account", after=call.params.get("page"), limit=limit + 1)
    wanted = set(call.params.get("applied_configurations", []))
    data = [model.v2(call.sim, a, []) for a in found[:limit] if wanted <= set(a["_configurations"])]
    more = f"/v2/core/accounts?limit={limit}&page={found[limit - 1]['id']}" if len(found) > limit else None
    return {"data": data, "next_page_url": more, "previous_page_url": None}


@route("GET", "/v2/core/events/{id}", "v2.core.EventRetrieveParams")
def retrieve_event(call: Call, id: str) -> Obj:
    """Read a thin event in full."""
    event = call.sim.need(id, "v2.core.event")
    return {**json.loads(json.dumps(event)), "created": call.sim.iso(event["created"])}


@route("GET", "/v2/core/events", "v2.core.EventListParams", supports="created limit object_id page types")
def list_events(call: Call) -> Obj:
    """List thin events, newest first."""
    limit = call.params.get("limit", 20)
    where = {"related_object.id": call.params["object_id"]} if "object_id" in call.params else None
    found = call.store.find("v2.core.event", where=where, after=call.params.get("page"), limit=limit + 1)
    types = set(call.params.get("types", []))
    data = [
        {**e, "created": call.sim.iso(e["created"])} for e in found[:limit] if not types or e["type"] in types
    ]
    more = f"/v2/core/events?limit={limit}&page={found[limit - 1]['id']}" if len(found) > limit else None
    return {"data": data, "next_page_url": more, "previous_page_url": None}
