"""One search in two processes.

The second process is a fork of the first: it has the network, the bounds and everything that was
found, and takes half of the open boxes. It reports once: when it has a witness or no box left, or
when it is asked to. Until then its boxes count as open, so that its end, whatever the reason, costs
nothing but the time. Whoever runs out of boxes first gets half of the other's.
"""

from __future__ import annotations

import mmap
import os
import pickle
import select
import signal
import struct
import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

import torch
from numpy.typing import NDArray

from verify.answer import Answer, Deadline, Progress
from verify.certificate.tree import Growth
from verify.neural.branch import Search
from verify.neural.candidate import Point
from verify.neural.queue import Queue
from verify.neural.thread import one_thread
from verify.verdict import EngineFault, Guarantee

ALONE_S = 0.4
"""So long a search runs alone: most are done by then."""

FEWEST = 64
"""With fewer open boxes a second process has too little to do."""

SLICE_S = 0.1
"""So often it is looked whether a report is there, while nothing else is to do."""

GRACE_S = 1.0
"""So long after the deadline the report of the second process is waited for."""

HEADER, SHARE = struct.Struct("<Q"), struct.Struct("d")


def processes_at_hand(device: str = "cpu") -> int:
    """How many processes of one search the machine has cores for: one or two."""
    forks = sys.platform == "linux" and torch.device(device).type == "cpu"
    return min(2, len(os.sched_getaffinity(0))) if forks else 1


def run_in_pair(search: Search, deadline: Deadline, progress: Progress | None = None) -> Answer:
    """As `search.run`, with a second process while there is enough to do.

    Raises:
        EngineFault: the bounds of a tensor cross, in either process.
    """
    with one_thread():  # the second process must not meet what is left of threads
        return _run_in_pair(search, deadline, progress)


def _run_in_pair(search: Search, deadline: Deadline, progress: Progress | None) -> Answer:
    search.run(deadline.earlier(ALONE_S), progress)
    helper: _Helper | None = None
    lost = False
    try:
        while (search.is_open or helper is not None) and not deadline.passed:
            if helper is None and not lost and len(search.queue) >= FEWEST:
                helper = _helper(search, deadline)
                lost = helper is None
            if search.is_open:
                search.run(deadline, steps=1)
            elif helper is not None:
                helper.ask()
                helper.wait(deadline)
            if search.witness is not None:
                break
            if progress is not None:
                progress(search.proved + (helper.proved if helper else 0.0), len(search.queue))
            if helper is not None and helper.is_done:
                lost, helper = not helper.come_home(search), None
        if helper is not None and search.witness is None:
            helper.ask()
            helper.wait(Deadline.after(GRACE_S))
            helper.come_home(search)
            helper = None
    finally:
        if helper is not None:
            helper.end()
    return search.answer()


@dataclass(frozen=True)
class Report:
    """What the second process has done since it was made.

    Attributes:
        candidates: the witness, and the spare one.
        proved: share of the box.
        stuck: how many boxes were given up.
        guarantee: of what was proved.
        open: the boxes that are left, by the fields of the queue.
        growth: of the record.
    """

    candidates: tuple[Point | None, Point | None]
    proved: float
    stuck: int
    guarantee: Guarantee
    open: dict[str, NDArray[Any]]
    growth: Growth | None


def absorb(search: Search, report: Report) -> None:
    """Add what the second process did to the search of the first."""
    candidates = search.candidates
    candidates.witness = candidates.witness or report.candidates[0]
    candidates.spare = candidates.spare or report.candidates[1]
    search.proved += report.proved
    search.stuck += report.stuck
    if report.guarantee is Guarantee.REAL:
        search.guarantee = Guarantee.REAL
    left = dict(report.open)
    if search.record is not None and report.growth is not None:
        left["number"] = search.record.grow(report.growth, left["number"])
    device = search.queue.low.device
    search.queue.put(Queue(**{n: torch.as_tensor(a, device=device) for n, a in left.items()}))


