"""Folders for the files of one attempt at a job: its own, whoever else works on the same job on this machine."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """Give a new empty folder ``name.xxxxxxxx`` and remove it at the end, with what killed attempts of that name left.

    An attempt whose lease lapsed may still be at work when the next one begins: each removes only its own folder.
    """
    for left in _work().glob(f"{name}.*"):
        remove_if_dead(left)
    made = _work() / f"{name}.{secrets.token_hex(4)}"
    made.mkdir(parents=True)
    handle = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # the kernel lets it go when we are killed
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(handle)


def remove_if_dead(left: Path) -> None:
    """Remove the folder of an attempt that no process works on any more."""
    try:
        handle = os.open(left, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(left, ignore_errors=True)
    finally:
        os.close(handle)


def _work() -> Path:
    return Path(settings.FAIRFRAME_WORK)
