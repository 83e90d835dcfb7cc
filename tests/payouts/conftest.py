"""The Stripe simulator with its webhooks kept back, and books that are checked after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.payouts.stage import Simulator


@pytest.fixture
def sim(stripe_simulator: str) -> Simulator:
    """Stripe's side, empty."""
    return Simulator(stripe_simulator)


@pytest.fixture(autouse=True)
def books_in_order(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run every invariant after each test that has a database, unless it broke one on purpose."""
    uses = request.node.get_closest_marker("django_db") is not None
    if uses:
        request.getfixturevalue(
            "transactional_db"
            if request.node.get_closest_marker("django_db").kwargs.get("transaction")
            else "db"
        )
    yield
    if uses and not getattr(request.module, "BREAKS_THE_BOOKS", False):
        from payouts import checks

        assert [(rule.name, ids) for rule, ids in checks.broken()] == []
