"""Take one API request from its key to its answer."""

import json
from dataclasses import dataclass, field
from hmac import compare_digest

from . import api, chaos, routing
from .errors import ApiError, Obj
from .expanding import finish
from .faults import Faults
from .idempotency import InFlight, recall, remember
from .params import check, decode_form
from .routing import Route
from .simulator import API_VERSION, Call, Simulator

assert api  # noqa: S101 -- importing it registers the routes


@dataclass(frozen=True)
class Request:
    """Hold what came over HTTP; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """Hold what goes back."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Gateway:
    """Authenticate, check, run once, answer."""

    def __init__(self, sim: Simulator, faults: Faults) -> None:
        self.sim = sim
        self.faults = faults
        self.in_flight = InFlight()

    def answer(self, request: Request) -> Answer:
        """Answer one API request."""
        request_id = self.sim.id("req_", 14)
        try:
            return self._run(request, request_id)
        except ApiError as error:
            return self._answer(error.status, error.to_json(), request_id)

    def _run(self, request: Request, request_id: str) -> Answer:
        self._authenticate(request.headers)
        route, parts = routing.match(request.method, request.path)
        version = request.headers.get("stripe-version", API_VERSION)
        if version != API_VERSION:
            raise ApiError(f"Invalid Stripe API version: {version}. This simulator speaks {API_VERSION}.")
        v2 = request.path.startswith("/v2/")
        raw = self._json(request.body) if v2 and request.method == "POST" else decode_form(
            request.body.decode() if request.method == "POST" else request.query
        )  # fmt: skip
        account = request.headers.get("stripe-account", "") or request.headers.get("stripe-context", "")
        if account and self.sim.store.get(account, kind="account") is None:
            raise ApiError(
                f"The provided key does not have access to account '{account}' (or that account does not exist).",
                status=403,
                code="account_invalid",
            )
        # The page cursor of v2 lists is made by the server and is in no type definition.
        cursor = {"page": raw.pop("page")} if v2 and "page" in raw else {}
        params = {**check(route.definition, raw, supports=route.supports), **cursor}
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        call = Call(self.sim, request.method, request.path, params, account, request_id, key)
        with self.in_flight.claim(call):
            first = recall(call)
            if first is not None:
                replayed = {"Idempotent-Replayed": "true", "Original-Request": first["request_id"]}
                return self._answer(first["status"], json.loads(first["body"]), request_id, replayed, key=key)
            self.faults.strike("before", request.method, request.path)
            chaos.strike(self.sim, "before")
            status, body = self._execute(route, call, parts)
            # What is lost here was remembered: the same key brings the same object, as after a broken connection.
            self.faults.strike("after", request.method, request.path)
            chaos.strike(self.sim, "after")
        return self._answer(status, body, request_id, key=key)

    def _execute(self, route: Route, call: Call, parts: dict[str, str]) -> tuple[int, Obj]:
        with self.sim.store.transaction():
            try:
                status, body = 200, finish(call, routing.run(route, call, parts))
            except ApiError as error:
                status, body = error.status, error.to_json()
            remember(call, status, body)
        return status, body

    def _authenticate(self, headers: dict[str, str]) -> None:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise ApiError(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using"
                " Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                status=401,
            )
        if not compare_digest(key.encode(), self.sim.config.secret_key.encode()):
            hidden = f"{key[:8]}{'*' * max(len(key) - 12, 3)}{key[-4:]}" if len(key) > 16 else "****"
            raise ApiError(f"Invalid API Key provided: {hidden}", status=401)

    def _json(self, body: bytes) -> Obj:
        try:
            parsed = json.loads(body or b"{}")
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise ApiError("The request body is not a JSON object.", code="invalid_json")
        return parsed

    def _answer(
        self,
        status: int,
        body: Obj,
        request_id: str,
        more: dict[str, str] | None = None,
        *,
        key: str | None = None,
    ) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "Request-Id": request_id,
            "Stripe-Version": API_VERSION,
            **(more or {}),
        }
        if key:
            headers["Idempotency-Key"] = key
        return Answer(status, json.dumps(body, indent=2).encode(), headers)
