"""PostgreSQL, Valkey and S3 together: started side by side, then waited for."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from embedded import postgres, seaweed, valkey
from embedded.children import Family
from embedded.ports import Ports
from embedded.secrets import Secrets

BUCKETS = {
    "originals": "fairframe-originals",
    "derived": "fairframe-derived",
    "packages": "fairframe-packages",
}


@dataclass(frozen=True)
class Services:
    """Where the services of one data directory are."""

    data: Path
    ports: Ports
    secrets: Secrets

    def environment(self) -> dict[str, str]:
        """Give the variables that tell the site where its services are."""
        return {
            "DATABASE_URL": postgres.address(port=self.ports.postgres, password=self.secrets.postgres),
            "REDIS_URL": valkey.address(port=self.ports.valkey, password=self.secrets.valkey),
            "S3_ENDPOINT_URL": seaweed.address(self.ports),
            "S3_REGION": seaweed.REGION,
            "S3_ACCESS_KEY_ID": self.secrets.s3_id,
            "S3_SECRET_ACCESS_KEY": self.secrets.s3_key,
            **{f"S3_BUCKET_{name.upper()}": bucket for name, bucket in BUCKETS.items()},
        }


def start(
    family: Family,
    services: Services,
    *,
    for_tests: bool = False,
) -> None:
    """Start the three services and return when each answers."""
    ports, secrets, data = services.ports, services.secrets, services.data
    s3 = seaweed.start(family, data / "s3", ports=ports, key_id=secrets.s3_id, key=secrets.s3_key)
    broker = valkey.start(
        family, data / "valkey", port=ports.valkey, password=secrets.valkey, keep=not for_tests
    )
    database = postgres.start(
        family, data / "postgres", port=ports.postgres, password=secrets.postgres, fast=for_tests
    )
    if for_tests:
        for child in (s3, broker):  # nothing of theirs is kept, so nothing has to be written
            family.change_stop_signal(child, signal.SIGKILL)
        # PostgreSQL's own way of ending at once; SIGKILL would leave a shared memory segment behind.
        family.change_stop_signal(database, signal.SIGQUIT)
    family.wait_until(broker, lambda: valkey.answers(port=ports.valkey, password=secrets.valkey))
    family.wait_until(database, lambda: postgres.answers(port=ports.postgres, password=secrets.postgres))
    store = seaweed.client(endpoint=seaweed.address(ports), key_id=secrets.s3_id, key=secrets.s3_key)
    family.wait_until(s3, lambda: seaweed.can_store(store))
