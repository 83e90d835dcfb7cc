"""Read events."""

from ..errors import Obj
from ..events import pending
from ..routing import route
from ..simulator import Call


@route("GET", "/v1/events/{id}", "EventRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read an event."""
    return {**call.need(id, "event"), "pending_webhooks": pending(call.sim, id)}


@route(
    "GET", "/v1/events", "EventListParams", supports="created ending_before limit starting_after type types"
)
def list_events(call: Call) -> Obj:
    """List events, newest first; filtering by several types looks at the page only."""
    page = call.page("event", where={"type": call.params.get("type")})
    types = call.params.get("types")
    page["data"] = [
        {**event, "pending_webhooks": pending(call.sim, event["id"])}
        for event in page["data"]
        if not types or event["type"] in types
    ]
    return page
