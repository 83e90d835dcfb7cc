"""Tell the workers of the money queue that something waits; the rows are the truth, so a lost message loses nothing."""

from __future__ import annotations

import logging
from typing import Any

from kombu.exceptions import OperationalError

from marketplace.celery import app

log = logging.getLogger(__name__)


def wake(task: str, *args: Any) -> None:
    """Send a task its message; with the broker down the next look of beat finds the row."""
    try:
        app.send_task(f"payouts.tasks.{task}", args=list(args), retry=False)
    except OperationalError:
        log.warning("%s%s waits for beat: the broker is down", task, args)
