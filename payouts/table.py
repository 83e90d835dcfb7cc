"""A contributor's earnings as a CSV file, a row a share."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

from payouts import earnings
from payouts.models import Earning

COLUMNS = (
    "earned_at", "sale", "footage", "clip", "how", "amount_minor", "currency", "available_on", "transfer_state",
    "transfer", "sent_at",
)  # fmt: skip


class _Line:
    """Give each written line back, as csv wants a file."""

    def write(self, line: str) -> str:
        return line


def lines(contributor: Any, *, month: date | None = None) -> Iterator[str]:
    """Write the header and each of a contributor's earnings, newest first."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in earnings.of(contributor, month=month).iterator(chunk_size=500):
        yield writer.writerow([harmless(value) for value in _cells(row)])


def _cells(row: Earning) -> Iterator[str]:
    sent = row.transfer
    yield row.earned_at.isoformat()
    yield row.line.title if row.line else "Approved minutes"
    yield row.clip.footage.title
    yield str(row.clip.pk)
    yield row.formula
    yield str(row.amount_minor)
    yield row.currency
    yield row.available_on.isoformat()
    yield sent.state if sent else ""
    yield sent.stripe_id if sent else ""
    yield sent.sent_at.isoformat() if sent and sent.sent_at else ""


def harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a title for a formula; amounts below zero stay numbers."""
    risky = cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not cell.removeprefix("-").isdigit()
    return f"'{cell}" if risky else cell
