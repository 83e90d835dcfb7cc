"""Last night's backup: what `pg_dump` wrote, brought back by `pg_restore`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.db.models import Count, Sum
from django.utils import timezone

from buyers.models import Entitlement, Order
from embedded.postgres import binary
from payouts.models import LedgerLine, LedgerTransaction, Transfer


@dataclass(frozen=True)
class Backup:
    """A dump of the whole database, and when it was begun."""

    at: datetime
    file: Path

    @classmethod
    def take(cls, folder: Path) -> Backup:
        """Write everything to a file, as the nightly backup does."""
        at, file = timezone.now(), folder / "backup.dump"
        _run("pg_dump", "--format=custom", f"--file={file}", _address())
        return cls(at, file)

    def restore(self) -> None:
        """Bring everything back to how it was; what came later is gone."""
        address = _address()
        connections.close_all()
        _run(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--single-transaction",
            f"--dbname={address}",
            str(self.file),
        )


def figures() -> dict[str, Any]:
    """Sum up the books, the orders, the access and the transfers."""
    lines = LedgerLine.objects.order_by("account__kind", "currency").values_list("account__kind", "currency")
    booked = LedgerTransaction.objects.order_by("kind").values_list("kind")
    return {
        "lines": list(lines.annotate(total=Sum("amount_minor"))),
        "booked": list(booked.annotate(count=Count("pk"))),
        "orders": list(Order.objects.order_by("pk").values_list("pk", "state", "stripe_charge")),
        "access": Entitlement.objects.live().count(),
        "transfers": list(Transfer.objects.values_list("state", "amount_minor", "stripe_id")),
    }


def _address() -> str:
    found = connection.settings_dict
    user, password = found["USER"], found["PASSWORD"]
    return f"postgresql://{user}:{password}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


def _run(name: str, *args: str) -> None:
    done = subprocess.run([binary(name), *args], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
