"""The random credentials of one data directory, made once and kept for its owner only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Secrets:
    """Every password and key that the embedded parts share."""

    django: str
    postgres: str
    valkey: str
    s3_id: str
    s3_key: str
    stripe_key: str
    stripe_webhook: str
    people: str


def make() -> Secrets:
    """Draw new credentials."""
    return Secrets(
        django=secrets.token_urlsafe(48),
        postgres=secrets.token_hex(16),
        valkey=secrets.token_hex(16),
        s3_id="FF" + secrets.token_hex(9).upper(),
        s3_key=secrets.token_hex(20),
        stripe_key=f"sk_test_{secrets.token_hex(16)}",
        stripe_webhook=f"whsec_{secrets.token_hex(16)}",
        people=f"demo-{secrets.token_hex(4)}-{secrets.token_hex(4)}",
    )


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def load(data: Path) -> Secrets:
    """Read this data directory's credentials, or make them."""
    path = data / "secrets.json"
    if path.exists():
        return Secrets(**json.loads(path.read_text()))
    made = make()
    write_private(path, json.dumps(asdict(made), indent=1) + "\n")
    return made
