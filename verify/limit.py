"""A wall-clock limit for Python code that has no budget of its own.

The code runs where it is, in this thread: what it returns need not be sent anywhere, and its errors
arrive with their tracebacks. In the main thread an alarm signal interrupts it, sleeps and all; in
other threads, and where there are no alarms, a watchdog raises in it as soon as it runs Python
again. Neither ends a single call into C that takes long; exact decisions make none.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

AGAIN_S = 0.1
"""After so long the interruption comes again: what is raised in a finaliser gets lost."""


class OutOfTime(BaseException):
    """The limit has passed. No `Exception`, so that code which handles those does not stop it."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns.

    Raises:
        OutOfTime: it has not returned after so many seconds.
    """
    if seconds <= 0:
        raise OutOfTime
    alarmed = hasattr(signal, "setitimer") and (
        threading.current_thread() is threading.main_thread()
    )
    return _with_alarm(seconds, work) if alarmed else _with_watchdog(seconds, work)


def _with_alarm(seconds: float, work: Callable[[], T]) -> T:
    armed = [True]

    def ring(number: int, frame: FrameType | None) -> None:
        if armed:
            raise OutOfTime

    hook = sys.unraisablehook

    def unheard(lost: Any) -> None:
        """What got lost in a finaliser comes again, and is nothing to report."""
        if lost.exc_type is not OutOfTime:
            hook(lost)

    sys.unraisablehook = unheard
    handler = signal.signal(signal.SIGALRM, ring)
    before = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        try:
            return work()
        finally:
            armed.clear()
    finally:  # even where the alarm rang just before it was disarmed
        armed.clear()
        signal.setitimer(signal.ITIMER_REAL, *before)
        signal.signal(signal.SIGALRM, handler)
        sys.unraisablehook = hook


def _with_watchdog(seconds: float, work: Callable[[], T]) -> T:
    thread = ctypes.c_ulong(threading.get_ident())
    armed, done = [True], threading.Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait) and armed:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(OutOfTime))
            wait = AGAIN_S

    watchdog = threading.Thread(target=watch, name="time limit", daemon=True)
    watchdog.start()
    try:
        try:
            return work()
        finally:
            armed.clear()
    finally:
        armed.clear()
        done.set()
        watchdog.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
