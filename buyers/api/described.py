"""The API in words: what the page of its documentation and its OpenAPI description are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from buyers.asked import SORTS
from buyers.models import Scope

BASE = "/api/v1"
_SLUG = ("slug", "string", "The package's name in its address.")
_ACCESS = ("id", "integer", "An access's id, from “access”.")


@dataclass(frozen=True)
class Endpoint:
    """One address: how it is called, what it takes, what it answers."""

    name: str  # of the URL
    method: str
    path: str
    scope: Scope
    title: str
    about: str
    inside: tuple[tuple[str, str, str], ...] = ()  # parts of the path: name, type, words
    query: tuple[tuple[str, str], ...] = ()
    body: tuple[tuple[str, str], ...] = ()
    answers: tuple[str, ...] = ()  # fields of the answer

    @property
    def id(self) -> str:
        """Name it in the page."""
        return self.name.partition(":")[2].replace("_", "-")


ENDPOINTS = (
    Endpoint(
        "buyers:api_root", "GET", "", Scope.READ, "Who am I",
        "Says whose key this is, what it may do and until when, and how many hours the plan has left.",
        answers=("api", "organisation", "key", "plan", "packages", "access", "usage"),
    ),
    Endpoint(
        "buyers:api_packages", "GET", "/packages", Scope.READ, "Find packages",
        "Lists what is for sale, 24 at a time. “next” is the address of the next page, or null. The filters are those "
        "of the catalogue: whatever its address says after the question mark works here too.",
        query=(
            ("q", "Words to look for."),
            ("vertical", "driving or sports."),
            ("country", "Two letters, e.g. DE. It may be repeated, as every filter may."),
            ("odd.weather", "A scenario: any axis of the taxonomy with one of its values, e.g. odd.illumination=day."),
            ("sort", f"One of {', '.join(SORTS)}."),
            ("after", "Where the page begins, as “next” says."),
        ),
        answers=("data", "next"),
    ),
    Endpoint(
        "buyers:api_package", "GET", "/packages/{slug}", Scope.READ, "One package",
        "Describes the version on sale: its licence in full with its SHA-256, the hours it takes of a plan, and what "
        "your organisation has of it.",
        inside=(_SLUG,),
        answers=("slug", "version", "plan_hours", "price", "licence", "take", "withdrawn_clips", "access"),
    ),
    Endpoint(
        "payouts:api_take", "POST", "/packages/{slug}/take", Scope.TAKE, "Take a package with hours of the plan",
        "Accepts the licence for your organisation, uses hours and gives access, at once. The same call again, or two "
        "at the same time, use nothing more. Refused with 402 and a sentence when there are not enough hours.",
        inside=(_SLUG,),
        body=(("accept_licence", "The SHA-256 of the licence's text that your organisation accepts."),),
        answers=("id", "package", "version", "until", "manifest"),
    ),
    Endpoint(
        "buyers:api_access", "GET", "/access", Scope.READ, "What we have",
        "Lists what your organisation may download now, bought or taken, and until when; 100 at a time.",
        query=(("after", "Where the page begins, as “next” says."),),
        answers=("data", "next"),
    ),
    Endpoint(
        "buyers:api_manifest", "GET", "/access/{id}/manifest", Scope.DOWNLOAD, "The files of one package",
        "Lists every file that may leave now with its length and SHA-256. Clips whose consent was withdrawn are not in "
        "it.",
        inside=(_ACCESS,),
        answers=("package", "version", "access_until", "withdrawn_clips", "objects"),
    ),
    Endpoint(
        "buyers:api_file", "GET", "/access/{id}/files/{path}", Scope.DOWNLOAD, "One file",
        "Redirects (302) to a link that is good for a quarter of an hour. Send Range to go on where a download broke "
        "off: ask here again for a fresh link, as often as you like. Do not send your key on to where it redirects.",
        inside=(_ACCESS, ("path", "string", "As the manifest says.")),
    ),
    Endpoint(
        "buyers:api_usage", "GET", "/usage", Scope.READ, "What the hours went to",
        "Lists the months of your plan and what was taken with them.",
        answers=("periods", "uses"),
    ),
)  # fmt: skip
# Code → HTTP status, what it means.
CODES = (
    ("not_json", 400, "The body is not a JSON object."),
    ("no_key", 401, "The key is missing, unknown, revoked, too old, or its maker has left."),
    ("no_plan", 402, "Hours were asked for, and your organisation has no plan."),
    ("hours_used_up", 402, "The plan has not enough hours left; nothing was used."),
    ("payment_failed", 402, "The card was declined and the paid month is over."),
    ("scope_missing", 403, "The key may not do this."),
    ("not_found", 404, "There is no such thing, or it is not your organisation's."),
    ("wrong_method", 405, "“Allow” says which one the address takes."),
    (
        "not_delivered",
        410,
        "Access is over or closed, or the file is not delivered any more; the sentence says why.",
    ),
    ("other_currency", 422, "The package is sold in another currency than the plan."),
    ("licence_not_accepted", 422, "“accept_licence” is not the SHA-256 of the licence in force."),
    ("too_many_calls", 429, "“Retry-After” says in how many seconds to go on."),
)


def openapi() -> dict[str, Any]:
    """Write the description as OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for one in ENDPOINTS:
        paths.setdefault(one.path or "/", {})[one.method.lower()] = _operation(one)
    key = {"type": "http", "scheme": "bearer", "description": "A key of the page “API keys”: ff_…"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fairframe", "version": "1", "description": "Footage for training, for buyers' programs."},
        "servers": [{"url": settings.SITE_URL + BASE}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"securitySchemes": {"key": key}, "schemas": {"Error": _ERROR}},
    }  # fmt: skip


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "docs": {"type": "string"}},
        }
    },
}  # fmt: skip


def _operation(one: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.id,
        "summary": one.title,
        "description": f"{one.about} Scope: {one.scope.value}.",
        "parameters": [
            *_parameters("path", one.inside),
            *_parameters("query", [(name, "string", words) for name, words in one.query]),
        ],
        "responses": {
            "302" if not one.answers else "200": _good(one),
            "default": {
                "description": "What went wrong, as a code and a sentence.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if one.body:
        fields = {name: {"type": "string", "description": words} for name, words in one.body}
        schema = {"type": "object", "properties": fields, "required": list(fields)}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found


def _parameters(where: str, rows: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": where,
            "required": where == "path",
            "description": words,
            "schema": {"type": kind},
        }
        for name, kind, words in rows
    ]


def _good(one: Endpoint) -> dict[str, Any]:
    if not one.answers:
        return {"description": "“Location” is a link that is good for a quarter of an hour."}
    schema = {
        "type": "object",
        "required": list(one.answers),
        "properties": {name: {} for name in one.answers},
    }
    return {"description": one.title, "content": {"application/json": {"schema": schema}}}
