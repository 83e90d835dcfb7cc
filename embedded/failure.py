"""The two ways in which the embedded parts come to an end early."""

from __future__ import annotations


class Failed(Exception):
    """One sentence for the person: what is wrong and what to do."""


class Stopped(Exception):
    """Somebody asked us to stop: Ctrl-C, SIGTERM or a closed terminal."""