def _helper(search: Search, deadline: Deadline) -> _Helper | None:
    """A second process with half of the open boxes; None where the system has no room for one."""
    given = search.queue.halved()
    try:
        return _Helper(search, given, deadline)
    except BaseException as error:
        search.queue.put(given)
        if isinstance(error, OSError):
            return None
        raise


class _Helper:
    """The second process, seen from the first."""

    def __init__(self, search: Search, given: Queue, deadline: Deadline) -> None:
        self._given = given
        self._board = mmap.mmap(-1, SHARE.size)
        orders, report = os.pipe(), os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks where threads run
            self._process = os.fork()
        if self._process == 0:
            os.close(orders[1])
            os.close(report[0])
            _help(search, self._given, deadline, orders[0], report[1], self._board)
        os.close(orders[0])
        os.close(report[1])
        self._orders, self._report = orders[1], report[0]
        os.set_blocking(self._report, False)
        self._received = bytearray()
        self._ended = False

    @property
    def proved(self) -> float:
        """The share of the box that it has proved so far."""
        return float(SHARE.unpack_from(self._board)[0])

    @property
    def is_done(self) -> bool:
        """Whether the report is there, or never will be."""
        self._receive()
        return self._ended or self._is_complete

    @property
    def _is_complete(self) -> bool:
        head = HEADER.size
        return len(self._received) >= head and len(self._received) >= head + self._length

    @property
    def _length(self) -> int:
        return int(HEADER.unpack_from(self._received)[0])

    def _receive(self) -> None:
        with suppress(BlockingIOError):
            while not self._ended:
                part = os.read(self._report, 2**20)
                self._received += part
                self._ended = not part

    def ask(self) -> None:
        """Ask for the report."""
        with suppress(BrokenPipeError):
            os.write(self._orders, b"r")

    def wait(self, deadline: Deadline) -> None:
        """Wait for the report, or for the end of the process."""
        while not self.is_done and not deadline.passed:
            select.select([self._report], [], [], min(SLICE_S, deadline.left))

    def come_home(self, search: Search) -> bool:
        """Add the report to the search, or its boxes, where there is none; whether there was one.

        Raises:
            EngineFault: the process met one.
        """
        complete = self.is_done and self._is_complete
        self.end()
        if not complete:
            search.queue.put(self._given)
            return False
        content: Any = pickle.loads(self._received[HEADER.size :])  # noqa: S301  from our own fork
        if isinstance(content, str):
            raise EngineFault(content)
        absorb(search, content)
        return True

    def end(self) -> None:
        """End the process, if it has not ended by itself."""
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)
        for end in (self._orders, self._report):
            with suppress(OSError):
                os.close(end)


def _help(
    search: Search, given: Queue, deadline: Deadline, orders: int, report: int, board: mmap.mmap
) -> None:
    """What the second process does; it does not return."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides
        content: Report | str
        try:
            content = _searched(search, given, deadline, orders, board)
        except EngineFault as error:
            content = str(error)
        data = pickle.dumps(content)
        with os.fdopen(report, "wb") as stream:
            stream.write(HEADER.pack(len(data)) + data)
    finally:
        os._exit(0)


def _searched(
    search: Search, given: Queue, deadline: Deadline, orders: int, board: mmap.mmap
) -> Report:
    start = 0 if search.record is None else search.record.count
    proved, stuck = search.proved, search.stuck
    search.queue = given
    search.climbs = False
    search.generator.manual_seed(search.generator.initial_seed() + len(given))
    while search.is_open and not deadline.passed:
        search.run(deadline, steps=1)
        SHARE.pack_into(board, 0, search.proved - proved)
        if select.select([orders], [], [], 0)[0]:  # asked, or the first process has ended
            break
    return Report(
        (search.candidates.witness, search.candidates.spare),
        search.proved - proved,
        search.stuck - stuck,
        search.guarantee,
        {f.name: getattr(search.queue, f.name).cpu().numpy() for f in fields(search.queue)},
        None if search.record is None else search.record.since(start),
    )
