"""Say no in the shapes that the official client turns into its own exceptions."""

from typing import Any

Obj = dict[str, Any]


class ApiError(Exception):
    """Carry one Stripe error; what the handler wrote before raising it stays written, as with a declined card."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Obj = {"type": type, "message": message, **more}
        if code is not None:
            self.body["code"] = code
        if param is not None:
            self.body["param"] = param

    def to_json(self) -> Obj:
        """Wrap the error as Stripe does."""
        return {"error": self.body}


def missing(kind: str, id: str, *, param: str = "id", status: int = 404) -> ApiError:
    """Answer for an object that does not exist in this account."""
    return ApiError(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)


def unsupported(what: str, *, param: str | None = None) -> ApiError:
    """Refuse what Stripe can do and this simulator cannot, instead of accepting it silently."""
    return ApiError(
        f"Stripe knows {what}, but this simulator does not act on it. Leave it out, or teach the simulator.",
        code="simulator_unsupported",
        param=param,
    )
