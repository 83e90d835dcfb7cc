"""One simulator for all tests here, emptied before each."""

from collections.abc import Iterator

import pytest

from tests.stripe_simulator.running import Receiver, Running


@pytest.fixture(scope="session")
def receiver() -> Receiver:
    """The shop's webhook endpoint."""
    return Receiver()


@pytest.fixture(scope="session")
def process(receiver: Receiver) -> Iterator[Running]:
    """The simulator's process."""
    running = Running(hook=receiver.url)
    yield running
    assert running.stop() == 0


@pytest.fixture
def sim(process: Running, receiver: Receiver) -> Running:
    """The simulator with nothing in it."""
    process.control("reset")
    process.control("deliver")
    receiver.clear()
    return process
