"""Loopback ports of one checkout: one block of ten, kept for the next run, held while we live."""

from __future__ import annotations

import json
import socket
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from embedded.failure import Failed

# Below the range Linux gives to outgoing connections (32768 and up), with room for SeaweedFS's gRPC ports, each
# of which is its HTTP port + 10000.
FIRST, LAST, SIZE = 20_000, 22_760, 10
GRPC_OFFSET = 10_000
NAMES = {
    "web": "the web server",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
    "s3": "SeaweedFS (S3)",
    "master": "SeaweedFS (master)",
    "volume": "SeaweedFS (volumes)",
    "filer": "SeaweedFS (filer)",
    "admin": "SeaweedFS (admin)",
    "stripe": "the Stripe simulator",
}
WITH_GRPC = ("s3", "master", "volume", "filer", "admin")
HOST = "127.0.0.1"

_held: list[socket.socket] = []  # a block is ours until this process ends, however it ends


@dataclass(frozen=True)
class Ports:
    """The port of every process on 127.0.0.1."""

    web: int
    postgres: int
    valkey: int
    s3: int
    master: int
    volume: int
    filer: int
    admin: int
    stripe: int

    def all(self) -> dict[int, str]:
        """Map each port that will be listened on to what will listen there."""
        found = {port: NAMES[name] for name, port in asdict(self).items()}
        found |= {getattr(self, name) + GRPC_OFFSET: f"{NAMES[name]}, gRPC" for name in WITH_GRPC}
        return found


def block(first: int) -> Ports:
    """Name the ports of the block that starts here."""
    return Ports(**{name: first + place for place, name in enumerate(NAMES)})


def is_free(port: int) -> bool:
    """Try to listen on a port."""
    with socket.socket() as probe:
        # Without it a port whose last connections are still in TIME_WAIT would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def sockets(ports: Ports) -> list[Path]:
    """Name the sockets that SeaweedFS makes beside its gRPC ports, in a folder that is fixed in its code."""
    return [
        Path(f"/tmp/seaweedfs-{name}-grpc-{getattr(ports, name) + GRPC_OFFSET}.sock")  # noqa: S108
        for name in WITH_GRPC
    ]


def stuck_socket(ports: Ports) -> Path | None:
    """Remove what a killed server left on these free ports; give a socket that belongs to another user."""
    for path in sockets(ports):
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            return path
    return None


def _hold(first: int) -> bool:
    """Reserve a block among all checkouts and users of this machine; the kernel frees it when we die."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0fairframe-ports-{first}")
    except OSError:
        mark.close()
        return False
    _held.append(mark)
    return True


def claim_free(seed: str) -> Ports:
    """Find a block nobody uses, beginning at a place that depends on the checkout."""
    blocks = range(FIRST, LAST, SIZE)
    start = zlib.crc32(seed.encode()) % len(blocks)
    for step in range(len(blocks)):
        ports = block(blocks[(start + step) % len(blocks)])
        if _hold(ports.web) and all(map(is_free, ports.all())) and stuck_socket(ports) is None:
            return ports
    raise Failed(
        f"No ten free ports in a row were found between {FIRST} and {LAST} on {HOST}: stop some programs."
    )


def claim_for(data: Path, *, web: int | None = None) -> Ports:
    """Take the ports this data directory had last time, or choose and remember new ones.

    ``web`` is the person's own choice for the site's address, for this run only.
    """
    memory = data / "ports.json"
    try:
        first = json.loads(memory.read_text())["first"]
    except (OSError, ValueError, KeyError):
        ports = claim_free(str(data.resolve()))
        memory.write_text(json.dumps({"first": ports.web}) + "\n")
    else:
        ports = block(first)
        if not _hold(first):
            raise Failed(
                f"Ports {first} to {first + SIZE - 1}, which this data directory uses, are held by another Fairframe "
                f"on this machine: stop it, or delete {memory} to have new ports chosen (your data stays)."
            )
    if web is not None:
        if web != ports.web and web in ports.all():
            raise Failed(f"Port {web} is the one of {ports.all()[web]} here: choose another with --port.")
        ports = Ports(**{**asdict(ports), "web": web})
    for port, what in ports.all().items():
        if is_free(port):
            continue
        if port == web:
            raise Failed(
                f"Port {port}, which you chose for the web server, is taken: choose another with --port."
            )
        raise Failed(
            f"Port {port}, which this data directory uses for {what}, is taken by another program: stop that program, "
            f"or delete {memory} to have new ports chosen (your data stays)."
        )
    if stuck := stuck_socket(ports):
        raise Failed(f"{stuck} was left by another user: remove it, or delete {memory} (your data stays).")
    return ports
