"""The one way the embedded parts say that something cannot go on."""

from __future__ import annotations


class Failed(Exception):
    """One sentence for the person: what is wrong and what to do."""
