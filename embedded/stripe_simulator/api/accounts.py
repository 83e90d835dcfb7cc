"""Open and change connected accounts by the v1 API."""

from .. import accounts as model
from ..errors import ApiError, Obj, missing
from ..routing import route
from ..shapes import listing
from ..simulator import Call, merge_metadata

SUPPORTED = (
    "business_profile business_type capabilities controller country default_currency email individual"
    " settings type"
)
CAPABILITIES = {"transfers", "card_payments"}


@route("POST", "/v1/accounts", "AccountCreateParams", supports=SUPPORTED)
def create(call: Call) -> Obj:
    """Open an account."""
    given = call.params
    if "type" in given and "controller" in given:
        raise ApiError("You cannot specify both `type` and `controller`.", param="type")
    kind = given.get("type") or ("none" if "controller" in given else "standard")
    account = model.create(
        call.sim, country=given.get("country"), v2=False, call=call,
        type=kind, controller=_controller(given, kind), _requested=_requested(given, [], kind),
    )  # fmt: skip
    return _apply(call, account)


def _controller(given: Obj, kind: str) -> Obj:
    express = kind in ("express", "custom")
    chosen: Obj = given.get("controller", {})
    return {
        "type": "application",
        "is_controller": True,
        "fees": {"payer": chosen.get("fees", {}).get("payer", "application" if express else "account")},
        "losses": {
            "payments": chosen.get("losses", {}).get("payments", "application" if express else "stripe")
        },
        "requirement_collection": chosen.get(
            "requirement_collection", "application" if kind == "custom" else "stripe"
        ),
        "stripe_dashboard": {
            "type": chosen.get("stripe_dashboard", {}).get(
                "type", {"express": "express", "custom": "none"}.get(kind, "full")
            )
        },
    }


def _requested(given: Obj, before: list[str], kind: str) -> list[str]:
    asked = set(before)
    for name, wish in given.get("capabilities", {}).items():
        if name not in CAPABILITIES:
            raise ApiError(
                f"This simulator knows the capabilities {sorted(CAPABILITIES)} only.",
                code="simulator_unsupported",
                param=f"capabilities[{name}]",
            )
        asked = asked | {name} if wish.get("requested") else asked - {name}
    return sorted(asked | (CAPABILITIES if kind == "standard" else set()))


def _apply(call: Call, account: Obj) -> Obj:
    given = call.params
    for name in ("email", "business_type", "business_profile"):
        if name in given:
            account[name] = given[name]
    person = given.get("individual", {})
    name = " ".join(filter(None, (person.get("first_name"), person.get("last_name"))))
    if name:
        account["_name"] = name
    account["metadata"] = merge_metadata(account["metadata"], given.get("metadata"))
    interval = given.get("settings", {}).get("payouts", {}).get("schedule", {}).get("interval")
    if interval:
        account["_interval"] = interval
    return model.v1(call.sim, call.store.save(account))


def find(call: Call, id: str) -> Obj:
    """Read an account or answer as Stripe does to a key that may not see it."""
    account = call.store.get(id, kind="account")
    if account is None:
        raise ApiError(
            f"The provided key '{call.sim.config.secret_key[:8]}***' does not have access to account '{id}' (or that"
            " account does not exist). Application access may have been revoked.",
            status=403,
            code="account_invalid",
        )
    return account


@route("GET", "/v1/accounts/{id}", "AccountRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read an account."""
    return model.v1(call.sim, find(call, id))


@route(
    "POST",
    "/v1/accounts/{id}",
    "AccountUpdateParams",
    supports="business_profile business_type capabilities email individual settings",
)
def update(call: Call, id: str) -> Obj:
    """Change an account."""
    account = find(call, id)
    account["_requested"] = _requested(call.params, account["_requested"], account.get("type", ""))
    seen = _apply(call, account)
    model.changed(call.sim, account, call=call)
    return seen


@route("GET", "/v1/accounts", "AccountListParams", supports="created ending_before limit starting_after")
def list_accounts(call: Call) -> Obj:
    """List connected accounts."""
    page = call.page("account")
    page["data"] = [model.v1(call.sim, find(call, seen["id"])) for seen in page["data"]]
    return page


@route("DELETE", "/v1/accounts/{id}", "AccountDeleteParams")
def delete(call: Call, id: str) -> Obj:
    """Close an account."""
    find(call, id)
    call.store.delete(id)
    return {"id": id, "object": "account", "deleted": True}


@route(
    "GET", "/v1/accounts/{id}/external_accounts", "AccountExternalAccountListParams", supports="limit object"
)
def list_external_accounts(call: Call, id: str) -> Obj:
    """List where an account is paid to."""
    bank = find(call, id)["_bank"]
    return listing([bank] if bank else [], call.path)


@route("POST", "/v1/accounts/{id}/login_links", "AccountLoginLinkCreateParams")
def create_login_link(call: Call, id: str) -> Obj:
    """Let the owner of an Express account see it."""
    account = find(call, id)
    if not account["_submitted"]:
        raise ApiError("Cannot create a login link for an account that has not completed onboarding.")
    link = call.sim.new("login_link", "lael_", _account=id)
    return {
        "object": "login_link",
        "created": link["created"],
        "url": f"{call.sim.config.public_url}/express/{link['id']}",
    }


@route("GET", "/v1/accounts/{id}/capabilities/{name}", "AccountCapabilityRetrieveParams")
def retrieve_capability(call: Call, id: str, name: str) -> Obj:
    """Read the state of a capability."""
    account = find(call, id)
    if name not in CAPABILITIES:
        raise missing("capability", name)
    status = model.v1(call.sim, account)["capabilities"].get(name, "unrequested")
    due = {
        "currently_due": account["_due"],
        "disabled_reason": account["_disabled"],
        "errors": [],
        "eventually_due": account["_due"],
        "past_due": account["_due"],
        "pending_verification": [],
    }
    return {
        "id": name, "object": "capability", "account": id, "requested": name in account["_requested"], "status": status,
        "requested_at": account["created"], "requirements": due,
    }  # fmt: skip
