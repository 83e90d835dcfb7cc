"""Read and answer disputes; the control API opens and closes them."""

from .. import disputes as model
from ..errors import ApiError, Obj
from ..events import emit
from ..routing import route
from ..simulator import Call, merge_metadata


@route("GET", "/v1/disputes/{id}", "DisputeRetrieveParams")
def retrieve(call: Call, id: str) -> Obj:
    """Read a dispute."""
    return call.need(id, "dispute")


@route(
    "GET",
    "/v1/disputes",
    "DisputeListParams",
    supports="charge created ending_before limit payment_intent starting_after",
)
def list_disputes(call: Call) -> Obj:
    """List disputes."""
    return call.page("dispute", where={k: call.params.get(k) for k in ("charge", "payment_intent")})


@route("POST", "/v1/disputes/{id}", "DisputeUpdateParams", supports="evidence submit")
def update(call: Call, id: str) -> Obj:
    """Take evidence in, and hand it to the bank when told to; winning_evidence and losing_evidence decide at once."""
    dispute = call.need(id, "dispute")
    if dispute["status"] in ("won", "lost"):
        raise ApiError("This dispute is closed; evidence can no longer be added.")
    evidence = call.params.get("evidence", {})
    dispute["evidence"] = {**dispute["evidence"], **(evidence or {})}
    dispute["metadata"] = merge_metadata(dispute["metadata"], call.params.get("metadata"))
    details = dispute["evidence_details"]
    details["has_evidence"] = bool(dispute["evidence"])
    if call.params.get("submit", True) and evidence:
        details["submission_count"] += 1
        dispute["status"] = "under_review"
    call.store.save(dispute)
    emit(call.sim, "charge.dispute.updated", dispute, account=call.account, call=call)
    verdict = {"winning_evidence": "won", "losing_evidence": "lost"}.get(
        (evidence or {}).get("uncategorized_text", "")
    )
    return model.close_dispute(call.sim, dispute, status=verdict) if verdict else dispute


@route("POST", "/v1/disputes/{id}/close", "DisputeCloseParams")
def close(call: Call, id: str) -> Obj:
    """Accept the loss."""
    return model.close_dispute(call.sim, call.need(id, "dispute"), status="lost")
