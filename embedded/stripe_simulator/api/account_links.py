"""Hand out single-use links to the hosted onboarding."""

from ..errors import ApiError, Obj
from ..routing import route
from ..simulator import Call
from .accounts import find

# https://docs.stripe.com/api/account_links: "expires a few minutes after creation".
LIFETIME_S = 300


def _link(
    call: Call, account: str, *, refresh_url: str | None, return_url: str | None, use_case: str, v2: bool
) -> Obj:
    for name, url in (("refresh_url", refresh_url), ("return_url", return_url)):
        if not url:
            raise ApiError(f"You must provide a {name}.", code="parameter_missing", param=name)
        if not url.startswith(("http://", "https://")):
            raise ApiError("Not a valid URL", code="url_invalid", param=name)
    find(call, account)
    return call.sim.new(
        "account_link", "accl_",
        length=32, _account=account, _refresh=refresh_url, _return=return_url, _used=False, _use_case=use_case, _v2=v2,
        _expires=call.sim.now() + LIFETIME_S,
    )  # fmt: skip


def _url(call: Call, link: Obj) -> str:
    return f"{call.sim.config.public_url}/setup/{link['id']}"


@route("POST", "/v1/account_links", "AccountLinkCreateParams")
def create(call: Call) -> Obj:
    """Make a link for a v1 caller."""
    given = call.params
    link = _link(
        call, given["account"], refresh_url=given.get("refresh_url"), return_url=given.get("return_url"),
        use_case=given["type"], v2=False,
    )  # fmt: skip
    return {
        "object": "account_link",
        "created": link["created"],
        "expires_at": link["_expires"],
        "url": _url(call, link),
    }


@route("POST", "/v2/core/account_links", "v2.core.AccountLinkCreateParams")
def create_v2(call: Call) -> Obj:
    """Make a link for a v2 caller."""
    use_case = call.params["use_case"]
    kind = use_case["type"]
    if kind not in use_case:
        raise ApiError(
            f"use_case.{kind} is required when use_case.type is {kind}.",
            code="parameter_missing",
            param=f"use_case.{kind}",
        )
    chosen = use_case[kind]
    link = _link(
        call, call.params["account"], refresh_url=chosen.get("refresh_url"), return_url=chosen.get("return_url"),
        use_case=kind, v2=True,
    )  # fmt: skip
    return {
        "object": "v2.core.account_link", "account": link["_account"], "created": call.sim.iso(link["created"]),
        "expires_at": call.sim.iso(link["_expires"]), "livemode": False, "url": _url(call, link), "use_case": use_case,
    }  # fmt: skip
