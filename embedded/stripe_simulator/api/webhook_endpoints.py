"""Configure who is told about events: v1 webhook endpoints and v2 event destinations."""

from ..errors import ApiError, Obj
from ..routing import route
from ..simulator import API_VERSION, Call, Simulator, merge_metadata


def register(
    sim: Simulator, *, id: str, url: str, secret: str, connect: bool, events: list[str] | None = None
) -> Obj:
    """Set an endpoint with a known id and secret, as the command line does."""
    return _endpoint(sim, id=id, url=url, secret=secret, connect=connect, events=events or ["*"])


def register_thin(sim: Simulator, *, id: str, url: str, secret: str) -> Obj:
    """Set a destination of thin events with a known id and secret."""
    return _destination(sim, id=id, url=url, secret=secret, events=["*"], name="command line")


def _endpoint(
    sim: Simulator, *, url: str, secret: str, connect: bool, events: list[str], id: str | None = None
) -> Obj:
    endpoint = {
        "id": id or sim.id("we_1"), "object": "webhook_endpoint", "created": sim.now(), "livemode": False,
        "api_version": API_VERSION, "application": None, "description": None, "enabled_events": events, "metadata": {},
        "status": "enabled", "url": url, "_url": url, "_secret": secret, "_connect": connect,
    }  # fmt: skip
    return sim.store.add(endpoint)


def _destination(
    sim: Simulator, *, url: str, secret: str, events: list[str], name: str, id: str | None = None
) -> Obj:
    return sim.store.add(
        {
            "id": id or sim.id("ed_test_6"),
            "object": "v2.core.event_destination",
            "created": sim.now(),
            "livemode": False,
            "description": "",
            "enabled_events": events,
            "event_payload": "thin",
            "events_from": ["self"],
            "metadata": {},
            "name": name,
            "snapshot_api_version": None,
            "status": "enabled",
            "status_details": None,
            "type": "webhook_endpoint",
            "_url": url,
            "_secret": secret,
            "_connect": False,
        }
    )


def _check_url(url: str | None) -> str:
    if not url or not url.startswith(("http://", "https://")):
        raise ApiError("Invalid URL: the endpoint must be a full address.", code="url_invalid", param="url")
    return url


@route(
    "POST",
    "/v1/webhook_endpoints",
    "WebhookEndpointCreateParams",
    supports="api_version connect description enabled_events url",
)
def create(call: Call) -> Obj:
    """Add an endpoint; its secret is shown this once."""
    given = call.params
    secret = call.sim.id("whsec_", 32)
    endpoint = _endpoint(
        call.sim,
        url=_check_url(given["url"]),
        secret=secret,
        connect=given.get("connect", False),
        events=given["enabled_events"],
    )
    endpoint |= {"description": given.get("description"), "metadata": given.get("metadata", {})}
    return {**call.store.save(endpoint), "secret": secret}


@route(
    "GET", "/v1/webhook_endpoints", "WebhookEndpointListParams", supports="ending_before limit starting_after"
)
def list_endpoints(call: Call) -> Obj:
    """List endpoints."""
    return call.page("webhook_endpoint")


@route("GET", "/v1/webhook_endpoints/{id}", "WebhookEndpointRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read an endpoint."""
    return call.need(id, "webhook_endpoint", name="webhook endpoint")


@route(
    "POST",
    "/v1/webhook_endpoints/{id}",
    "WebhookEndpointUpdateParams",
    supports="description disabled enabled_events url",
)
def update(call: Call, id: str) -> Obj:
    """Change an endpoint."""
    endpoint, given = call.need(id, "webhook_endpoint", name="webhook endpoint"), call.params
    if "url" in given:
        endpoint |= {"url": _check_url(given["url"]), "_url": given["url"]}
    if "disabled" in given:
        endpoint["status"] = "disabled" if given["disabled"] else "enabled"
    endpoint |= {k: given[k] for k in ("description", "enabled_events") if k in given}
    endpoint["metadata"] = merge_metadata(endpoint["metadata"], given.get("metadata"))
    return call.store.save(endpoint)


@route("DELETE", "/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams")
def delete(call: Call, id: str) -> Obj:
    """Remove an endpoint."""
    call.need(id, "webhook_endpoint", name="webhook endpoint")
    call.store.delete(id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


@route(
    "POST",
    "/v2/core/event_destinations",
    "v2.core.EventDestinationCreateParams",
    supports="description enabled_events event_payload include name type webhook_endpoint",
)
def create_destination(call: Call) -> Obj:
    """Add a destination of thin events."""
    given = call.params
    if given["event_payload"] != "thin" or given["type"] != "webhook_endpoint":
        raise ApiError(
            "This simulator sends thin events to webhook endpoints only.",
            code="simulator_unsupported",
            param="event_payload",
        )
    url = _check_url(given.get("webhook_endpoint", {}).get("url"))
    secret = call.sim.id("whsec_", 32)
    made = _destination(call.sim, url=url, secret=secret, events=given["enabled_events"], name=given["name"])
    shows = given.get("include", [])
    endpoint = {
        "signing_secret": secret if "webhook_endpoint.signing_secret" in shows else None,
        "url": url if "webhook_endpoint.url" in shows else None,
    }
    moment = call.sim.iso(made["created"])
    return {**made, "created": moment, "updated": moment, "webhook_endpoint": endpoint}
