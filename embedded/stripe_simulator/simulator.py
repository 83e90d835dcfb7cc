"""Hold what a running simulator is made of, and what a handler needs to know of one call."""

import random
import secrets
import string
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import ApiError, Obj, missing
from .shapes import listing, shown
from .store import Store

API_VERSION = "2026-10-28.endive"
ALPHABET = string.ascii_letters + string.digits
DAY = 86_400


@dataclass(frozen=True)
class Config:
    """Say where the simulator listens and whom it tells."""

    public_url: str
    secret_key: str
    webhook_url: str = ""
    connect_webhook_url: str = ""
    thin_webhook_url: str = ""
    webhook_secret: str = ""
    settlement_days: int = 2
    data: Path | None = None


@dataclass
class Simulator:
    """Tie the store, the clock and the identifiers together."""

    config: Config
    store: Store = field(init=False)
    dice: random.Random = field(default_factory=lambda: random.Random(0))

    def __post_init__(self) -> None:
        self.store = Store(self.config.data)

    def now(self) -> int:
        """Tell the simulated time in seconds."""
        return int(time.time()) + int(self.store.meta("clock_offset", 0))

    def iso(self, moment: int | None = None) -> str:
        """Write a time as the v2 API does."""
        return datetime.fromtimestamp(self.now() if moment is None else moment, UTC).strftime(
            "%Y-%m-%dT%H:%M:%S.000Z"
        )

    def id(self, prefix: str, length: int = 24) -> str:
        """Make an identifier."""
        return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))

    def new(self, kind: str, prefix: str, *, account: str = "", length: int = 24, **body: Any) -> Obj:
        """Create an object with the fields that all have."""
        obj = {
            "id": self.id(prefix, length),
            "object": kind,
            "created": self.now(),
            "livemode": False,
            **body,
        }
        return self.store.add(obj, account=account)

    def need(
        self,
        id: str,
        kind: str,
        *,
        account: str = "",
        name: str | None = None,
        param: str = "id",
        status: int = 404,
    ) -> Obj:
        """Read an object or answer that there is none; an id named in the body is a 400, one in the path a 404."""
        found = self.store.get(id, kind=kind, account=account)
        if found is None:
            raise missing(name or kind.replace("_", " "), id, param=param, status=status)
        return found


@dataclass
class Call:
    """Carry one API call to its handler."""

    sim: Simulator
    method: str
    path: str
    params: Obj
    account: str
    request_id: str
    idempotency_key: str | None

    @property
    def store(self) -> Store:
        """Reach the store."""
        return self.sim.store

    def need(self, id: str, kind: str, *, name: str | None = None, param: str | None = None) -> Obj:
        """Read an object of the calling account; `param` says that the body named it."""
        return self.sim.need(
            id, kind, account=self.account, name=name, param=param or "id", status=400 if param else 404
        )

    def page(self, kind: str, *, where: Obj | None = None) -> Obj:
        """List objects of the calling account as the list parameters ask."""
        limit = self.params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise ApiError("Invalid integer: limit must be between 1 and 100.", param="limit")
        created = self.params.get("created")
        for cursor in ("starting_after", "ending_before"):
            if cursor in self.params:
                self.need(self.params[cursor], kind, param=cursor)
        backwards = "ending_before" in self.params
        found = self.store.find(
            kind,
            account=self.account,
            where={name: value for name, value in (where or {}).items() if value is not None},
            created=created
            if isinstance(created, dict)
            else None
            if created is None
            else {"gte": created, "lte": created},
            after=self.params.get("starting_after"),
            before=self.params.get("ending_before"),
            oldest_first=backwards,
            limit=limit + 1,
        )
        page = found[:limit]
        data = page[::-1] if backwards else page
        return listing([shown(obj) for obj in data], self.path, has_more=len(found) > limit)


def merge_metadata(old: Obj | None, given: Any) -> Obj:
    """Update metadata key by key; an empty value removes a key, an empty whole removes all."""
    if given == "":
        return {}
    merged = {**(old or {}), **(given or {})}
    return {key: value for key, value in merged.items() if value not in ("", None)}
