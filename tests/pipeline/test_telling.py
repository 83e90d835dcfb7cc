"""A worker says how far it is once a second, how long is left as it measures it, and hears that it lost the work."""

from __future__ import annotations

import pytest

from pipeline import jobs, work
from pipeline.telling import Telling


class Clock:
    """A clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def telling(**fields: object) -> tuple[Telling, Clock, list[tuple[str, float, float | None]]]:
    clock, told = Clock(), []
    tell = Telling(lambda *line: told.append(line), clock=clock, **fields)  # type: ignore[arg-type]
    return tell, clock, told


def test_a_thousand_frames_a_second_are_one_write() -> None:
    tell, clock, told = telling()
    for frame in range(1000):
        clock.now = 100 + frame / 1000
        tell("redact", frame / 10_000)
    assert len(told) == 1
    clock.now = 101.5
    tell.beat()
    assert [round(progress, 4) for _, progress, _ in told] == [0, 0.0999]


def test_the_time_left_is_that_of_the_last_minute() -> None:
    tell, clock, told = telling()
    for second in range(0, 301, 5):  # five minutes at one percent in ten seconds …
        clock.now = 100 + second
        tell("redact", second / 1000)
    assert told[-1][2] == pytest.approx(700)
    for second in range(5, 66, 5):  # … then twice as fast
        clock.now = 400 + second
        tell("redact", 0.3 + second / 500)
    assert told[-1][2] == pytest.approx(1000 * 0.57 / 2)


def test_the_usual_time_of_later_steps_is_added_and_the_first_moments_say_nothing() -> None:
    tell, clock, told = telling(later_s=lambda step, seconds: seconds / 10)
    tell("redact", 0.0)
    clock.now = 102
    tell("redact", 0.1)
    assert told[-1][2] is None, "two seconds are too few to know"
    clock.now = 110
    tell("redact", 0.5)
    assert told[-1][2] == pytest.approx(10 + 2, abs=0.2)


def test_the_engines_own_estimate_counts_until_there_is_a_measured_one() -> None:
    tell, clock, told = telling()
    tell("redact", 0.5, 42.0)
    assert told == [("redact", 0.5, 42.0)]
    clock.now = 110
    tell("redact", 0.75, 42.0)
    assert told[-1][2] == pytest.approx(10)


def test_seconds_by_step_are_kept() -> None:
    tell, clock, _ = telling()
    tell("check", 0)
    clock.now = 103
    tell("check", 1)
    tell("redact", 0)
    clock.now = 110
    tell("redact", 1)
    assert tell.seconds == {"check": 3, "redact": 7}


def test_a_lease_that_is_gone_stops_the_work() -> None:
    def write(*_: object) -> None:
        if clock.now > 105:
            raise jobs.LeaseLost("another worker has it")

    clock = Clock()
    tell = Telling(write, clock=clock)
    tell("redact", 0.1)
    clock.now = 105
    assert not work.lost(tell)
    clock.now = 107
    assert work.lost(tell)
