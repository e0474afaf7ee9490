"""A limit on code that has none of its own: kept in every thread, and gone when it is over."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from verify.limit import OutOfTime, within

LATE_S = 0.5


def busy() -> None:
    while True:
        sum(range(100))


def asleep() -> None:
    time.sleep(30)


def in_a_loop_of_sleeps() -> None:
    while True:
        time.sleep(0.01)


def stubborn() -> None:
    """Code that handles every exception it knows of."""
    while True:
        with suppress(Exception):
            busy()


class Swallower:
    """Its finaliser runs for a while, and what is raised in a finaliser gets lost."""

    def __del__(self) -> None:
        started = time.monotonic()
        while time.monotonic() - started < 0.3:
            pass


def in_a_finaliser_first() -> None:
    Swallower()
    busy()


def elsewhere(work: Callable[[], Any]) -> Any:
    """What a piece of work gives in a thread that is not the main one."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def taken(work: Callable[[], None], limit_s: float) -> float:
    started = time.monotonic()
    try:
        within(limit_s, work)
    except OutOfTime:
        return time.monotonic() - started
    raise AssertionError("it came to an end")


@pytest.mark.parametrize("work", [busy, asleep, in_a_loop_of_sleeps, stubborn])
def test_the_limit_is_kept_in_the_main_thread(work: Callable[[], None]):
    assert 0.2 <= taken(work, 0.2) < 0.2 + LATE_S


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_gets_lost_comes_again():
    assert 0.2 <= taken(in_a_finaliser_first, 0.2) < 0.5 + 2 * LATE_S


@pytest.mark.parametrize("work", [busy, in_a_loop_of_sleeps, stubborn])
def test_the_limit_is_kept_in_another_thread(work: Callable[[], None]):
    assert 0.2 <= elsewhere(lambda: taken(work, 0.2)) < 0.2 + LATE_S


@pytest.mark.parametrize("where", [lambda work: work(), elsewhere])
def test_what_is_in_time_is_returned_and_the_limit_is_over(where: Callable[..., Any]):
    def work() -> int:
        found = within(0.2, lambda: 7)
        time.sleep(0.4)
        return found

    assert where(work) == 7


def test_errors_come_through_as_they_are():
    def fail() -> None:
        raise ValueError("so")

    with pytest.raises(ValueError, match="so"):
        within(1.0, fail)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_without_time_nothing_is_begun():
    with pytest.raises(OutOfTime):
        within(0.0, lambda: pytest.fail("it was begun"))


def test_an_alarm_of_somebody_elses_goes_on():
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rang.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60.0)
        within(0.2, lambda: None)
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        assert 50.0 < left <= 60.0
        with pytest.raises(OutOfTime):
            within(0.1, asleep)
        assert rang == []
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_gets_lost_in_a_finaliser_is_not_reported(monkeypatch: pytest.MonkeyPatch):
    reported: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", reported.append)
    hook = sys.unraisablehook
    with pytest.raises(OutOfTime):
        within(0.1, in_a_finaliser_first)
    assert reported == []
    assert sys.unraisablehook == hook
