"""What the API answers: JSON, and for whatever went wrong a code for programs and a sentence for people."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import reverse


class ApiError(Exception):
    """An answer that is not the one asked for."""

    def __init__(
        self, status: int, code: str, sentence: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status, self.code, self.headers = status, code, headers or {}


def answer(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> JsonResponse:
    """Give JSON that nobody keeps."""
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def problem(error: ApiError) -> JsonResponse:
    """Give an error."""
    body = {"error": {"code": error.code, "message": str(error), "docs": reverse("buyers:api_docs")}}
    return answer(body, status=error.status, headers=error.headers)


def nothing_here(request: HttpRequest, rest: str = "") -> JsonResponse:
    """Answer an address of the API that there is not."""
    return problem(
        ApiError(404, "not_found", f"There is no {request.path}. The documentation lists every address.")
    )
