"""Map a method and a path to the handler and to the client's type of its parameters."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ApiError, Obj

if TYPE_CHECKING:
    from .simulator import Call

Handler = Callable[..., Obj]


@dataclass(frozen=True)
class Route:
    """Describe one API method."""

    method: str
    pattern: re.Pattern[str]
    definition: str
    handler: Handler
    supports: frozenset[str] | None


ROUTES: list[Route] = []


def route(
    method: str, path: str, definition: str, *, supports: str | None = None
) -> Callable[[Handler], Handler]:
    """Register a handler; `supports` lists the parameters it acts on, when that is not all of them."""
    pattern = re.compile("^" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path) + "$")

    def register(handler: Handler) -> Handler:
        names = None if supports is None else frozenset(supports.split())
        ROUTES.append(Route(method, pattern, definition, handler, names))
        return handler

    return register


def match(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Find the route, or answer as Stripe does to an unknown address."""
    for candidate in ROUTES:
        found = candidate.pattern.match(path)
        if candidate.method == method and found:
            return candidate, found.groupdict()
    raise ApiError(
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing slash."
        " This simulator knows a part of Stripe's API only.",
        status=404,
    )


def run(route: Route, call: "Call", parts: dict[str, str]) -> Obj:
    """Call the handler."""
    return route.handler(call, **parts)
